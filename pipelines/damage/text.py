"""Text that was written over a picture: letters of one colour in a row."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.damage.regions import Regions

HEIGHT = (6, 60)  # pixels that a letter may have
FEWEST = 4  # letters
CONTRAST = 0.25  # least difference between letters and what is around them
ONE_COLOUR = 0.05  # most that the letters' colours differ from each other, besides noise
STROKE = 13  # pixels: strokes are narrower


def find_text(colours: np.ndarray, sigma: float) -> np.ndarray:
    """How much each pixel looks like a part of a letter.

    What a top-hat or its opposite leaves in some channel are strokes; those of the same colour and of letters'
    proportions are letters if there are at least four of about one height beside each other.

    Args:
        colours: (H, W, C) float32, 0 to 1.
        sigma: Standard deviation of the noise.

    Returns:
        (H, W) float32: 1 on letters, else 0.

    Reference:
        Epshtein et al. 2010, doi:10.1109/CVPR.2010.5540041 (grouping letters by stroke, size, colour and distance).
    """
    found = np.zeros(colours.shape[:2], np.float32)
    if min(found.shape) < HEIGHT[0]:
        return found
    disc = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (STROKE, STROKE))
    for operation in (cv2.MORPH_TOPHAT, cv2.MORPH_BLACKHAT):
        for plane in np.moveaxis(colours, -1, 0):
            hat = cv2.morphologyEx(np.ascontiguousarray(plane), operation, disc, borderType=cv2.BORDER_REPLICATE)
            regions = Regions(hat > CONTRAST + 3 * sigma)
            letters = np.zeros(regions.count, bool)
            for row in _rows(regions, _colours_of(regions, colours, hat), sigma):
                letters[row] = True
            found[letters[regions.labels]] = 1
    return found


def _colours_of(regions: Regions, colours: np.ndarray, hat: np.ndarray) -> np.ndarray:
    """The colour of each region's core, (count, C): soft rims count little."""
    weight = hat ** 4
    return np.stack([regions.mean(plane * weight) for plane in np.moveaxis(colours, -1, 0)], axis=1) / np.maximum(
        regions.mean(weight), 1e-12)[:, np.newaxis]


def _rows(regions: Regions, means: np.ndarray, sigma: float) -> list[np.ndarray]:
    """The numbers of the regions that are letters, row by row; `means` are the regions' colours."""
    likely = ((regions.height >= HEIGHT[0]) & (regions.height <= HEIGHT[1]) & (regions.area >= HEIGHT[0])
              & (regions.width <= 2 * regions.height))
    likely[0] = False
    numbers = np.flatnonzero(likely)
    rows = []
    left = set(numbers.tolist())
    while left:
        row = [left.pop()]
        for member in row:  # grows while it is gone through
            height = regions.height[member]
            others = np.fromiter(left, int, len(left))
            gap = np.maximum(regions.left[others] - regions.left[member] - regions.width[member],
                             regions.left[member] - regions.left[others] - regions.width[others])
            bottoms = np.abs(regions.top[others] + regions.height[others] - regions.top[member] - height)
            same = ((gap < height) & (bottoms < 0.3 * height) & (regions.height[others] > 0.55 * height)
                    & (regions.height[others] < 1.8 * height)
                    & (np.abs(means[others] - means[member]).max(axis=1) < ONE_COLOUR + sigma / 3))
            row += others[same].tolist()
            left -= set(others[same].tolist())
        if len(row) >= FEWEST:
            rows.append(np.array(row))
    return rows
