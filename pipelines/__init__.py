"""Where denoising and inpainting meet: the commands, and `restore_image` for Python.

Names load on first use, so that importing the package costs no TensorFlow.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.restoration import RestorationResult as RestorationResult
    from pipelines.restoration import Restorer as Restorer
    from pipelines.restoration import restore_image as restore_image

_HOME = {name: "pipelines.restoration" for name in ("RestorationResult", "Restorer", "restore_image")}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
