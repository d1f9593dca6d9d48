"""Cracks and folds: ragged, branching lines of varying width, lighter or darker than what is around."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.damage.brightness import bright_planes, prominence
from pipelines.damage.regions import Regions

SCALES = 1.0, 2.0  # pixels: lines about three times as wide stand out
HAT = 11  # pixels: what is at least as wide is no crack
CONTRAST, NOISE_FACTOR = 0.08, 3.0  # least contrast, of the brightness range; as a multiple of the noise
LONELY, FOLLOWED = 5.0, 2.0  # ridge strength, of the mean around, that begins a crack and that continues one
SHORTEST = 20.0  # pixels

# Log odds that a ridge is a crack, not part of the scene: fitted to ridges in photos with and without cracks.
WEIGHTS = 0.15, -0.17, 3.87, 4.3  # of log length, log width, contrast, log loneliness
BIAS = -10.35


def find_cracks(colours: np.ndarray, sigma: float) -> np.ndarray:
    """How likely each pixel is part of a crack.

    Multi-scale ridges that stand out from the texture around, followed from strong to weak pixels, where a top-hat
    says that they are narrow; each is weighed by length, width, contrast and how lonely it is.

    Args:
        colours: (H, W, C) float32, 0 to 1.
        sigma: Standard deviation of the noise; measured anew, in the plane that is looked at.

    Returns:
        (H, W) float32 from 0 to 1; above 0.5: a crack.

    Reference:
        Sato et al. 1998, doi:10.1016/S1361-8415(98)80009-1 (ridges); Serra 1982 (top-hat).
    """
    del sigma
    found = np.zeros(colours.shape[:2], np.float32)
    for plane, noise in bright_planes(colours):
        regions, features, possible = ridges(plane, noise)
        found = np.maximum(found, regions.likelihood(features, WEIGHTS, BIAS, possible))
    return found


def ridges(brightness: np.ndarray, sigma: float) -> tuple[Regions, list[np.ndarray], np.ndarray]:
    """Candidates, their features and which of them are long enough."""
    from skimage.filters import apply_hysteresis_threshold, sato  # a second to load, and not every command looks

    inner = np.s_[HAT:-HAT, HAT:-HAT]  # a frame along the border goes on beyond it, and so is wide
    padded = cv2.copyMakeBorder(brightness, HAT, HAT, HAT, HAT, cv2.BORDER_REPLICATE)
    ridge = sato(padded, sigmas=SCALES, black_ridges=False).astype(np.float32)[inner]
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (HAT, HAT))
    smooth = cv2.GaussianBlur(padded, (0, 0), 0.8)
    hat = (smooth - cv2.morphologyEx(smooth, cv2.MORPH_OPEN, disc))[inner]
    lonely = prominence(ridge)
    narrow = hat > max(CONTRAST, NOISE_FACTOR * sigma)
    regions = Regions(apply_hysteresis_threshold(np.where(narrow, lonely, 0), FOLLOWED, LONELY))
    length = np.maximum(regions.length, 1)
    features = [np.log(length), np.log(np.maximum(regions.area, 1) / length), regions.mean(hat),
                np.log(np.maximum(regions.mean(lonely), 1e-3))]
    return regions, features, regions.length >= SHORTEST
