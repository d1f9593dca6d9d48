"""What is measured of one restored picture."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Optional

import numpy as np

from pipelines.metrics import l1, psnr, ssim

if TYPE_CHECKING:
    from pipelines.evaluation.lpips import Lpips

BEST_PSNR = 100.0  # dB: what equal pictures count as, so that they have a mean
SSIM_WINDOW = 11  # pixels: the least side that SSIM is defined for
# Each over the whole picture and over the holes alone; whether more of it is better.
MEASURES = {"psnr": True, "ssim": True, "l1": False, "lpips": False}
HOLE = "hole_"

Figures = dict[str, Optional[float]]


def compare(truth: np.ndarray, image: np.ndarray, mask: np.ndarray) -> Figures:
    """PSNR (dB, range 255), SSIM and L1 (share of the range) over the picture, and over its holes under "hole_".

    Args:
        truth, image: uint8 (H, W) or (H, W, 3).
        mask: bool (H, W), True = hole.

    Returns:
        None where there is nothing to measure: no hole, or a picture smaller than SSIM's window.
    """
    found: Figures = {}
    for prefix, where in (("", None), (HOLE, mask)):
        found[f"{prefix}psnr"] = _known(min(psnr(truth, image, where=where), BEST_PSNR))
        found[f"{prefix}ssim"] = _known(ssim(truth, image, where=where) if min(mask.shape) >= SSIM_WINDOW else math.nan)
        found[f"{prefix}l1"] = _known(l1(truth, image, where=where))
    return found


def compare_perceptually(metric: Lpips, truth: np.ndarray, image: np.ndarray, mask: np.ndarray) -> Figures:
    """LPIPS of the picture and, under "hole_", of the truth with the restored holes in it. As `compare`."""
    from pipelines.evaluation.lpips import SMALLEST_SIDE

    if min(mask.shape) < SMALLEST_SIDE:
        return {"lpips": None, "hole_lpips": None}
    hole = metric.distance(truth, with_holes_of(truth, image, mask)) if mask.any() else None
    return {"lpips": metric.distance(truth, image), "hole_lpips": hole}


def with_holes_of(truth: np.ndarray, image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """The truth but for its holes, which are those of `image`: what a metric of whole pictures says of holes."""
    pasted = truth.copy()
    pasted[mask] = image[mask]
    return pasted


def _known(value: float) -> Optional[float]:
    return None if math.isnan(value) else value
