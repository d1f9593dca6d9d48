"""Whether a picture has the finest detail that its pixels could show, or was enlarged, blurred or softly scanned."""

from __future__ import annotations

import cv2
import numpy as np

SOFT = 1.4  # sharpness: photos at their size have 1.5 to 3.5, the same enlarged by 1.7 mostly 0.8 to 1.4
NOISE_SHARE = 0.5  # of the differences between neighbours, above which what the noise hides is not judged
STRIP = 512  # rows at a time, so that large pictures take no memory


def is_soft(frame: np.ndarray, mask: np.ndarray, sigma: float) -> bool:
    """Whether `sharpness` is below that of photos at their own size; False where it cannot be told."""
    known = sharpness(frame, mask, sigma)
    return known is not None and known < SOFT


def sharpness(frame: np.ndarray, mask: np.ndarray, sigma: float) -> float | None:
    """The energy of the Laplacian in parts of that of the gradient, over what is known, without the noise's share.

    It depends on how fine the detail is, not on how much of it there is: white noise has 5, a picture enlarged by two
    about 1.

    Args:
        frame: (H, W, C), any real type.
        mask: bool (H, W), True = hole.
        sigma: Standard deviation of the noise, in the frame's units.

    Returns:
        None where nothing is known, all is flat, or noise makes up most of the differences.
    """
    gradient = laplacian = 0.0
    count = 0
    for top in range(0, frame.shape[0] - 2, STRIP):
        rows = slice(top, top + STRIP + 2)
        part, inner = frame[rows].astype(np.float32), np.s_[1:-1, 1:-1]
        known = cv2.dilate(mask[rows].astype(np.uint8), np.ones((3, 3), np.uint8))[inner] == 0
        centre, left, right = part[inner], part[1:-1, :-2], part[1:-1, 2:]
        above, below = part[:-2, 1:-1], part[2:, 1:-1]
        gradient += float(((right - centre)[known] ** 2 + (below - centre)[known] ** 2).sum(dtype=float))
        laplacian += float(((left + right + above + below - 4 * centre)[known] ** 2).sum(dtype=float))
        count += int(known.sum()) * frame.shape[-1]
    noise = count * sigma ** 2
    if gradient == 0 or 4 * noise > NOISE_SHARE * gradient:
        return None
    return max(0.0, laplacian - 20 * noise) / (gradient - 4 * noise)
