"""A picture of what was done: before, the mask, and after, side by side."""

from __future__ import annotations

import numpy as np

from pipelines.images import Picture

GAP = 8  # white pixels between the three
MARK = (255, 0, 0)


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


def marked(picture: Picture, mask: np.ndarray) -> np.ndarray:
    """The picture with the holes in red.

    Args:
        picture: As it was read; of a stack, the first plane is shown.
        mask: bool (H, W), True = hole.

    Returns:
        uint8 (H, W, 3), a new array.
    """
    pixels = _as_bytes(picture.pixels, picture).copy()
    pixels[mask] = MARK
    return pixels


def _as_bytes(pixels: np.ndarray, picture: Picture) -> np.ndarray:
    """(H, W, 3) uint8 for the eye."""
    if picture.is_stack:
        pixels = pixels[0]
    if pixels.dtype != np.uint8:
        low, high = picture.value_range
        pixels = np.rint((pixels.astype(np.float32) - low) * (255 / (high - low))).clip(0, 255).astype(np.uint8)
    return pixels if pixels.ndim == 3 else np.stack([pixels] * 3, axis=-1)
