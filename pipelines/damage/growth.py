"""How far the soft edges of damage reach beyond what was found."""

from __future__ import annotations

import cv2
import numpy as np

REBLUR = 1.0  # pixels: standard deviation of the blur that edges are compared with their own
STRONG = 0.04  # least gradient, of the brightness range per pixel, of an edge whose blur can be measured
LEAST, MOST = 1, 4  # pixels


def edge_blur(brightness: np.ndarray, mask: np.ndarray) -> float:
    """Blur of the edges of what is marked, as the standard deviation of a Gaussian in pixels.

    A blurred edge loses less of its steepness when it is blurred once more.

    Args:
        brightness: (H, W) float32, 0 to 1.
        mask: bool (H, W).

    Returns:
        0 where there is no edge to measure.

    Reference:
        Zhuo & Sim 2011, doi:10.1016/j.patcog.2011.03.009.
    """
    marked = mask.astype(np.uint8)
    rim = (cv2.dilate(marked, np.ones((5, 5), np.uint8)) > 0) & (cv2.erode(marked, np.ones((3, 3), np.uint8)) == 0)
    steepness, again = (_gradient(plane) for plane in (brightness, cv2.GaussianBlur(brightness, (0, 0), REBLUR)))
    rim &= steepness > STRONG
    # the steepest points across an edge: elsewhere the ratio says nothing
    rim &= steepness >= cv2.dilate(steepness, np.ones((3, 3), np.uint8)) * 0.95
    if not rim.any():
        return 0.0
    ratio = np.maximum(steepness[rim] / np.maximum(again[rim], 1e-6), 1.0 + 1e-3)
    return float(np.median(REBLUR / np.sqrt(ratio ** 2 - 1)))


def grow(mask: np.ndarray, pixels: int) -> np.ndarray:
    """The mask with so many pixels more on each side, bool (H, W)."""
    if pixels == 0:
        return mask
    return cv2.dilate(mask.astype(np.uint8), np.ones((2 * pixels + 1,) * 2, np.uint8)) > 0


def growth_for(brightness: np.ndarray, mask: np.ndarray) -> int:
    """Pixels by which to grow the mask so that it covers the soft edges of damage; arguments as in `edge_blur`."""
    return int(np.clip(round(1.5 * edge_blur(brightness, mask)), LEAST, MOST))


def _gradient(plane: np.ndarray) -> np.ndarray:
    across, down = (cv2.Sobel(plane, cv2.CV_32F, *order, scale=1 / 8) for order in ((1, 0), (0, 1)))
    return cv2.magnitude(across, down)
