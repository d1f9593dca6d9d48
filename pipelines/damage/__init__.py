"""Where is a picture damaged? `find_damage` tells.

Names load on first use, so that the kinds of damage can be had without NumPy.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from pipelines.damage.kinds import KINDS

if TYPE_CHECKING:
    from pipelines.damage.detection import find_damage

__all__ = ["KINDS", "find_damage"]


def __getattr__(name: str) -> Any:
    if name in __all__:
        return getattr(importlib.import_module("pipelines.damage.detection"), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
