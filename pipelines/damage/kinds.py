"""The kinds of damage, and how to look for them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Optional

KINDS = SCRATCHES, CRACKS, DUST, BLOTCHES, DEAD_PIXELS, MISSING, TEXT = (
    "scratches", "cracks", "dust", "blotches", "dead-pixels", "missing", "text")
DETECTORS = LEARNED, CLASSICAL, BOTH = ("learned", "classical", "both")


@dataclass(frozen=True)
class DamageSettings:
    """How damage is looked for.

    Args:
        detector: "learned" (a network), "classical" (filters, one for each kind), or "both".
        kinds: Those of `KINDS` to look for; all by default.
        sensitivity: From 0 (mark nothing) to 1 (mark everything that looks a little like damage).
        grow: Pixels by which the mask reaches beyond what was found; None: by the blur of its edges.
        max_ratio: Most of the picture that may be marked. Where it would be more, only the likeliest is, or nothing.
        weights: Of the learned detector: a shipped name or an .npz file.

    Raises:
        ValueError: If a value is out of range.
    """

    detector: str = BOTH
    kinds: tuple[str, ...] = KINDS
    sensitivity: float = 0.5
    grow: Optional[int] = None
    max_ratio: float = 0.5
    weights: str = "default"

    def __post_init__(self) -> None:
        if self.detector not in DETECTORS:
            raise ValueError(f"`detector` must be one of {', '.join(DETECTORS)}. Received: {self.detector!r}")
        if not self.kinds or not set(self.kinds) <= set(KINDS):
            raise ValueError(f"`kinds` must be some of {', '.join(KINDS)}. Received: {', '.join(self.kinds) or 'none'}")
        if not 0 <= self.sensitivity <= 1:
            raise ValueError(f"`sensitivity` must be from 0 to 1. Received: {self.sensitivity}")
        if self.grow is not None and self.grow < 0:
            raise ValueError(f"`grow` must be at least 0. Received: {self.grow}")
        if not 0 < self.max_ratio <= 1:
            raise ValueError(f"`max_ratio` must be above 0 and at most 1. Received: {self.max_ratio}")
