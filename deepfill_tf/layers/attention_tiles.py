"""Contextual attention tile by tile: a few queries against all keys at a time, never the whole score map."""

from __future__ import annotations

import functools
import operator
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Union

import tensorflow as tf

Side = Union[int, tf.Tensor]  # known when the graph is traced, or not

LIVE_MAPS = 6  # float32 maps, tile by L, that TensorFlow holds at the same time


def tile_sides(grid: tuple[Side, Side], batch: Side, block_bytes: Side) -> tuple[Side, Side]:
    """Height and width of the largest nearly square tile of the query grid whose score maps fit.

    Args:
        grid: (h, w) of the queries, which are the keys as well.
        batch: Images that are worked on together.
        block_bytes: Bound for all score maps of a tile; a single query is always allowed.

    Returns:
        Two sides, at most (h, w), such that tiles of this size cover the grid with little beyond it. Python
        integers if all arguments are.
    """
    if all(isinstance(side, int) for side in (*grid, batch, block_bytes)):
        with tf.init_scope():
            height, width = _tile_sides(grid, batch, block_bytes)
            return int(height.numpy()), int(width.numpy())  # autograph makes a tensor of int(tensor)
    return _tile_sides(grid, batch, block_bytes)


def _tile_sides(grid, batch, block_bytes):
    height, width = (tf.cast(side, tf.int64) for side in grid)
    bytes_for_a_query = LIVE_MAPS * tf.float32.size * tf.cast(batch, tf.int64) * height * width
    queries = tf.maximum(block_bytes // bytes_for_a_query, 1)
    square = tf.cast(tf.sqrt(tf.cast(queries, tf.float64)), tf.int64)
    tile_height = tf.minimum(tf.maximum(square, queries // width), height)
    tile_width = tf.minimum(width, queries // tile_height)
    return tuple(tf.cast(-(-side // -(-side // tile)), tf.int32)
                 for side, tile in ((height, tile_height), (width, tile_width)))


@dataclass(frozen=True)
class AttentionTile:
    """What the queries of a tile of the grid make of all keys.

    Args:
        grid: (h, w) of the keys and the queries, L = h * w of each.
        tile: Height and width of the tiles.
        reach: How many diagonal neighbours on either side vote for a match; 0: none.
        softmax_scale: Sharpness of the choice.
        usable: float32 (B or 1, L), 1 for keys that may be borrowed from.
        needed: float32 (B or 1, n, m), 1 for queries that are wanted; covers all tiles, 0 beyond the grid.

    Both methods take `origin`, int32 (2,), the row and column of the tile's first query; `keys` (B, reach + L + reach,
    K) of unit norm, zeros before the first and after the last; and `norms` (B, reach + L + reach, 1), which make the
    queries: a query is its own key times its norm.

    Reference:
        Yu et al. 2018, arXiv:1801.07892, section 3.2 ("attention propagation"); `fuse` in `contextual_attention`
        of the official inpaint_ops.py. Neighbours are those of the flattened order, first row by row, then column
        by column: the last patch of a row and the first of the next one count as neighbours.
    """

    grid: tuple[Side, Side]
    tile: tuple[Side, Side]
    reach: int
    softmax_scale: float
    usable: tf.Tensor
    needed: tf.Tensor

    def probabilities(self, origin: tf.Tensor, keys: tf.Tensor, norms: tf.Tensor) -> tf.Tensor:
        """float32 (B, tile height, tile width, L): how much each query borrows from each key."""
        usable = self.usable[:, tf.newaxis, tf.newaxis]
        scores = self._fused_scores(origin, keys, norms)
        needed = tf.slice(self.needed, [0, origin[0], origin[1]], [-1, *self.tile])[..., tf.newaxis]
        return tf.nn.softmax(scores * (usable * self.softmax_scale)) * usable * needed

    def blocks(self, origin: tf.Tensor, keys: tf.Tensor, norms: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
        """Sum of the patches that the tile's queries paste.

        Args:
            values: (B, (h + 1) * (w + 1), D): the image's blocks; patch (r, c) is blocks r to r + 1, c to c + 1.

        Returns:
            (B, tile height + 1, tile width + 1, D) blocks.
        """
        votes = tf.reshape(self.probabilities(origin, keys, norms), [-1, *self.tile, *self.grid])
        # A block is pasted by the four queries around it, each time from the same place of a patch, so that its
        # keys' neighbours are summed up before the product: a quarter of the arithmetic.
        for axes in ((1, 3), (2, 4)):
            votes = (tf.pad(votes, [[0, int(axis in axes)] for axis in range(5)])
                     + tf.pad(votes, [[int(axis in axes), 0] for axis in range(5)]))
        rows, columns = (side + 1 for side in self.tile)
        votes = tf.reshape(votes, [-1, rows * columns, (self.grid[0] + 1) * (self.grid[1] + 1)])
        return tf.reshape(tf.matmul(tf.cast(votes, values.dtype), values), [-1, rows, columns, values.shape[-1]])

    def _fused_scores(self, origin, keys, norms):
        """float32 (B, tile height, tile width, L), summed over diagonal neighbours in both orders."""
        (height, width), (tile_height, tile_width), reach = self.grid, self.tile, self.reach
        count = height * width
        # One step down beyond the last row is, column by column, the first row one column to the right.
        rows = origin[0] + tf.range(-reach, tile_height + reach)
        starts = (rows % height) * width + rows // height
        columns = origin[1] + tf.range(-reach, tile_width + reach)
        places = tf.reshape(starts[:, tf.newaxis] + columns, [-1])
        places = tf.clip_by_value(places + reach, 0, count + 2 * reach - 1)
        queries = tf.gather(keys, places, axis=1) * tf.gather(norms, places, axis=1)
        scores = tf.cast(tf.matmul(queries, keys, transpose_b=True), tf.float32)
        scores = tf.reshape(scores, [-1, tile_height + 2 * reach, tile_width + 2 * reach, count + 2 * reach])
        if reach == 0:
            return scores
        by_rows = _sum_in_order(scores[:, :, shift:shift + tile_width, shift:shift + count]
                                for shift in range(2 * reach + 1))
        order = columns[reach:reach + tile_width] * height + rows[:, tf.newaxis]
        exists = tf.cast((order >= 0) & (order < count), tf.float32)
        by_rows *= exists[..., tf.newaxis]
        return _sum_in_order(self._down_columns(by_rows[:, shift:shift + tile_height], shift - reach)
                             for shift in range(2 * reach + 1))

    def _down_columns(self, scores, steps):
        """Each key's score replaced by that of the key `steps` further in the order of columns, zeros beyond."""
        width = self.grid[1]
        nothing = tf.zeros_like(scores[..., :1])
        for _ in range(steps):
            scores = tf.concat([scores[..., width:], scores[..., 1:width], nothing], axis=-1)
        for _ in range(-steps):
            scores = tf.concat([nothing, scores[..., -width:-1], scores[..., :-width]], axis=-1)
        return scores


def _sum_in_order(tensors: Iterable[tf.Tensor]) -> tf.Tensor:
    """`tf.add_n` whose order, and so the last bit, does not depend on what TensorFlow makes of the graph."""
    return functools.reduce(operator.add, tensors)


def map_recomputed(function: Callable[..., tf.Tensor], items: tf.Tensor, arguments: Sequence[tf.Tensor]) -> tf.Tensor:
    """`function(item, *arguments)` of each item, stacked; nothing but the results is kept for the gradient.

    Args:
        function: Gives a tensor of the same shape for each item, of the dtype of the last argument.
        items: (N, ...), without gradient.
        arguments: Floating; the gradient with respect to them runs `function` again, one item at a time.

    Returns:
        (N, ...).
    """

    @tf.custom_gradient
    def mapped(*arguments):
        def gradient(upstream):
            def add_gradient(index, *sums):
                inputs = [tf.identity(argument) for argument in arguments]
                with tf.GradientTape() as tape:
                    tape.watch(inputs)
                    output = function(items[index], *inputs)
                parts = tape.gradient(output, inputs, upstream[index])
                return index + 1, *(total + tf.cast(part, tf.float32) for total, part in zip(sums, parts))

            zeros = [tf.zeros_like(argument, tf.float32) for argument in arguments]
            _, *sums = tf.while_loop(lambda index, *_: index < tf.shape(items)[0], add_gradient,
                                     (0, *zeros), parallel_iterations=1)
            return [tf.cast(total, argument.dtype) for total, argument in zip(sums, arguments)]

        outputs = tf.map_fn(lambda item: function(item, *arguments), items, parallel_iterations=1,
                            fn_output_signature=arguments[-1].dtype)
        return outputs, gradient

    return mapped(*arguments)


def lay_tiles(tiles: tf.Tensor, origins: tf.Tensor, size: tuple[Side, Side]) -> tf.Tensor:
    """Sum of tiles laid at their origins.

    Shape:
        (N, B, n, m, D) and int32 (N, 2) -> (B, *size, D); `size` holds all tiles.
    """
    rows, columns = tf.unstack(tf.shape(tiles)[2:4])
    places = tf.stack(tf.meshgrid(tf.range(rows), tf.range(columns), indexing="ij"), axis=-1)
    places = origins[:, tf.newaxis, tf.newaxis] + places  # (N, n, m, 2)
    laid = tf.scatter_nd(places, tf.transpose(tiles, [0, 2, 3, 1, 4]),
                         tf.stack([*size, tf.shape(tiles)[1], tf.shape(tiles)[4]]))
    return tf.transpose(laid, [2, 0, 1, 3])
