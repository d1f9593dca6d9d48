"""The random weights on which the official graph computed the golden numbers of this folder.

Variables are visited in sorted order of their official names; one random generator serves them all.
"""

import hashlib
import json
from pathlib import Path

import numpy as np

FOLDER = Path(__file__).parent
BIAS_DEVIATION = 0.05
# Per set: seed, gain of the kernels, sha256 of the float32 bytes of all variables in that order.
SETS = {
    "seedA": (20180, 2.2, "1c0e69e89ee8138f43a2d7ecb50c31bf4028a1787f31264ce3787ea197afb7d0"),
    "seedB": (20191, 1.8, "b011fbd863b203bca8eab60a158837d7ec3fa3b5a69e905f663ba9642b20a331"),
    "guided": (20192, 1.8, "0a8a68a75fbfa9521940d27291b6632fce41802d8aa454295c3640f0dfbb501e"),
    "discriminator": (777, 1.5, "3a4267e26b187f70086c82665d4410dc4ec4e78abde510b2948402e673e19508"),
}
CONV1 = "inpaint_net/conv1/kernel"


def generator_shapes(guided=False):
    """Shapes of the v2 generator's variables by official name; kernels are (height, width, in, out)."""
    shapes = {name: tuple(shape) for name, shape in
              json.loads((FOLDER / "gen_v2_shapes.json").read_text()).items()}
    if guided:
        shapes[CONV1] = (5, 5, 6, 48)
    return shapes


def random_weights(shapes, seed, gain):
    """Arrays of the recipe for `shapes`."""
    random = np.random.RandomState(seed)
    weights = {}
    for name in sorted(shapes):
        shape = shapes[name]
        numbers = random.standard_normal(shape)
        if name.endswith("/kernel"):
            numbers = numbers * gain / np.sqrt(np.prod(shape[:-1]))
        elif name.endswith("/bias"):
            numbers = numbers * BIAS_DEVIATION
        weights[name] = numbers.astype(np.float32)
    return weights


def checked_weights(name, shapes):
    """The weights of a set, refused if they are not those of the golden numbers."""
    seed, gain, sha256 = SETS[name]
    weights = random_weights(shapes, seed, gain)
    digest = hashlib.sha256(b"".join(weights[key].tobytes() for key in sorted(weights))).hexdigest()
    if digest != sha256:
        raise RuntimeError(f"the recipe gives other weights than those of the golden numbers: {digest}")
    return weights


def generator_weights(name):
    """The v2 generator's weights of a set, by official name, in BGR as the official network has them."""
    return checked_weights(name, generator_shapes(guided=name == "guided"))


def discriminator_weights():
    """The v2 discriminator's weights by official name, in BGR as the official network has them."""
    variables = json.loads((FOLDER / "disc_v2_shapes.json").read_text())
    return checked_weights("discriminator", {name: tuple(entry["shape"]) for name, entry in variables.items()})
