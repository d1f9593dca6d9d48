"""Which pixels are damaged? A first, classical answer: thin scratches and dust, nearly white or nearly black.

It cannot know what a picture shows: wires, twigs, printed lines and gleams that are as thin, bright and lonely as a
scratch are taken for one, while damage that is faint, coloured, wider than about 8 pixels, part of a dense web or
amid strong texture is left. See docs/damage.md for what was measured.
"""

from __future__ import annotations

import cv2
import numpy as np
from skimage.restoration import estimate_sigma

from pipelines.damage.line_evidence import line_evidence
from pipelines.images import Picture

NOISY = 0.1  # standard deviation, of the brightness range, from which on all channels count alike
TEXTURE_WINDOW = 61  # pixels
TEXTURE_FACTOR = 6.0  # a line stands out by this much from the mean contrast of lines around it
SEED, GROWN = 1.0, 0.6  # strength that makes a line, and down to which it is followed
BRIDGE = 5  # pixels: pieces of a line that noise has cut are one if such squares on their pixels touch
FEWEST_SEEDS = 4  # pixels
SHORTEST = 16.0  # pixels

# Log odds that a line is a scratch, not part of the scene: fitted to lines of both kinds that were found in photos
# (other ones than those of the measurements), scratched at random and noisy.
LOG_LENGTH, LOG_WIDTH, OPACITY, LOG_PROMINENCE, BIAS = 1.64, -1.26, 8.3, 3.75, -17.4
NOISE = 8.0  # noise hides some of opacity and prominence; for its standard deviation, of the brightness range
LEAST_LOG_ODDS = 1.1

SPOT_SIZE = 13  # pixels: what is at least as wide is no dust
SPOT_AREA = (4, 110)  # pixels
SPOT_OPACITY, SPOT_CONTRAST = 0.5, 0.2
SPOT_NOISE_FACTOR = 5.0
SPOT_PROMINENCE = 12.0
MARGIN = 1  # pixels by which the mask reaches beyond what was found: edges are soft


def find_damage(picture: Picture, denoised: np.ndarray | None = None) -> np.ndarray:
    """Find thin scratches and dust.

    Precision comes before recall: what is marked will be painted over.

    Args:
        picture: As it was read. Of a stack, the damage that shows in the mean of its planes. Fully transparent
            pixels are left alone.
        denoised: The same pixels with less noise, to look at instead; or None.

    Returns:
        (H, W) bool, True = damaged.

    Raises:
        ValueError: If `denoised` is of another shape than `picture.pixels`.
    """
    pixels = picture.pixels if denoised is None else denoised
    if pixels.shape != picture.pixels.shape:
        raise ValueError(f"`denoised` must have shape {picture.pixels.shape}. Received: {pixels.shape}")
    low, high = picture.value_range
    if picture.is_stack:
        pixels = pixels.mean(axis=0, dtype=np.float32)
    shares = np.clip((pixels.astype(np.float32) - np.float32(low)) / np.float32(high - low), 0, 1)
    if shares.ndim == 2:
        shares = shares[..., np.newaxis]
    found = _find_white(shares) | _find_white(1 - shares)
    found = cv2.dilate(found.astype(np.uint8), np.ones((2 * MARGIN + 1,) * 2, np.uint8)) > 0
    if picture.alpha is not None:
        found &= (picture.alpha.max(axis=0) if picture.is_stack else picture.alpha) > 0
    return found


def _find_white(colours: np.ndarray) -> np.ndarray:
    """Damage that is brighter than its surroundings; `colours` is (H, W, C) float32 from 0 to 1."""
    size = colours.shape[:2]
    if min(size) < 2 or np.ptp(colours) == 0:
        return np.zeros(size, bool)
    brightness = colours.mean(axis=-1)
    if colours.shape[-1] > 1:
        # White paint shows best in the darkest channel, unless noise makes it another one at each pixel.
        sigma = float(estimate_sigma(colours[..., 1]))
        brightness += max(0.0, 1 - sigma / NOISY) * (colours.min(axis=-1) - brightness)
    sigma = float(estimate_sigma(brightness)) if np.ptp(brightness) > 0 else 0.0
    return _find_lines(brightness, sigma) | _find_spots(brightness, sigma)


