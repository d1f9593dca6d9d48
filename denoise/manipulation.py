"""n2v's choice of masked pixels and two of its replacements for them, for all pixels at once.

n2v's own functions handle one pixel at a time: 13 (uniform) to 25 (median) microseconds for each replacement, 7 for
each choice (measured). At the 8 % of masked pixels of `DenoiserConfig.for_image` that is longer than the training step
that waits for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

Manipulator = Callable[..., Any]  # (patch, coordinates per axis, number of axes, structure) -> values


def uniform_with_center(radius: int) -> Manipulator:
    """Stands in for n2v's `pm_uniform_withCP`.

    The distribution is the same: uniform over the window, cut off at the patch's border; the sequence of
    random numbers is not.

    Args:
        radius: Radius of the window in pixels.
    """
    def replacements(patch: np.ndarray, coords: Sequence[Sequence[int]], dims: int,
                     structN2Vmask: np.ndarray | None = None) -> np.ndarray:
        centers = np.array(coords, dtype=np.int64).reshape(dims, -1)
        first = np.maximum(centers - radius, 0)
        last = np.minimum(centers + radius, np.array(patch.shape)[:, np.newaxis] - 1)
        return patch[tuple(np.random.randint(first, last + 1))]

    return replacements


def median_without_center(radius: int) -> Manipulator:
    """Stands in for n2v's `pm_median`, with the same values.

    Args:
        radius: Radius of the window in pixels.
    """
    def replacements(patch: np.ndarray, coords: Sequence[Sequence[int]], dims: int,
                     structN2Vmask: np.ndarray | None = None) -> np.ndarray:
        # what the patch's border cuts off the window becomes infinite: sorted to the end, and not counted
        padded = np.pad(patch, radius, constant_values=np.inf)
        offsets = np.indices((2 * radius + 1,) * dims).reshape(dims, -1, 1)
        offsets = offsets[:, np.any(offsets != radius, axis=(0, 2))]
        centers = np.array(coords, dtype=np.int64).reshape(dims, 1, -1)
        windows = np.sort(padded[tuple(centers + offsets)], axis=0)
        counts = np.isfinite(windows).sum(0)
        pixels = np.arange(centers.shape[-1])
        return (windows[(counts - 1) // 2, pixels] + windows[counts // 2, pixels]) / 2

    return replacements


def stratified_coordinates(coord_gen: Any, box_size: int, shape: Sequence[int]) -> tuple[np.ndarray, ...]:
    """Stands in for n2v's choice of the pixels to mask, with the same pixels: one at random in each box.

    Args:
        coord_gen: n2v's source of random numbers, whose numbers are drawn here all at once.
        box_size: Side of the boxes in pixels.
        shape: Sides of the patch, which may cut off boxes and what was drawn there.

    Returns:
        Coordinates along each axis.
    """
    counts = [-(-side // box_size) for side in shape]
    corners = np.moveaxis(np.indices(counts), 0, -1) * box_size
    drawn = (corners + np.random.rand(*counts, len(shape)) * box_size).astype(np.int64).reshape(-1, len(shape))
    return tuple(drawn[(drawn < shape).all(1)].T)
