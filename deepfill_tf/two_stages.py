"""The wiring that DeepFill v1 and v2 share: a coarse stage, then a refining one with contextual attention."""

from __future__ import annotations

from typing import Protocol

import tensorflow as tf

from deepfill_tf.layers.contextual_attention import ContextualAttention
from deepfill_tf.layers.hole_reach import HoleReach
from deepfill_tf.layers.masking import EraseHole, NetworkInput, PaintOnto, PasteKnown, ShrinkMask
from deepfill_tf.layers.resize import DoubleNearest
from deepfill_tf.layers.tension_fill import TensionFill

SIZE_MULTIPLE = 8  # two strides of 2, then the attention's own shrinking by 2
DILATION_RATES = (2, 4, 8, 16)


class MakeConv(Protocol):
    """Makes one of the network's convolution layers, activation included; they keep or halve the image."""

    def __call__(self, name: str, filters: int, kernel_size: int = 3, *, strides: int = 1, dilation_rate: int = 1,
                 activation: str = "elu") -> tf.keras.layers.Layer:
        """The layer `name`: (B, H, W, C) -> (B, ceil(H / strides), ceil(W / strides), filters)."""


class MakeImageConv(Protocol):
    """Makes the convolution layer that ends a stage."""

    def __call__(self, name: str) -> tf.keras.layers.Layer:
        """The layer `name`: (B, H, W, C) -> (B, H, W, 3) in [-1, 1]."""


@tf.autograph.experimental.do_not_convert  # no layer needs it, and it takes as long as the tracing
def build_two_stages(conv: MakeConv, image_conv: MakeImageConv, *, width: int, guided: bool = False,
                     mask_for_refining: bool = False, hole_fill: str = "zeros", name: str) -> tf.keras.Model:
    """Wire a generator.

    Args:
        conv, image_conv: Make its layers, see `MakeConv` and `MakeImageConv`.
        width: Channels at full size: doubled at half and doubled again at a quarter of it.
        guided: Whether the user's edges are a third input.
        mask_for_refining: Whether the refining stage is given ones and mask beside the picture, as the coarse
            one always is.
        hole_fill: What the network starts from in the hole: "zeros", or "tension-spline", see `TensionFill`, on which
            either stage then paints what is to be added.
        name: Of the model.

    Returns:
        A Keras model from [image, mask] or [image, mask, edges] to [coarse, refined], see `build_generator` of
        either version. Layers carry the official names.

    Reference:
        `build_inpaint_net` in the official inpaint_model.py, the same in both versions but for layers and width.
    """
    image = tf.keras.Input([None, None, 3], name="image")
    mask = tf.keras.Input([None, None, 1], name="mask")
    edges = tf.keras.Input([None, None, 1], name="edges") if guided else None
    is_filled = hole_fill == "tension-spline"
    erased = (TensionFill if is_filled else EraseHole)(name="erased")(image, mask)
    full, half, quarter = width, 2 * width, 4 * width

    def enlarged(features, name, filters):
        doubled = DoubleNearest(name=name)(features)
        return conv(f"{name}_conv", filters)(doubled)

    def dilated(features, prefix):
        for index, rate in enumerate(DILATION_RATES, start=7):
            features = conv(f"{prefix}conv{index}_atrous", quarter, dilation_rate=rate)(features)
        return features

    def decoded(features, prefix, start):
        features = conv(f"{prefix}conv11", quarter)(features)
        features = conv(f"{prefix}conv12", quarter)(features)
        features = enlarged(features, f"{prefix}conv13_upsample", half)
        features = conv(f"{prefix}conv14", half)(features)
        features = enlarged(features, f"{prefix}conv15_upsample", full)
        features = conv(f"{prefix}conv16", width // 2)(features)
        painted = image_conv(f"{prefix}conv17")(features)
        return PaintOnto(name=f"{prefix}conv17_added")(painted, start) if is_filled else painted

    x = NetworkInput(name="network_input")(erased, mask, edges)
    x = conv("conv1", full, 5)(x)                           # (B, H, W, width)
    x = conv("conv2_downsample", half, strides=2)(x)        # (B, H/2, W/2, 2 * width)
    x = conv("conv3", half)(x)
    x = conv("conv4_downsample", quarter, strides=2)(x)     # (B, H/4, W/4, 4 * width)
    x = conv("conv5", quarter)(x)
    x = conv("conv6", quarter)(x)
    x = dilated(x, "")
    coarse = decoded(x, "", erased)                         # (B, H, W, 3)

    pasted = PasteKnown(name="coarse_pasted")(coarse, erased, mask)
    refining_input = NetworkInput(name="refining_input")(pasted, mask) if mask_for_refining else pasted
    x = conv("xconv1", full, 5)(refining_input)
    x = conv("xconv2_downsample", full, strides=2)(x)
    x = conv("xconv3", half)(x)
    x = conv("xconv4_downsample", half, strides=2)(x)
    x = conv("xconv5", quarter)(x)
    x = conv("xconv6", quarter)(x)
    imagined = dilated(x, "x")                              # (B, H/4, W/4, 4 * width)

    x = conv("pmconv1", full, 5)(refining_input)
    x = conv("pmconv2_downsample", full, strides=2)(x)
    x = conv("pmconv3", half)(x)
    x = conv("pmconv4_downsample", quarter, strides=2)(x)
    x = conv("pmconv5", quarter)(x)
    x = conv("pmconv6", quarter, activation="relu")(x)
    needed = HoleReach(name="hole_reach")(mask)             # looked at by `HoleGenerator` alone
    x = ContextualAttention(name="contextual_attention")(x, ShrinkMask(name="shrunk_mask")(mask), needed)
    x = conv("pmconv9", quarter)(x)
    borrowed = conv("pmconv10", quarter)(x)                 # (B, H/4, W/4, 4 * width)

    x = tf.keras.layers.Concatenate(name="both_branches")([imagined, borrowed])
    refined = decoded(x, "all", pasted)                     # (B, H, W, 3)

    inputs = [image, mask] if edges is None else [image, mask, edges]
    return tf.keras.Model(inputs, [coarse, refined], name=name)
