"""An image that is too large for the network at once, tile by tile."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from csbdeep.internals.predict import tile_iterator


def in_tiles(network: Callable[[np.ndarray], np.ndarray], image: np.ndarray, tile: int, *, radius: int,
             multiple: int) -> np.ndarray:
    """Apply a network to CSBDeep's tiles: aligned to its multiple, the inner ones of one size.

    Args:
        network: Maps an array like `image`, of any sides, to one of the same shape.
        image: float32 (1, H, W, C) or (1, D, H, W, C), sides multiples of `multiple`.
        tile: Side of the tiles in pixels, without what they overlap.
        radius: How far the network sees; by so much the tiles overlap, so that they change nothing.
        multiple: Of what sides the network takes.

    Returns:
        float32, shape of `image`.
    """
    if all(side <= tile for side in image.shape[1:-1]):
        return network(image)
    counts = [max(1, -(-side // tile)) for side in image.shape[1:-1]]
    overlap = -(-radius // multiple)
    restored = np.empty_like(image)
    for piece, source, target in tile_iterator(image[0], [*counts, 1], [multiple] * len(counts) + [1],
                                               [overlap] * len(counts) + [0]):
        restored[0][target] = network(piece[np.newaxis])[0][source]
    return restored
