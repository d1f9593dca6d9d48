"""Dead, hot and stuck pixels, salt and pepper, dead rows and columns.

To be looked for in the picture as it is: a denoiser takes them for noise, and smears them.
"""

from __future__ import annotations

import cv2
import numpy as np

OUTLIER = 0.26  # difference from the neighbours, of the brightness range, that noise and texture must exceed
NOISE_FACTOR = 4.5
TEXTURE_FACTOR = 2.0
EXTREME = 0.02  # from black or white, besides noise: what most faulty pixels show
UNUSUAL = 1.7  # times as much must another value differ
TEXTURE_WINDOW = 7  # pixels
RUN = 0.25  # share of the width that a dead row has at least, from a border on
CONSTANT = 0.02  # most that a dead row's pixels differ from their median, besides noise
APART = 0.06  # least difference of a dead row from the rows beside it


def find_dead_pixels(colours: np.ndarray, sigma: float) -> np.ndarray:
    """How much each pixel looks faulty.

    A pixel counts if it differs from all of its eight neighbours but one, which may be faulty, too; no line, edge or
    corner does. The differences are compared with noise and with the texture around, and must be larger unless the
    pixel is black or white. A row or column counts if it is constant from a border on, and darker or brighter than both
    of its neighbours.

    Args:
        colours: (H, W, C) float32, 0 to 1.
        sigma: Standard deviation of the noise.

    Returns:
        (H, W) float32 from 0 to 1; above 0.5: faulty.

    Reference:
        Garnett et al. 2005, doi:10.1109/TIP.2005.857261 (rank-ordered absolute differences).
    """
    found = np.zeros(colours.shape[:2], np.float32)
    if min(found.shape) < 3:
        return found
    for plane in np.moveaxis(colours, -1, 0):
        plane = np.ascontiguousarray(plane)
        found = np.maximum(found, _outliers(plane, sigma))
        found[_constant_rows(plane, sigma)] = 1
        found[_constant_rows(plane.T, sigma).T] = 1
    return found


def _outliers(plane: np.ndarray, sigma: float) -> np.ndarray:
    """Second smallest difference from the eight neighbours as a share of twice what is needed."""
    padded = cv2.copyMakeBorder(plane, 1, 1, 1, 1, cv2.BORDER_REFLECT_101)
    height, width = plane.shape
    smallest = np.full(plane.shape, np.inf, np.float32)
    second = smallest.copy()
    for down in range(3):
        for right in range(3):
            if (down, right) != (1, 1):
                difference = cv2.absdiff(padded[down:down + height, right:right + width], plane)
                second = np.minimum(second, np.maximum(smallest, difference))
                smallest = np.minimum(smallest, difference)
    deviation = cv2.medianBlur(cv2.absdiff(plane, cv2.medianBlur(plane, 3)), 3)  # without the outliers themselves
    texture = np.maximum(0, cv2.blur(deviation, (TEXTURE_WINDOW, TEXTURE_WINDOW)) - 0.6 * sigma)
    needed = max(OUTLIER, NOISE_FACTOR * sigma) + TEXTURE_FACTOR * texture
    needed[np.minimum(plane, 1 - plane) > EXTREME + 3.5 * sigma] *= UNUSUAL
    return np.minimum(1, second / (2 * needed))


def _constant_rows(plane: np.ndarray, sigma: float) -> np.ndarray:
    """The dead part of each row, bool (H, W)."""
    return _from_the_right(plane, sigma) | _from_the_right(plane[:, ::-1], sigma)[:, ::-1]


def _from_the_right(plane: np.ndarray, sigma: float) -> np.ndarray:
    """The dead part of rows that are dead up to their right end."""
    height, width = plane.shape
    shortest = max(8, int(RUN * width))
    if width < shortest:
        return np.zeros(plane.shape, bool)
    level = np.median(plane[:, -shortest:], axis=1, keepdims=True)
    is_level = np.abs(plane - level) < CONSTANT + 3 * sigma
    above, below = (np.roll(plane, move, axis=0) - plane for move in (1, -1))
    beside = np.where(above * below > 0, np.minimum(np.abs(above), np.abs(below)), 0)  # an edge lies between its sides
    count = np.arange(1, width + 1)
    constant = np.cumsum(is_level[:, ::-1], axis=1) / count >= 0.95
    apart = np.cumsum(np.minimum(beside[:, ::-1], 0.5), axis=1) / count >= APART + 1.5 * sigma
    length = ((constant & apart) * count).max(axis=1, keepdims=True)
    length[[0, -1]] = 0  # the outermost rows have one neighbour only
    return (count[::-1] <= length) & (length >= shortest) & is_level
