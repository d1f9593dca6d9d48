"""DeepFill v2's generator: a coarse stage, then a refining one with contextual attention."""

from __future__ import annotations

import tensorflow as tf

from deepfill_tf.config import HOLE_FILLS
from deepfill_tf.layers.gated_conv import GatedConv2D, ImageConv2D
from deepfill_tf.layers.tension_fill import TensionFill
from deepfill_tf.two_stages import build_two_stages


def build_generator(*, guided: bool = False, padding: str = "same",
                    initialization: str = "reference", hole_fill: str = "zeros") -> tf.keras.Model:
    """The full inpainting network: 84 variables, 4,052,478 parameters (4,053,678 when guided).

    Args:
        guided: Whether the user's edges (a sketch) are a third input.
        padding: "same" (zeros, the reference's default) or "symmetric".
        initialization: "reference" (Glorot), "signal-preserving" or "looks-linear", see `kernel_initializer`.
        hole_fill: What the network starts from in the hole. "zeros" is the reference's. With "tension-spline" the hole
            enters as a smooth continuation of what surrounds it (see `TensionFill`), and both stages paint what is to
            be added to it: little training then goes a long way. Variables and layers are the same.

    Returns:
        A Keras model from [image, mask] or [image, mask, edges] to [coarse, refined].
        image: (B, H, W, 3) RGB in [-1, 1]; what lies under the hole is ignored. H, W: multiples of 8.
        mask: (B, H, W, 1), 1 = hole, one for each image.
        edges: (B, H, W, 1), 1 = edge; only what lies in the hole is used.
        coarse, refined: (B, H, W, 3) in (-1, 1), the whole picture of either stage, nothing pasted.
        Layers carry the official names, so that a layer's weights are found by name.

    Raises:
        ValueError: If `padding`, `initialization` or `hole_fill` is unknown.

    Reference:
        Yu et al. 2019, arXiv:1806.03589; `build_inpaint_net` in the official inpaint_model.py.

    Differs from the reference:
        RGB instead of BGR (the weight converter turns the kernels). One mask for each image; the reference takes
        the first one for the whole batch. Sizes and batch may be unknown when the graph is traced.
    """

    if hole_fill not in HOLE_FILLS:
        raise ValueError(f"`hole_fill` should be one of {HOLE_FILLS}. Received: {hole_fill!r}")

    def conv(name, filters, kernel_size=3, **options):
        return GatedConv2D(filters, kernel_size, padding=padding, initialization=initialization, name=name, **options)

    def image_conv(name):
        return ImageConv2D(padding=padding, initialization=initialization, paints_onto=hole_fill != "zeros", name=name)

    return build_two_stages(conv, image_conv, width=24, guided=guided, hole_fill=hole_fill, name="deepfill_v2")


def hole_fill_of(generator: tf.keras.Model) -> str:
    """The `hole_fill` that a generator was built with; "zeros" for those of v1."""
    return "tension-spline" if isinstance(generator.get_layer("erased"), TensionFill) else "zeros"
