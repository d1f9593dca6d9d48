"""Pictures for tests that need some but do not care which."""

import numpy as np
from PIL import Image


def write_noise(folder, count, height=20, width=20):
    """`count` PNG files of seeded noise, 00.png and so on; returns their paths."""
    random = np.random.default_rng(0)
    paths = [folder / f"{index:02}.png" for index in range(count)]
    for path in paths:
        Image.fromarray(random.integers(0, 256, (height, width, 3), dtype=np.uint8)).save(path)
    return paths
