"""Noise that a name and a seed determine, on this machine and on any other."""

from __future__ import annotations

import dataclasses
import io
from collections.abc import Callable

import numpy as np

from pipelines.errors import InputError
from pipelines.evaluation.seeds import frozen_random

Degrade = Callable[[np.ndarray, tuple[float, ...], np.random.RandomState], np.ndarray]


def _gaussian(picture, levels, random):
    return picture + random.normal(0.0, levels[0], picture.shape)


def _poisson(picture, levels, random):
    photons = levels[0] / 255.0
    return random.poisson(picture * photons) / photons


def _poisson_gaussian(picture, levels, random):
    return _poisson(picture, levels[:1], random) + random.normal(0.0, levels[1], picture.shape)


def _speckle(picture, levels, random):
    return picture * (1.0 + random.normal(0.0, levels[0], picture.shape))


def _salt_and_pepper(picture, levels, random):
    drawn = random.uniform(size=picture.shape[:2])
    share = levels[0] / 100.0
    noisy = picture.copy()
    noisy[drawn < share] = 255.0
    noisy[drawn < share / 2] = 0.0
    return noisy


def _jpeg(picture, levels, _random):
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(picture.astype(np.uint8)).save(file, format="JPEG", quality=int(levels[0]))
    with Image.open(file) as compressed:
        return np.asarray(compressed, np.float64)


def _none(picture, _levels, _random):
    return picture


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of noise.

    Args:
        degrade: Takes a picture, float64 (H, W) or (H, W, 3) of 0 to 255, its levels and a source of random numbers;
            gives a new picture, in any range.
        levels: What each number after the name means, in words.
        highest: Largest sensible value of each.
    """

    degrade: Degrade
    levels: tuple[str, ...]
    highest: tuple[float, ...]


KINDS = {
    "gaussian": Kind(_gaussian, ("standard deviation of 255",), (255,)),
    "poisson": Kind(_poisson, ("photons of a white pixel",), (1e6,)),
    "poisson-gaussian": Kind(_poisson_gaussian, ("photons of a white pixel", "standard deviation of 255"), (1e6, 255)),
    "speckle": Kind(_speckle, ("standard deviation of the factor on each value",), (10,)),
    "salt-pepper": Kind(_salt_and_pepper, ("per cent of the pixels",), (100,)),
    "jpeg": Kind(_jpeg, ("quality",), (95,)),
    "none": Kind(_none, (), ()),
}


@dataclasses.dataclass(frozen=True)
class Noise:
    """One kind at one level, "gaussian:25" say.

    Args:
        kind: A key of `KINDS`.
        levels: As many as the kind has, each above 0.
    """

    kind: str
    levels: tuple[float, ...]

    @property
    def name(self) -> str:
        """As it is given to --noise."""
        return ":".join([self.kind, *(f"{level:g}" for level in self.levels)])

    def apply(self, picture: np.ndarray, *, seed: int, name: str) -> np.ndarray:
        """Add this noise.

        Args:
            picture: uint8 (H, W) or (H, W, 3).
            seed: Of the evaluation.
            name: Of the picture. Seed, kind and name decide what is drawn, so that it does not matter which other
                pictures there are, and so that two levels of a kind differ in nothing but the level.

        Returns:
            uint8, the picture's shape, rounded and clipped.
        """
        values = self.apply_unclipped(picture, seed=seed, name=name)
        return np.rint(values).clip(0, 255).astype(np.uint8)

    def apply_unclipped(self, picture: np.ndarray, *, seed: int, name: str) -> np.ndarray:
        """`apply` without rounding and clipping: float64."""
        random = frozen_random(seed, "noise", self.kind, name)
        return KINDS[self.kind].degrade(picture.astype(np.float64), self.levels, random)


def parse_noise(text: str) -> Noise:
    """The noise that `text` names: "gaussian:25", "poisson-gaussian:30:10", "none".

    Raises:
        InputError: If there is no such kind, or its levels are missing or out of range.
    """
    name, *numbers = text.split(":")
    if name not in KINDS:
        raise InputError("--noise", f"unknown noise {name!r}", f"choose one of {', '.join(map(_usage, KINDS))}")
    kind = KINDS[name]
    try:
        levels = tuple(float(number) for number in numbers)
    except ValueError:
        levels = ()
    if len(levels) != len(kind.levels) or len(numbers) != len(levels) or not all(
            0 < level <= highest for level, highest in zip(levels, kind.highest)):
        ranges = ", then ".join(f"{what} (above 0, up to {highest:g})"
                                for what, highest in zip(kind.levels, kind.highest)) or "no level"
        raise InputError("--noise", f"{text!r} does not fit {_usage(name)}", f"give {ranges}")
    return Noise(name, levels)


def _usage(name: str) -> str:
    return ":".join([name, *("L" if index == 0 else "M" for index in range(len(KINDS[name].levels)))])
