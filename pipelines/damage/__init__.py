"""Where is a picture damaged? `find_damage` tells.

Names load on first use, so that the kinds of damage can be had without NumPy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from pipelines.damage.kinds import DETECTORS, KINDS, DamageSettings

if TYPE_CHECKING:
    from pipelines.damage.colour_marks import marked_by_colour
    from pipelines.damage.detection import DamageDetector, FoundDamage, find_damage
    from pipelines.damage.two_passes import TwoPasses

_HOME = {
    "DamageDetector": "pipelines.damage.detection",
    "FoundDamage": "pipelines.damage.detection",
    "TwoPasses": "pipelines.damage.two_passes",
    "find_damage": "pipelines.damage.detection",
    "marked_by_colour": "pipelines.damage.colour_marks",
}
__all__ = ["DETECTORS", "KINDS", "DamageDetector", "DamageSettings", "FoundDamage", "TwoPasses", "find_damage",
           "marked_by_colour"]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