def _find_lines(brightness: np.ndarray, sigma: float) -> np.ndarray:
    """Lines that are more likely scratches than not; bool (H, W)."""
    evidence = line_evidence(brightness, sigma)
    prominence = _prominence(evidence.contrast)
    strength = np.minimum(evidence.strength, prominence / TEXTURE_FACTOR)
    strength[~evidence.is_inside] = 0
    candidate = strength > GROWN
    bridged = cv2.dilate(candidate.astype(np.uint8), np.ones((BRIDGE, BRIDGE), np.uint8))
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(bridged, connectivity=8)
    labels[~candidate] = 0
    area = np.bincount(labels.ravel(), minlength=count)
    length = np.hypot(boxes[:, cv2.CC_STAT_WIDTH], boxes[:, cv2.CC_STAT_HEIGHT])

    def mean(values: np.ndarray) -> np.ndarray:
        return np.bincount(labels.ravel(), values.ravel(), minlength=count) / np.maximum(area, 1)

    log_odds = (LOG_LENGTH * np.log(length) + LOG_WIDTH * np.log(area / length) + OPACITY * mean(evidence.opacity)
                + LOG_PROMINENCE * np.log(np.maximum(mean(prominence), 1e-3)) + NOISE * sigma + BIAS)
    seeds = np.bincount(labels[strength > SEED], minlength=count)
    kept = (log_odds > LEAST_LOG_ODDS) & (seeds >= FEWEST_SEEDS) & (length >= SHORTEST)
    # Averages along a line reach beyond its ends, and have half of its contrast there.
    return kept[labels] & (evidence.contrast >= 0.5 * mean(evidence.contrast)[labels])


def _find_spots(brightness: np.ndarray, sigma: float) -> np.ndarray:
    """Small, compact, lonely spots that hide what lies under them; bool (H, W)."""
    smooth = cv2.GaussianBlur(brightness, (0, 0), 0.8)
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (SPOT_SIZE, SPOT_SIZE))
    ground = cv2.morphologyEx(smooth, cv2.MORPH_OPEN, disc, borderType=cv2.BORDER_REPLICATE)
    contrast = smooth - ground
    least = max(SPOT_CONTRAST, SPOT_NOISE_FACTOR * sigma)
    is_spot = (contrast > least) & (contrast > SPOT_OPACITY * (1 - ground))
    is_spot &= _prominence(contrast) > SPOT_PROMINENCE
    # The corner of a bright thing passes so far, but is bright in some direction.
    ring = np.ones((SPOT_SIZE, SPOT_SIZE), np.uint8)
    ring[1:-1, 1:-1] = 0
    is_centre = is_spot & (smooth - cv2.dilate(smooth, ring, borderType=cv2.BORDER_REPLICATE) > least / 2)
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(is_spot.astype(np.uint8), connectivity=8)
    width, height, area = (boxes[:, column] for column in (cv2.CC_STAT_WIDTH, cv2.CC_STAT_HEIGHT, cv2.CC_STAT_AREA))
    longer, shorter = np.maximum(width, height), np.minimum(width, height)
    kept = ((area >= SPOT_AREA[0]) & (area <= SPOT_AREA[1]) & (longer < SPOT_SIZE) & (longer <= 2 * shorter)
            & (area > 0.6 * width * height) & (np.bincount(labels[is_centre], minlength=count) > 0))
    return kept[labels]


def _prominence(contrast: np.ndarray) -> np.ndarray:
    """Contrast as a multiple of the mean one around: low in texture, however strong."""
    return contrast / np.maximum(cv2.blur(contrast, (TEXTURE_WINDOW, TEXTURE_WINDOW)), 1e-6)
