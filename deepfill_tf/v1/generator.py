"""DeepFill v1's generator: the two stages of v2 with plain convolutions."""

from __future__ import annotations

import tensorflow as tf

from deepfill_tf.two_stages import build_two_stages


@tf.keras.utils.register_keras_serializable(package="deepfill_tf")
def clip_to_range(values: tf.Tensor) -> tf.Tensor:
    """Values below -1 or above 1 become the nearest of the two; there the gradient is 0."""
    return tf.clip_by_value(values, -1.0, 1.0)


def build_generator() -> tf.keras.Model:
    """The full inpainting network: 84 variables, 3,601,542 parameters.

    Returns:
        A Keras model from [image, mask] to [coarse, refined].
        image: (B, H, W, 3) RGB in [-1, 1]; what lies under the hole is ignored. H, W: multiples of 8.
        mask: (B, H, W, 1), 1 = hole, one for each image.
        coarse, refined: (B, H, W, 3) in [-1, 1], the whole picture of either stage, nothing pasted.
        Layers carry the official names, so that a layer's weights are found by name.

    Reference:
        Yu et al. 2018, arXiv:1801.07892; `build_inpaint_net` in the official inpaint_model.py, v1.0.0.

    Differs from the reference:
        RGB instead of BGR (the weight converter turns the kernels). One mask for each image; the reference takes
        the first one for the whole batch. Sizes and batch may be unknown when the graph is traced.
    """

    def conv(name, filters, kernel_size=3, *, activation="elu", **options):
        return tf.keras.layers.Conv2D(filters, kernel_size, padding="same", activation=activation, name=name,
                                      **options)

    def image_conv(name):  # float32 whatever the policy
        return tf.keras.layers.Conv2D(3, 3, padding="same", activation=clip_to_range, dtype="float32", name=name)

    return build_two_stages(conv, image_conv, width=32, mask_for_refining=True, name="deepfill_v1")
