"""Regions of which nothing is left: torn corners, holes, lost blocks, in one even colour with a sharp border."""

from __future__ import annotations

import cv2
import numpy as np

SMALLEST = 60  # pixels
LARGEST = 0.25  # of the picture: what is larger is its background
EVEN = 0.008  # standard deviation, of the brightness range, within a window of an even region, besides noise
SLOPE = 0.003  # most that means of windows differ, besides noise
SHARP = 0.1  # least difference across the border
SHARP_SHARE = 0.9  # of the border, from which on a region is more likely missing than not
SPREAD = 0.07  # of that share, by which the odds change by a factor of e
TORN = 2.0  # log odds more for a corner of the picture, where most is torn off
LARGEST_CORNER = 0.05  # of the picture: what is larger is its background there
REACH = 3  # pixels that the blur of the border may reach


def find_missing(colours: np.ndarray, sigma: float) -> np.ndarray:
    """How much each pixel looks missing.

    Even areas are grown from windows without any detail; one counts by the share of its border at which the colour
    changes suddenly, of which a corner of the picture needs less. The sky, an even wall and a shadow change slowly
    somewhere.

    Args:
        colours: (H, W, C) float32, 0 to 1.
        sigma: Standard deviation of the noise.

    Returns:
        (H, W) float32 from 0 to 1; above 0.5: missing.
    """
    found = np.zeros(colours.shape[:2], np.float32)
    if min(found.shape) < 5:
        return found
    smooth = np.atleast_3d(cv2.blur(colours, (5, 5)))
    variance = np.atleast_3d(cv2.blur(colours ** 2, (5, 5))) - smooth ** 2
    slope = np.atleast_3d(cv2.blur(smooth ** 2, (7, 7))) - np.atleast_3d(cv2.blur(smooth, (7, 7))) ** 2
    even = ((variance.max(axis=-1) <= (EVEN + 1.5 * sigma) ** 2)
            & (slope.max(axis=-1) <= (SLOPE + 0.35 * sigma) ** 2)).astype(np.uint8)
    count, labels, boxes, _ = cv2.connectedComponentsWithStats(even, connectivity=4)
    for label in range(1, count):
        left, top, width, height, area = boxes[label]
        if not SMALLEST / 4 <= area <= LARGEST * even.size:
            continue
        reach = 2 * REACH + 5
        window = np.s_[max(0, top - reach):top + height + reach, max(0, left - reach):left + width + reach]
        # A corner, not a bar along a side, nor a frame.
        is_corner = (left == 0) != (left + width == even.shape[1]) and (top == 0) != (top + height == even.shape[0])
        torn_odds = TORN if is_corner and area <= LARGEST_CORNER * even.size else 0.0
        region = _region(colours[window], labels[window] == label, sigma, torn_odds)
        if region is not None:
            found[window] = np.maximum(found[window], region)
    return found


def _region(colours: np.ndarray, core: np.ndarray, sigma: float, torn_odds: float) -> np.ndarray | None:
    """The region around a core of even windows, weighed by its border, with `torn_odds` more; None if it is none."""
    level = colours[core].mean(axis=0)
    smooth = np.atleast_3d(cv2.blur(colours, (3, 3)))
    broad = np.atleast_3d(cv2.blur(colours, (7, 7)))
    if np.abs(broad[core] - level).mean(axis=0).max() > 2 * SLOPE + 0.15 * sigma:
        return None
    alike = np.abs(smooth - level).max(axis=-1) < SHARP / 2 + 0.8 * sigma
    near = cv2.dilate(core.astype(np.uint8), np.ones((7, 7), np.uint8)) > 0
    grown = (alike & near) | core
    if grown.sum() < SMALLEST:
        return None
    filled = cv2.morphologyEx(grown.astype(np.uint8), cv2.MORPH_CLOSE, np.ones((3, 3), np.uint8))
    outer = cv2.dilate(filled, np.ones((2 * REACH + 1, 2 * REACH + 1), np.uint8))
    ring = (outer - cv2.dilate(filled, np.ones((2 * REACH - 1, 2 * REACH - 1), np.uint8))) > 0
    if not ring.any():
        return None
    change = np.abs(np.atleast_3d(cv2.blur(colours, (3, 3)))[ring] - level).max(axis=-1)
    share = float((change > SHARP + sigma).mean())
    weight = 1 / (1 + np.exp((SHARP_SHARE - share) / SPREAD - torn_odds))
    soft = cv2.dilate(filled, np.ones((5, 5), np.uint8)).astype(np.float32)
    return weight * soft
