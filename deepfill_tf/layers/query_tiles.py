"""A grid of queries in tiles that fit into memory, one after another."""

from __future__ import annotations

from collections.abc import Callable, Sequence
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
