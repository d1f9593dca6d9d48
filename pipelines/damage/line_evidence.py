"""How much each pixel looks like a part of a bright line that is neither edge nor texture."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import cv2
import numpy as np

ANGLES = 16
LENGTH = 16  # pixels along the line that are averaged, a power of two
WIDTHS = (1, 3, 5)  # pixels
LEAST_CONTRAST = 0.08  # of the brightness range, below which no line counts
NOISE_FACTOR = 5.0  # the noise alone must not look like a line, of all the places, angles and widths tried
SIDE = 512  # of a tile; what it needs fits the processor's cache
MARGIN = 40  # beyond a tile: LENGTH, and twice the distance to the farther side of the widest line


@dataclass(frozen=True)
class LineEvidence:
    """What is known of the line that fits best at each pixel, all (H, W) float32.

    Args:
        contrast: Mean of the line minus the brightest of four strips beside it, two on each side; 0 if negative.
        strength: `contrast` as a multiple of what is just above the noise.
        opacity: If the line is white paint, how much of what lies under it is hidden; 0 to 1.
        level: Mean brightness of the line, one pixel wide.
        is_inside: Bool: the pixel belongs to the line, not to its surroundings.
    """

    contrast: np.ndarray
    strength: np.ndarray
    opacity: np.ndarray
    level: np.ndarray
    is_inside: np.ndarray


def line_evidence(brightness: np.ndarray, sigma: float) -> LineEvidence:
    """Compare lines of all angles and several widths with their surroundings.

    An edge has one side as bright as itself, and a texture another line beside it, so that both count little.

    Args:
        brightness: (H, W) float32, 0 to 1.
        sigma: Standard deviation of its noise.
    """
    size = brightness.shape
    maps = LineEvidence(contrast=np.zeros(size, np.float32), strength=np.zeros(size, np.float32),
                        opacity=np.zeros(size, np.float32), level=np.zeros(size, np.float32),
                        is_inside=np.zeros(size, bool))
    # Repeated, not mirrored: a frame along the border has no other side.
    padded = cv2.copyMakeBorder(brightness, MARGIN, MARGIN, MARGIN, MARGIN, cv2.BORDER_REPLICATE)

    def fill(corner: tuple[int, int]) -> None:
        top, left = corner
        tile = np.s_[top:top + SIDE, left:left + SIDE]
        seen = padded[top:top + SIDE + 2 * MARGIN, left:left + SIDE + 2 * MARGIN]
        for candidate in _candidates(seen, sigma):
            better = candidate.strength > maps.strength[tile]
            for name, values in vars(candidate).items():
                np.copyto(getattr(maps, name)[tile], values, where=better)

    corners = [(top, left) for top in range(0, size[0], SIDE) for left in range(0, size[1], SIDE)]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        list(pool.map(fill, corners))
    return maps


def _candidates(seen: np.ndarray, sigma: float) -> Iterator[LineEvidence]:
    """The lines of each angle and width; `seen` reaches MARGIN pixels beyond what is wanted."""
    blurred = {width: cv2.blur(seen, (width, width)) for width in WIDTHS}
    for step in range(ANGLES):
        angle = math.pi * step / ANGLES
        down, right = math.sin(angle), math.cos(angle)
        means = {width: _mean_along(blurred[width], down, right) for width in WIDTHS}
        margin = (means[1].shape[0] - seen.shape[0]) // 2 + MARGIN
        level = _moved(means[1], margin, 0, 0)
        for width, mean in means.items():
            line = _moved(mean, margin, 0, 0)
            sides = [_moved(mean, margin, round(distance * right), round(-distance * down))
                     for distance in (width + 1, -width - 1, 2 * width + 2, -2 * width - 2)]
            brightest = cv2.max(cv2.max(sides[0], sides[1]), cv2.max(sides[2], sides[3]))
            contrast = line - brightest
            least = max(LEAST_CONTRAST, NOISE_FACTOR * sigma / math.sqrt(LENGTH * width))
            yield LineEvidence(contrast, contrast / least, contrast / np.maximum(1.0 - brightest, 0.02),
                               level, level - brightest >= 0.5 * contrast)


def _mean_along(image: np.ndarray, down: float, right: float) -> np.ndarray:
    """Mean of LENGTH pixels on a line through each pixel; LENGTH pixels less at each border.

    Sums of 2, 4, 8, ... pixels are each made of two of the last, one of them moved along the line.
    """
    total, count = image, 1
    while count < LENGTH:
        here = _moved(total, count, 0, 0)
        total = here + _moved(total, count, round(count * down), round(count * right))
        count *= 2
    middle = (LENGTH - 1) / 2
    return _moved(total, LENGTH // 2, -round(middle * down), -round(middle * right)) / LENGTH


def _moved(image: np.ndarray, margin: int, down: int, right: int) -> np.ndarray:
    """`image` as seen from so many pixels further on, without `margin` pixels at each border; a view."""
    height, width = image.shape
    return image[margin + down:height - margin + down, margin + right:width - margin + right]
