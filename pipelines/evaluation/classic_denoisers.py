"""Denoising without learning, to measure against: non-local means and BM3D, each told the noise level it measures."""

from __future__ import annotations

import importlib
import importlib.util

import numpy as np

from pipelines.errors import InputError

BM3D_MISSING = "bm3d is not installed"
BM3D_REMEDY = "pip install bm3d, whose licence allows non-commercial use only"


def has_bm3d() -> bool:
    """Whether the optional package is there."""
    return importlib.util.find_spec("bm3d") is not None


def denoise_classically(name: str, picture: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Denoise a picture whose holes are filled from their surroundings first, as Noise2Void's are.

    Args:
        name: "nlm" (Buades et al. 2005, scikit-image, fast mode with its documented strength of 0.6 sigma) or "bm3d"
            (Dabov et al. 2007, the authors' package).
        picture: uint8 (H, W) or (H, W, 3).
        mask: bool (H, W), True = hole.

    Returns:
        uint8, the picture's shape.

    Raises:
        InputError: If bm3d is asked for and not installed.
    """
    from denoise import estimate_noise

    sigma = estimate_noise(picture, damage=mask).sigma / 255.0
    values = _filled(picture, mask).astype(np.float64) / 255.0
    denoised = (_bm3d if name == "bm3d" else _non_local_means)(values, max(sigma, 1e-3))
    return np.rint(np.asarray(denoised) * 255.0).clip(0, 255).astype(np.uint8)


def _non_local_means(values, sigma):
    from skimage.restoration import denoise_nl_means

    return denoise_nl_means(values, h=0.6 * sigma, sigma=sigma, patch_size=5, patch_distance=6, fast_mode=True,
                            channel_axis=-1 if values.ndim == 3 else None)


def _bm3d(values, sigma):
    if not has_bm3d():
        raise InputError("--systems", BM3D_MISSING, BM3D_REMEDY)
    bm3d = importlib.import_module("bm3d")
    return (bm3d.bm3d_rgb if values.ndim == 3 else bm3d.bm3d)(values, sigma)


def _filled(picture, mask):
    if not mask.any():
        return picture
    from denoise.damage_fill import fill_damage

    values = picture.reshape(1, *picture.shape[:2], -1).astype(np.float32)
    filled = fill_damage(values, mask[np.newaxis, ..., np.newaxis].astype(np.float32))
    return np.asarray(filled)[0].reshape(picture.shape)
