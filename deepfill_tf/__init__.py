"""DeepFill in tf.keras: gated convolution, contextual attention, SN-PatchGAN.

TensorFlow is imported when a name is first used, so that importing the package costs nothing.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from deepfill_tf.discriminator import build_discriminator as build_discriminator
    from deepfill_tf.generator import build_generator as build_generator
    from deepfill_tf.inference import complete as complete

_HOME = {"build_discriminator": "deepfill_tf.discriminator", "build_generator": "deepfill_tf.generator",
         "complete": "deepfill_tf.inference"}
__all__ = sorted(_HOME)


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(importlib.import_module(_HOME[name]), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
