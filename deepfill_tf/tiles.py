"""A local function applied to an image tile by tile, where its results are needed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import NamedTuple

import tensorflow as tf

from deepfill_tf.shared_graph import shared_graph

SIDES = (32, 64, 128, 256, 512)  # cells: tiles that are considered


class Scaled(NamedTuple):
    """A tensor (B, h * scale, w * scale, C) on a grid of h x w cells."""

    tensor: tf.Tensor
    scale: int


def map_tiles(function: Callable[..., tf.Tensor], inputs: Sequence[Scaled], background: Scaled, needed: tf.Tensor, *,
              reach: int, largest: tf.Tensor) -> tf.Tensor:
    """`function(*inputs)` where it is needed, `background` elsewhere.

    Each tile is computed from a window that holds what it depends on, so that the result is that of the whole image.
    The tiles' side is the one, of `SIDES`, with the least work.

    Args:
        function: From tensors of a window, each at its scale, to one at the background's scale. What it makes of a
            cell depends on cells at most `reach` away, and on the image's border only where the window has it, too.
        inputs: What it takes, on one grid.
        background: Gives shape, type and the values where nothing is needed.
        needed: float32 (B or 1, h, w, 1), above 0 for cells of which at least one value is needed of any image. Values
            of other cells are either the function's or unspecified.
        reach: In cells.
        largest: int32 (). Most cells of a window; exceeded by the smallest side only.

    Returns:
        A tensor like the background's. Without gradient.
    """
    grid = tf.shape(needed)[1:3]
    side, origins = _tiling(needed, reach, largest)
    core = tf.minimum(side, grid)
    window = tf.minimum(core + 2 * reach, grid)
    scale = background.scale

    def add_tile(index, result):
        # The last tiles end with the image, and so overlap others: all tiles are of one size.
        start = tf.minimum(origins[index], grid - core)
        seen = tf.clip_by_value(start - reach, 0, grid - window)
        output = function(*(_cut(tensor, seen * factor, window * factor) for tensor, factor in inputs))
        result = _put(result, _cut(output, (start - seen) * scale, core * scale), start * scale)
        return index + 1, tf.ensure_shape(result, background.tensor.shape)

    count = tf.shape(origins)[0]
    return tf.while_loop(lambda index, _: index < count, add_tile, (0, background.tensor), parallel_iterations=1)[1]


@shared_graph(input_signature=[tf.TensorSpec([None, None, None, 1], tf.float32), *[tf.TensorSpec([], tf.int32)] * 2])
def _tiling(needed, reach, largest):
    """Side of the tiles whose windows have the fewest cells in all, and their first cells, int32 (N, 2)."""
    grid = tf.shape(needed)[1:3]
    cells = tf.cast(tf.where(tf.reduce_any(needed[..., 0] > 0, axis=0)), tf.int32)
    columns = grid[1]  # more than there are tiles in a row

    def tiles(side):
        return tf.unique(tf.reduce_sum(cells // side * tf.stack([columns, 1]), axis=1))[0]

    sides = tf.constant(SIDES)
    windows = tf.reduce_prod(tf.minimum(sides[:, tf.newaxis] + 2 * reach, grid), axis=1)
    costs = tf.cast(windows, tf.float32) * tf.cast(tf.stack([tf.size(tiles(side)) for side in SIDES]), tf.float32)
    fits = tf.logical_or(windows <= largest, tf.equal(sides, SIDES[0]))
    side = tf.gather(sides, tf.argmin(tf.where(fits, costs, tf.float32.max)))
    chosen = tiles(side)
    return side, tf.stack([chosen // columns, chosen % columns], axis=1) * side


def _cut(tensor, start, size):
    """(B, *size, C) from `start` on."""
    return tf.slice(tensor, tf.pad(start, [[1, 1]]), tf.pad(size, [[1, 1]], constant_values=-1))


def _put(tensor, part, start):
    """`tensor` with `part` in it from `start` on."""
    begin = tf.pad(start, [[1, 1]])
    return tf.raw_ops.TensorStridedSliceUpdate(input=tensor, begin=begin, end=begin + tf.shape(part),
                                               strides=[1, 1, 1, 1], value=part)
