"""Trained weights: the shipped ones by name, files of one's own, and the converter of foreign checkpoints.

TensorFlow is imported when a generator is built, not before.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from weights.conversion import convert_checkpoint
    from weights.errors import WeightsError
    from weights.generator_file import save_generator
    from weights.registry import DEEPFILL_V2, DEFAULT, N2V, default_name, find, load_generator, names

__all__ = ["DEEPFILL_V2", "DEFAULT", "N2V", "WeightsError", "convert_checkpoint", "default_name",
           "find", "load_generator", "names", "save_generator"]

_HOME = {
    "DEEPFILL_V2": "weights.registry",
    "DEFAULT": "weights.registry",
    "N2V": "weights.registry",
    "default_name": "weights.registry",
    "WeightsError": "weights.errors",
    "convert_checkpoint": "weights.conversion",
    "find": "weights.registry",
    "load_generator": "weights.registry",
    "names": "weights.registry",
    "save_generator": "weights.generator_file",
}


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
