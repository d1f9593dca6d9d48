"""Inpaint a picture that is too large for one pass, window by window."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

SIDE, MARGIN = 512, 96  # pixels; a hole sees at least MARGIN of its surroundings


def inpaint_by_windows(inpaint: Callable[..., np.ndarray], image: np.ndarray, mask: np.ndarray, *guides: np.ndarray,
                       side: int = SIDE, margin: int = MARGIN) -> np.ndarray:
    """Fill the holes of one window after another; windows without holes cost nothing.

    A window's finished pixels are known to the next one, so that what is painted goes on across the border.

    Args:
        inpaint: Takes an image (h, w, C) and a mask (h, w) of at most `side` squared, with the same part of each
            guide, and returns the filled image.
        image: (H, W, C).
        mask: bool (H, W), True = hole.
        guides: (H, W), what else `inpaint` goes by.
        side: Side of the windows in pixels.
        margin: How far, in pixels, windows reach beyond the part that they finish, where the picture allows.

    Returns:
        (H, W, C), a new array; outside the hole `image` itself.

    Raises:
        ValueError: If the margins leave nothing of a window.
    """
    if side <= 2 * margin:
        raise ValueError(f"`side` should be more than two margins of {margin}. Received: {side}")
    filled, missing = image.copy(), mask.copy()
    core = side - 2 * margin
    for top in range(0, image.shape[0], core):
        for left in range(0, image.shape[1], core):
            finished = np.s_[top:top + core, left:left + core]
            if not missing[finished].any():
                continue
            seen = np.s_[max(top - margin, 0):top + core + margin, max(left - margin, 0):left + core + margin]
            painted = filled[seen].copy()
            parts = [guide[seen] for guide in guides]
            painted[missing[seen]] = inpaint(filled[seen], missing[seen], *parts)[missing[seen]]
            inner = tuple(slice(outer.start - window.start, outer.stop - window.start)
                          for outer, window in zip(finished, seen))
            filled[finished][missing[finished]] = painted[inner][missing[finished]]
            missing[finished] = False
    return filled
