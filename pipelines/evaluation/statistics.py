"""Means with their uncertainty, and the hole-ratio bins that results are grouped by."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Optional

import numpy as np

from pipelines.evaluation.holes import BINS

RESAMPLES, CONFIDENCE = 10_000, 0.95
BATCH = 500  # resamples at a time, which bounds the memory


@dataclasses.dataclass(frozen=True)
class Estimate:
    """A mean and its 95 % interval by the bootstrap over pictures; None where one picture cannot tell."""

    mean: float
    low: Optional[float]
    high: Optional[float]


def estimate(values: Sequence[float], *, seed: int = 0) -> Optional[Estimate]:
    """The mean of values, one for each picture, and its percentile interval; None of no values.

    For the difference of two systems give the differences picture by picture: the pictures' own difficulty, which is
    most of what varies, cancels out.

    Reference:
        Efron and Tibshirani 1993, An Introduction to the Bootstrap, sections 13.3 and 15.
    """
    numbers = np.asarray(values, np.float64)
    if not numbers.size:
        return None
    mean = float(numbers.mean())
    if numbers.size < 2 or np.ptp(numbers) == 0:
        return Estimate(mean, None if numbers.size < 2 else mean, None if numbers.size < 2 else mean)
    from scipy.stats import bootstrap

    interval = bootstrap((numbers,), np.mean, n_resamples=RESAMPLES, batch=BATCH, confidence_level=CONFIDENCE,
                         method="percentile", random_state=np.random.RandomState(seed)).confidence_interval
    return Estimate(mean, float(interval.low), float(interval.high))


def bin_name(hole_ratio: float) -> str:
    """The bin that a hole ratio from 0 to 1 falls into: "10-20 %"; "none" without a hole."""
    if hole_ratio == 0:
        return "none"
    for low, high in BINS:
        if 100 * hole_ratio < high:
            return f"{low}-{high} %"
    return f"over {BINS[-1][1]} %"


def bin_order(name: str) -> float:
    """A key that sorts bins by size."""
    if name == "none":
        return -1.0
    return math.inf if name.startswith("over") else float(name.partition("-")[0])
