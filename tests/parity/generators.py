"""Generators with the recipe's weights, turned to RGB as weights.convert turns official ones."""

import numpy as np

from deepfill_tf import build_generator
from tests.parity.recipe import FOLDER, generator_weights

IMAGE_OUTPUTS = ("conv17", "allconv17")
IMAGE_INPUTS = ("conv1", "xconv1", "pmconv1")


def to_rgb(layer, kind, values):
    """Swap blue and red in an official array: outputs of the image layers, the first three inputs of the first."""
    values = values.copy()
    if layer in IMAGE_OUTPUTS:
        return values[..., ::-1]
    if layer in IMAGE_INPUTS and kind == "kernel":
        values[:, :, :3] = values[:, :, 2::-1]
    return values


def official_generator(name, *, padding="same"):
    """The generator of one of the recipe's sets: seedA, seedB or guided."""
    generator = build_generator(guided=name == "guided", padding=padding)
    for variable, values in generator_weights(name).items():
        layer, kind = variable.split("/")[-2:]
        getattr(generator.get_layer(layer).conv, kind).assign(to_rgb(layer, kind, values))
    return generator


def golden(name):
    """The arrays of a golden file."""
    with np.load(FOLDER / f"{name}.npz") as arrays:
        return dict(arrays)


def network_inputs(arrays):
    """Image (B, H, W, 3) RGB in [-1, 1] and mask (1, H, W, 1) in {0, 1} of a golden file."""
    image = arrays["image_bgr"][..., ::-1].astype(np.float32) / np.float32(127.5) - np.float32(1)
    mask = arrays["mask"].reshape(1, *arrays["mask"].shape[-2:], 1) > 127.5
    return image, mask.astype(np.float32)
