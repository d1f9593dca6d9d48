"""A picture of what was done: before, the mask, and after, side by side."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

import cv2
import numpy as np

from pipelines.damage.kinds import BLOTCHES, CRACKS, DEAD_PIXELS, DUST, MISSING, SCRATCHES, TEXT
from pipelines.images import Picture

GAP = 8  # white pixels between the three
MARK = (255, 0, 0)
# of each kind of damage; told apart by the colour-blind, too (Okabe and Ito's colours, at full strength)
KIND_MARKS = {SCRATCHES: MARK, CRACKS: (255, 150, 0), DUST: (255, 240, 0), BLOTCHES: (255, 0, 255),
              DEAD_PIXELS: (0, 255, 255), MISSING: (0, 90, 255), TEXT: (0, 220, 100)}


def comparison(picture: Picture, mask: np.ndarray, restored: np.ndarray) -> np.ndarray:
    """Before, before with the holes in red, after.

    Args:
        picture: As it was read; of a stack, the first plane is shown.
        mask: bool (H, W), True = hole.
        restored: Shape and type of `picture.pixels`.

    Returns:
        uint8 (H, 3 W + 16, 3).
    """
    before, after = (_as_bytes(pixels, picture) for pixels in (picture.pixels, restored))
    gap = np.full((before.shape[0], GAP, 3), 255, np.uint8)
    return np.concatenate([before, gap, marked(picture, mask), gap, after], axis=1)


def marked(picture: Picture, mask: np.ndarray, masks: Mapping[str, np.ndarray] = MappingProxyType({})) -> np.ndarray:
    """The picture with the holes in red, and what is known of their kinds in the colours of `KIND_MARKS`.

    Args:
        picture: As it was read; of a stack, the first plane is shown.
        mask: bool (H, W), True = hole.
        masks: For some kinds of damage, bool (H, W); what `mask` has around them gets their colour, too.

    Returns:
        uint8 (H, W, 3), a new array.
    """
    pixels = _as_bytes(picture.pixels, picture).copy()
    pixels[mask] = MARK
    known = {kind: found for kind, found in masks.items() if kind in KIND_MARKS and found.any()}
    if known:
        nearest = np.stack([cv2.distanceTransform((~found).astype(np.uint8), cv2.DIST_L2, 3)
                            for found in known.values()]).argmin(axis=0)
        pixels[mask] = np.array([KIND_MARKS[kind] for kind in known], np.uint8)[nearest[mask]]
    return pixels


def _as_bytes(pixels: np.ndarray, picture: Picture) -> np.ndarray:
    """(H, W, 3) uint8 for the eye."""
    if picture.is_stack:
        pixels = pixels[0]
    if pixels.dtype != np.uint8:
        low, high = picture.value_range
        pixels = np.rint((pixels.astype(np.float32) - low) * (255 / (high - low))).clip(0, 255).astype(np.uint8)
    return pixels if pixels.ndim == 3 else np.stack([pixels] * 3, axis=-1)
