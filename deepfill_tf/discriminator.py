"""DeepFill v2's discriminator, SN-PatchGAN: one judgement for each place and feature."""

from __future__ import annotations

import tensorflow as tf

from deepfill_tf.config import SPECTRAL_NORMS
from deepfill_tf.layers.spectral_conv import SpectralConv2D

FILTERS = (64, 128, 256, 256, 256, 256)
LEAK = 0.2


def _addons_conv(filters: int, *, name: str) -> tf.keras.layers.Layer:
    from tensorflow_addons.layers import SpectralNormalization

    # The wrapper stores the quotient in the precision that it computes in: bfloat16 would cut the trained kernel.
    conv = tf.keras.layers.Conv2D(filters, 5, strides=2, padding="same", dtype="float32")
    return SpectralNormalization(conv, name=name, dtype="float32")


def build_discriminator(*, guided: bool = False, spectral_norm: str = "power-iteration") -> tf.keras.Model:
    """Six spectrally normalised 5x5 convolutions of stride 2: 5,946,816 trainable parameters and 1,216 of `u`.

    Args:
        guided: Whether the edges are a third input; they add 1,600 parameters.
        spectral_norm: "power-iteration", the official normalisation (see `SpectralConv2D`), or "addons", the wrapper
            of tensorflow-addons. The two differ in this:
            - Ours divides a copy of the kernel in every call and keeps the trained kernel as the optimiser left it.
              The wrapper overwrites the kernel itself by `kernel / sigma`, and only in calls with `training=True`;
              with `training=False` it takes the kernel as it stands, unnormalised after an optimiser's step.
            - Our gradient flows through sigma and belongs to the kernel before the division. The wrapper's is that
              of the kernel after it: sigma counts as nothing, and the optimiser's step is added to the quotient.
            - Our `u` starts with deviation 1, the wrapper's with 0.02. That changes nothing, since the direction
              alone matters. Values in training are the same for the same kernel and `u`.
            - The wrapper computes in float32 under any mixed precision policy.

    Returns:
        A Keras model from [image, mask] or [image, mask, edges] to logits.
        image: (B, H, W, 3) RGB in [-1, 1], a real or a completed one.
        mask: (B, H, W, 1), 1 = hole. edges: (B, H, W, 1), 1 = edge.
        logits: float32 (B, ceil(H / 64) * ceil(W / 64) * 256), row by row, then column, then feature.
        Convolutions are named conv1 to conv6. Each call with `training=True` advances their `u`.

    Raises:
        ValueError: If `spectral_norm` is unknown.

    Reference:
        Yu et al. 2019, arXiv:1806.03589, section 3.3; `build_sn_patch_gan_discriminator` in the official
        inpaint_model.py, whose last convolution has the leaky ReLU as well.

    Differs from the reference:
        RGB instead of BGR.
    """
    if spectral_norm not in SPECTRAL_NORMS:
        raise ValueError(f"`spectral_norm` should be one of {SPECTRAL_NORMS}. Received: {spectral_norm!r}")
    convolution = SpectralConv2D if spectral_norm == "power-iteration" else _addons_conv
    image = tf.keras.Input([None, None, 3], name="image")
    mask = tf.keras.Input([None, None, 1], name="mask")
    edges = [tf.keras.Input([None, None, 1], name="edges")] if guided else []
    inputs = [image, mask, *edges]

    x = tf.keras.layers.Concatenate(name="image_and_mask")(inputs)
    for index, filters in enumerate(FILTERS, start=1):
        x = convolution(filters, name=f"conv{index}")(x)
        x = tf.keras.layers.LeakyReLU(LEAK, name=f"conv{index}_activation")(x)
    logits = tf.keras.layers.Flatten(dtype="float32", name="logits")(x)
    return tf.keras.Model(inputs, logits, name="sn_patch_gan")
