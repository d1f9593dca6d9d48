"""Where denoising and inpainting meet: the commands, and `restore_image` for Python.

Names load on first use, so that importing the package costs no TensorFlow.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.one_image import restore_image as restore_image
    from pipelines.restoration import RestorationResult as RestorationResult
    from pipelines.restoration import Restorer as Restorer

_HOME = {"RestorationResult": "pipelines.restoration", "Restorer": "pipelines.restoration",
         "restore_image": "pipelines.one_image"}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
