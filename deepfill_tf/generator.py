"""DeepFill v2's generator: a coarse stage, then a refining one with contextual attention."""

from __future__ import annotations

import tensorflow as tf

from deepfill_tf.layers.contextual_attention import ContextualAttention
from deepfill_tf.layers.gated_conv import GatedConv2D, ImageConv2D
from deepfill_tf.layers.masking import EraseHole, NetworkInput, PasteKnown
from deepfill_tf.layers.resize import shrink_nearest

SIZE_MULTIPLE = 8  # two strides of 2, then the attention's own shrinking by 2
DILATION_RATES = (2, 4, 8, 16)


@tf.keras.utils.register_keras_serializable(package="deepfill_tf")
class ShrinkMask(tf.keras.layers.Layer):
    """The mask at a quarter of its size, where the attention works: (B, H, W, 1) -> (B, H / 4, W / 4, 1)."""

    def call(self, mask):
        return shrink_nearest(mask, 4)


def build_generator(*, guided: bool = False, padding: str = "same",
                    initialization: str = "reference") -> tf.keras.Model:
    """The full inpainting network: 84 variables, 4,052,478 parameters (4,053,678 when guided).

    Args:
        guided: Whether the user's edges (a sketch) are a third input.
        padding: "same" (zeros, the reference's default) or "symmetric".
        initialization: "reference" (Glorot), "signal-preserving" or "looks-linear", see `kernel_initializer`.

    Returns:
        A Keras model from [image, mask] or [image, mask, edges] to [coarse, refined].
        image: (B, H, W, 3) RGB in [-1, 1]; what lies under the hole is ignored. H, W: multiples of 8.
        mask: (B, H, W, 1), 1 = hole, one for each image.
        edges: (B, H, W, 1), 1 = edge; only what lies in the hole is used.
        coarse, refined: (B, H, W, 3) in (-1, 1), the whole picture of either stage, nothing pasted.
        Layers carry the official names, so that a layer's weights are found by name.

    Raises:
        ValueError: If `padding` or `initialization` is unknown.

    Reference:
        Yu et al. 2019, arXiv:1806.03589; `build_inpaint_net` in the official inpaint_model.py.

    Differs from the reference:
        RGB instead of BGR (the weight converter turns the kernels). One mask for each image; the reference takes
        the first one for the whole batch. Sizes and batch may be unknown when the graph is traced.
    """
    image = tf.keras.Input([None, None, 3], name="image")
    mask = tf.keras.Input([None, None, 1], name="mask")
    edges = tf.keras.Input([None, None, 1], name="edges") if guided else None
    erased = EraseHole(name="erased")(image, mask)

    def gated(features, name, filters, **options):
        return GatedConv2D(filters, padding=padding, initialization=initialization, name=name, **options)(features)

    def enlarged(features, name, filters):
        doubled = tf.keras.layers.UpSampling2D(name=name)(features)
        return gated(doubled, f"{name}_conv", filters)

    def dilated(features, prefix, filters):
        for index, rate in enumerate(DILATION_RATES, start=7):
            features = gated(features, f"{prefix}conv{index}_atrous", filters, dilation_rate=rate)
        return features

    def decoded(features, prefix):
        features = gated(features, f"{prefix}conv11", 96)
        features = gated(features, f"{prefix}conv12", 96)
        features = enlarged(features, f"{prefix}conv13_upsample", 48)
        features = gated(features, f"{prefix}conv14", 48)
        features = enlarged(features, f"{prefix}conv15_upsample", 24)
        features = gated(features, f"{prefix}conv16", 12)
        return ImageConv2D(padding=padding, initialization=initialization, name=f"{prefix}conv17")(features)

    x = NetworkInput(name="network_input")(erased, mask, edges)
    x = gated(x, "conv1", 24, kernel_size=5)                # (B, H, W, 24)
    x = gated(x, "conv2_downsample", 48, strides=2)         # (B, H/2, W/2, 48)
    x = gated(x, "conv3", 48)
    x = gated(x, "conv4_downsample", 96, strides=2)         # (B, H/4, W/4, 96)
    x = gated(x, "conv5", 96)
    x = gated(x, "conv6", 96)
    x = dilated(x, "", 96)
    coarse = decoded(x, "")                                 # (B, H, W, 3)

    pasted = PasteKnown(name="coarse_pasted")(coarse, erased, mask)
    x = gated(pasted, "xconv1", 24, kernel_size=5)
    x = gated(x, "xconv2_downsample", 24, strides=2)
    x = gated(x, "xconv3", 48)
    x = gated(x, "xconv4_downsample", 48, strides=2)
    x = gated(x, "xconv5", 96)
    x = gated(x, "xconv6", 96)
    imagined = dilated(x, "x", 96)                          # (B, H/4, W/4, 96)

    x = gated(pasted, "pmconv1", 24, kernel_size=5)
    x = gated(x, "pmconv2_downsample", 24, strides=2)
    x = gated(x, "pmconv3", 48)
    x = gated(x, "pmconv4_downsample", 96, strides=2)
    x = gated(x, "pmconv5", 96)
    x = gated(x, "pmconv6", 96, activation="relu")
    x = ContextualAttention(name="contextual_attention")(x, ShrinkMask(name="shrunk_mask")(mask))
    x = gated(x, "pmconv9", 96)
    borrowed = gated(x, "pmconv10", 96)                     # (B, H/4, W/4, 96)

    x = tf.keras.layers.Concatenate(name="both_branches")([imagined, borrowed])
    refined = decoded(x, "all")                             # (B, H, W, 3)

    inputs = [image, mask] if edges is None else [image, mask, edges]
    return tf.keras.Model(inputs, [coarse, refined], name="deepfill_v2")
