"""Random numbers and seeds that follow from names."""

from __future__ import annotations

import hashlib

import numpy as np


def seed_words(seed: int, *names: str) -> tuple[int, int]:
    """Two numbers from 0 to 2**31 - 1 that depend on nothing but the arguments."""
    digest = hashlib.sha256("\0".join([str(seed), *names]).encode()).digest()
    first, second = (int.from_bytes(digest[start:start + 4], "little") >> 1 for start in (0, 4))
    return first, second


def frozen_random(seed: int, *names: str) -> np.random.RandomState:
    """Random numbers for these names: of NumPy's frozen generator, which draws the same in every version."""
    return np.random.RandomState(list(seed_words(seed, *names)))
