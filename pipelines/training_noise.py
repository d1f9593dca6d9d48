"""Noise for training pictures that have none: each picture gets one noisy version, once and for all."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Sequence

import numpy as np

from pipelines.errors import InputError
from pipelines.images import Picture

GREYS = 255.0  # levels of noise are told in 255ths of a picture's value range


def _gaussian(values, levels, random):
    return values + random.normal(0.0, levels[0], values.shape)


def _poisson_gaussian(values, levels, random):
    photons = levels[0] / GREYS
    return random.poisson(values * photons) / photons + random.normal(0.0, levels[1], values.shape)


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of noise: what adds it to values of 0 to 255, and what its levels mean."""

    add: Callable[[np.ndarray, list[float], np.random.RandomState], np.ndarray]
    levels: tuple[str, ...]


KINDS = {"gaussian": Kind(_gaussian, ("standard deviation of 255",)),
         "poisson-gaussian": Kind(_poisson_gaussian, ("photons of a white pixel", "standard deviation of 255"))}


@dataclasses.dataclass(frozen=True)
class TrainingNoise:
    """One kind of noise with a range for each of its levels.

    Args:
        kind: A key of `KINDS`.
        ranges: Lowest and highest value of each level.
    """

    kind: str
    ranges: tuple[tuple[float, float], ...]

    def add(self, picture: Picture, random: np.random.RandomState) -> np.ndarray:
        """The pixels with noise of levels drawn from the ranges; of the same type, clipped to the value range.

        Args:
            picture: Any type; its value range says what black and white are.
            random: Draws the levels, then the noise.
        """
        # on a logarithmic scale, so that faint noise is as frequent as strong noise
        levels = [float(np.exp(random.uniform(*np.log(limits)))) for limits in self.ranges]
        low, high = picture.value_range
        values = (picture.pixels.astype(np.float64) - low) / (high - low) * GREYS
        noisy = np.clip(KINDS[self.kind].add(values.clip(0.0), levels, random), 0.0, GREYS) / GREYS * (high - low) + low
        return (np.rint(noisy) if picture.pixels.dtype.kind == "u" else noisy).astype(picture.pixels.dtype)


def noisy_version(picture: Picture, noises: Sequence[TrainingNoise], *, seed: int, name: str) -> np.ndarray:
    """The picture's one noisy version.

    A second version would not be Noise2Void any more: the mean of all versions is the clean picture.

    Args:
        picture: Any type.
        noises: One of them is taken.
        seed: Seed and name decide which, its levels and the noise, whatever other pictures there are.
        name: Of the picture.

    Returns:
        Pixels of the picture's type and shape.
    """
    digest = hashlib.sha256(f"{seed} {name}".encode()).digest()
    # the generator that NumPy has frozen: the same numbers in every version
    random = np.random.RandomState(np.frombuffer(digest[:16], "<u4"))
    return noises[random.randint(len(noises))].add(picture, random)


def parse_training_noise(text: str) -> TrainingNoise:
    """The noise that `text` names: "gaussian:10-50", "poisson-gaussian:20-500:1-10"; one number is a fixed level.

    Raises:
        InputError: If there is no such kind, or its ranges are missing or out of order.
    """
    name, *parts = text.split(":")
    if name not in KINDS:
        raise InputError("synthetic_noise", f"unknown noise {name!r}", f"choose {' or '.join(KINDS)}")
    try:
        ranges = tuple(_range(part) for part in parts)
    except ValueError:
        ranges = ()
    meanings = KINDS[name].levels
    if len(ranges) != len(meanings) or not all(0 < low <= high < np.inf for low, high in ranges):
        usage = ":".join([name, *("LOW-HIGH" for _ in meanings)])
        raise InputError("synthetic_noise", f"{text!r} does not fit {usage}",
                         f"give the ranges of {' and '.join(meanings)}, all above 0")
    return TrainingNoise(name, ranges)


def _range(text: str) -> tuple[float, float]:
    low, dash, high = text.partition("-")
    return float(low), float(high if dash else low)
