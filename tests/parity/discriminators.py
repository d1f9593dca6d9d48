"""The discriminator with the recipe's weights, turned to RGB."""

from deepfill_tf import build_discriminator
from tests.parity.generators import to_rgb
from tests.parity.recipe import discriminator_weights

CONVOLUTIONS = tuple(f"conv{index}" for index in range(1, 7))


def official_discriminator():
    """The v2 discriminator, its `u` as before the first run."""
    discriminator = build_discriminator()
    for variable, values in discriminator_weights().items():
        _, _, layer, *_, kind = variable.split("/")  # discriminator/sn_patch_gan/conv1/kernel_sn/u
        getattr(discriminator.get_layer(layer), kind).assign(to_rgb(layer, kind, values))
    return discriminator
