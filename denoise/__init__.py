"""Noise2Void denoising through the official n2v and CSBDeep; knows nothing of inpainting.

The names load on first use, so that importing the package costs no TensorFlow.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from denoise.config import DenoiserConfig
    from denoise.model import Denoiser
    from denoise.noise import NoiseEstimate, estimate_noise

__all__ = ["Denoiser", "DenoiserConfig", "NoiseEstimate", "estimate_noise"]

_HOMES = {"Denoiser": "denoise.model", "DenoiserConfig": "denoise.config",
          "NoiseEstimate": "denoise.noise", "estimate_noise": "denoise.noise"}


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'denoise' has no attribute {name!r}; it has {', '.join(__all__)}")
    return getattr(importlib.import_module(_HOMES[name]), name)
