"""Dust: small, compact, lonely spots that hide what lies under them."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.damage.brightness import bright_planes, prominence
from pipelines.damage.regions import Regions

SIZE = 13  # pixels: what is at least as wide is no dust
AREA = (4, 110)  # pixels
OPACITY, CONTRAST = 0.5, 0.2  # least share of what lies under it that dust hides; least contrast
NOISE_FACTOR = 5.0
PROMINENCE = 12.0


def find_dust(colours: np.ndarray, sigma: float) -> np.ndarray:
    """How likely each pixel is part of a speck of dust.

    A top-hat with a disc of 13 pixels leaves what is smaller; of this, what is compact, lonely and opaque.

    Args:
        colours: (H, W, C) float32, 0 to 1.
        sigma: Standard deviation of the noise; measured anew, in the plane that is looked at.

    Returns:
        (H, W) float32 from 0 to 1; above 0.5: dust.

    Reference:
        Serra 1982, Image Analysis and Mathematical Morphology (top-hat).
    """
    del sigma
    found = np.zeros(colours.shape[:2], np.float32)
    for plane, noise in bright_planes(colours):
        found = np.maximum(found, _spots(plane, noise))
    return found


def _spots(brightness: np.ndarray, sigma: float) -> np.ndarray:
    smooth = cv2.GaussianBlur(brightness, (0, 0), 0.8)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (SIZE, SIZE))
    ground = cv2.morphologyEx(smooth, cv2.MORPH_OPEN, disc, borderType=cv2.BORDER_REPLICATE)
    contrast = smooth - ground
    least = max(CONTRAST, NOISE_FACTOR * sigma)
    is_spot = (contrast > least) & (contrast > OPACITY * (1 - ground))
    lonely = prominence(contrast)
    is_spot &= lonely > PROMINENCE
    # The corner of a bright thing passes so far, but is bright in some direction.
    ring = np.ones((SIZE, SIZE), np.uint8)
    ring[1:-1, 1:-1] = 0
    is_centre = is_spot & (smooth - cv2.dilate(smooth, ring, borderType=cv2.BORDER_REPLICATE) > least / 2)
    regions = Regions(is_spot)
    longer, shorter = np.maximum(regions.width, regions.height), np.minimum(regions.width, regions.height)
    kept = ((regions.area >= AREA[0]) & (regions.area <= AREA[1]) & (longer < SIZE) & (longer <= 2 * shorter)
            & (regions.area > 0.6 * regions.width * regions.height) & (regions.mean(is_centre.astype(float)) > 0))
    kept[0] = False
    return np.where(kept[regions.labels], np.clip(0.5 * contrast / least, 0.51, 1), 0).astype(np.float32)
