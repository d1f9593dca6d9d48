"""The recipe's random weights for DeepFill v1, generator and critics."""

import hashlib
import json

from tests.parity.recipe import FOLDER, random_weights

# Per set: its name in v1_shapes.json, seed, gain of the kernels, sha256 as in recipe.py.
SETS = {
    "generator": (2018, 1.25, "680b78cf854ab4123c7cb2de754e277a87931d6902c160133d058951d5fdd5a3"),
    "discriminator": (778, 1.5, "578a88523331d5cde27bc6a64ec6a425495d17c77fc354f440b8447f908c52e2"),
}
DENSE = {"local": "discriminator/dout_local_fc/kernel", "global": "discriminator/dout_global_fc/kernel"}


def shapes(name):
    """Shapes by official name; the discriminator's for pictures of 256 and boxes of 128 pixels."""
    found = json.loads((FOLDER / "v1_shapes.json").read_text())[name]
    return {key: tuple(shape) for key, shape in found.items()}


def weights(name):
    """Arrays of a set, "generator" or "discriminator", by official name, in BGR."""
    seed, gain, sha256 = SETS[name]
    arrays = random_weights(shapes(name), seed, gain)
    digest = hashlib.sha256(b"".join(arrays[key].tobytes() for key in sorted(arrays))).hexdigest()
    if digest != sha256:
        raise RuntimeError(f"the recipe gives other weights than those of the golden numbers: {digest}")
    return arrays


def small_discriminator_weights():
    """The discriminator's arrays for pictures of 64 and boxes of 32 pixels, by official name, in BGR."""
    seed, gain, _ = SETS["discriminator"]
    small = {**shapes("discriminator"), DENSE["local"]: (2048, 1), DENSE["global"]: (4096, 1)}
    return random_weights(small, seed, gain)
