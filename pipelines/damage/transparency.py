"""Transparent pixels: erased damage, as long as they are few."""

from __future__ import annotations

import dataclasses

import numpy as np

from pipelines.images import Picture

MOST = 0.35  # of the picture: where more is transparent, a thing has been cut out, and nothing is missing


def transparent(picture: Picture) -> np.ndarray:
    """Fully transparent pixels, in all planes of a stack; bool (H, W)."""
    if picture.alpha is None:
        return np.zeros(picture.size, bool)
    return (picture.alpha.max(axis=0) if picture.is_stack else picture.alpha) == 0


def is_erased(hidden: np.ndarray) -> bool:
    """Whether transparent pixels, bool (H, W), are few enough to be what somebody has erased."""
    return bool(0 < hidden.mean() <= MOST)


def opaque(picture: Picture, mask: np.ndarray) -> Picture:
    """The picture with erased pixels made opaque where the mask, bool (H, W), says that they were filled."""
    hidden = transparent(picture)
    if picture.alpha is None or not is_erased(hidden):
        return picture
    alpha = picture.alpha.copy()
    alpha[..., hidden & mask] = alpha.max()
    return dataclasses.replace(picture, alpha=alpha, stored=None)
