"""Whether a picture has the finest detail that its pixels could show, or was enlarged, blurred or softly scanned."""

from __future__ import annotations

import cv2
import numpy as np

# Photos at their own size have 1.5 to 3.5, the same enlarged by 1.7 mostly 0.8 to 1.4.
LEAST_SHARPNESS = 1.4
STRIP = 64  # rows at a time: of large pictures, little is in memory


def is_soft(image: np.ndarray, mask: np.ndarray) -> bool:
    """Whether `sharpness` is below that of photos at their own size; False where nothing tells."""
    found = sharpness(image, mask)
    return found is not None and found < LEAST_SHARPNESS


def sharpness(image: np.ndarray, mask: np.ndarray) -> float | None:
    """The energy of the Laplacian in parts of that of the gradient, over what is known.

    It depends on how fine the detail is, not on how much of it there is: white noise has 5, a photo enlarged by two
    about 1.

    Args:
        image: (H, W, C), any real type; without noise, or else noise is taken for detail.
        mask: bool (H, W), True = hole.

    Returns:
        None where nothing is known, or all is flat.
    """
    gradient = laplacian = 0.0
    for top in range(0, image.shape[0] - 2, STRIP):
        rows, inner = slice(top, top + STRIP + 2), np.s_[1:-1, 1:-1]
        part = image[rows].astype(np.float32)
        known = cv2.dilate(mask[rows].astype(np.uint8), np.ones((3, 3), np.uint8))[inner] == 0
        centre, left, right = part[inner], part[1:-1, :-2], part[1:-1, 2:]
        above, below = part[:-2, 1:-1], part[2:, 1:-1]
        gradient += float(((right - centre)[known] ** 2 + (below - centre)[known] ** 2).sum(dtype=float))
        laplacian += float(((left + right + above + below - 4 * centre)[known] ** 2).sum(dtype=float))
    return laplacian / gradient if gradient > 0 else None
