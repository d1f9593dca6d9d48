"""DeepFill v1's two Wasserstein critics: one sees the whole picture, one the box around the hole."""

from __future__ import annotations

from collections.abc import Sequence

import tensorflow as tf

LEAK = 0.2
GLOBAL_FILTERS = (64, 128, 256, 256)
LOCAL_FILTERS = (64, 128, 256, 512)


def build_critics(image_size: tuple[int, int] = (256, 256), box_size: tuple[int, int] = (128, 128)
                  ) -> tuple[tf.keras.Model, tf.keras.Model]:
    """Both critics: 20 variables, 7,072,770 parameters at the default sizes.

    Args:
        image_size, box_size: Height and width in pixels of what the global and the local critic look at. The
            last layer is dense, so the sizes are fixed.

    Returns:
        (global_critic, local_critic), each a Keras model from RGB pictures (B, height, width, 3) in [-1, 1] to
        float32 (B, 1), unbounded, higher for what looks real. Layers carry the official names.

    Raises:
        ValueError: If a side is below 1, or the box is larger than the picture.

    Reference:
        Yu et al. 2018, arXiv:1801.07892, section 4.1; `build_wgan_discriminator` in the official
        inpaint_model.py, v1.0.0.

    Differs from the reference:
        RGB instead of BGR.
    """
    for (side, limit, what) in zip(box_size, image_size, ("height", "width")):
        if not 1 <= side <= limit:
            raise ValueError(f"the {what} in `box_size` should be from 1 to the picture's {limit}. Received: {side}")
    return (_critic("discriminator_global", image_size, GLOBAL_FILTERS, "dout_global_fc"),
            _critic("discriminator_local", box_size, LOCAL_FILTERS, "dout_local_fc"))


def _critic(name: str, size: tuple[int, int], filters: Sequence[int], judge: str) -> tf.keras.Model:
    picture = tf.keras.Input([*size, 3], name="picture")
    x = picture
    for number, width in enumerate(filters, start=1):  # each halves the picture
        x = tf.keras.layers.Conv2D(width, 5, strides=2, padding="same", name=f"conv{number}")(x)
        x = tf.keras.layers.LeakyReLU(LEAK, name=f"leak{number}")(x)
    x = tf.keras.layers.Flatten(name="flat")(x)
    score = tf.keras.layers.Dense(1, dtype="float32", name=judge)(x)
    return tf.keras.Model(picture, score, name=name)
