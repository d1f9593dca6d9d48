"""Contextual attention of a few queries with all keys at a time, never the whole score map."""

from __future__ import annotations

import functools
import operator
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import tensorflow as tf

from deepfill_tf.layers.query_tiles import Side

NEGLIGIBLE = 1e-7  # of the softmax, which sums up to 1 for each query


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

    The methods take `origin`, int32 (2,), the row and column of the tile's first query; `keys` (B, reach + L + reach,
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

    def logits(self, origin: tf.Tensor, keys: tf.Tensor, norms: tf.Tensor) -> tf.Tensor:
        """float32 (B, tile height, tile width, L): what the softmax is taken of; 0 for keys that are not usable."""
        return self._fused_scores(origin, keys, norms) * (self.usable[:, tf.newaxis, tf.newaxis] * self.softmax_scale)

    def wanted(self, origin: tf.Tensor) -> tf.Tensor:
        """float32 (B or 1, tile height, tile width, 1): 1 for the tile's queries that are wanted."""
        return tf.slice(self.needed, [0, origin[0], origin[1]], [-1, *self.tile])[..., tf.newaxis]

    def probabilities(self, origin: tf.Tensor, keys: tf.Tensor, norms: tf.Tensor) -> tf.Tensor:
        """float32 (B, tile height, tile width, L): how much each query borrows from each key."""
        return self._shares(origin, self.logits(origin, keys, norms))

    def blocks(self, origin: tf.Tensor, keys: tf.Tensor, norms: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
        """Sum of the patches that the tile's queries paste.

        Args:
            values: (B, (h + 1) * (w + 1), D): the image's blocks; patch (r, c) is blocks r to r + 1, c to c + 1.

        Returns:
            (B, tile height + 1, tile width + 1, D) blocks.
        """
        return self._pasted(self.probabilities(origin, keys, norms), values)

    def blocks_from_few(self, origin: tf.Tensor, keys: tf.Tensor, norms: tf.Tensor, values: tf.Tensor) -> tf.Tensor:
        """`blocks`, from those keys alone that matter to any query of the tile, if they are few; for inference.

        In photos a tenth to a quarter of the keys do. The softmax gives all others together less than `NEGLIGIBLE` of
        each query, which is about float32's last digit.
        """
        logits, wanted = self.logits(origin, keys, norms), self.wanted(origin)
        count = self.grid[0] * self.grid[1]
        least = tf.reduce_max(logits, axis=-1, keepdims=True) + tf.math.log(NEGLIGIBLE / tf.cast(count, tf.float32))
        matters = tf.reduce_any(logits > tf.where(wanted > 0, least, np.inf), axis=[0, 1, 2])
        few = tf.cast(tf.where(matters)[:, 0], tf.int32)

        def pasted_from_few():
            usable = tf.gather(self.usable, few, axis=-1)[:, tf.newaxis, tf.newaxis]
            shares = tf.nn.softmax(tf.gather(logits, few, axis=-1)) * (usable * wanted)
            return self._pasted_from(few, shares, values)

        # For each key it is four times the arithmetic of `_pasted`; nor may what is gathered take more memory than a
        # score map.
        queries, count = tf.cast(self.tile[0] * self.tile[1], tf.int64), tf.cast(count, tf.int64)
        is_few = (4 * tf.size(few, tf.int64) < count) & (tf.size(few, tf.int64) * values.shape[-1] < queries * count)
        return tf.cond(is_few, pasted_from_few, lambda: self._pasted(self._shares(origin, logits), values))

    def _shares(self, origin, logits):
        return tf.nn.softmax(logits) * self.usable[:, tf.newaxis, tf.newaxis] * self.wanted(origin)

    def _pasted(self, shares, values):
        votes = tf.reshape(shares, [-1, *self.tile, *self.grid])
        # A block is pasted by the four queries around it, each time from the same place of a patch, so that its
        # keys' neighbours are summed up before the product: a quarter of the arithmetic.
        for axes in ((1, 3), (2, 4)):
            votes = (tf.pad(votes, [[0, int(axis in axes)] for axis in range(5)])
                     + tf.pad(votes, [[int(axis in axes), 0] for axis in range(5)]))
        rows, columns = (side + 1 for side in self.tile)
        votes = tf.reshape(votes, [-1, rows * columns, (self.grid[0] + 1) * (self.grid[1] + 1)])
        return tf.reshape(tf.matmul(tf.cast(votes, values.dtype), values), [-1, rows, columns, values.shape[-1]])

    def _pasted_from(self, places, shares, values):
        """The same as `_pasted`, of shares of the keys at `places`, int32 (N,), alone."""
        across = self.grid[1] + 1
        corners = places // self.grid[1] * across + places % self.grid[1]
        shares = tf.reshape(tf.cast(shares, values.dtype), [-1, self.tile[0] * self.tile[1], tf.size(places)])
        pasted = tf.zeros([], values.dtype)
        for row, column in ((0, 0), (0, 1), (1, 0), (1, 1)):
            with tf.control_dependencies([pasted]):  # one after another: all at once would take four times the memory
                block = tf.gather(values, corners + (row * across + column), axis=1)
                block = tf.reshape(tf.matmul(shares, block), [-1, *self.tile, values.shape[-1]])
                pasted += tf.pad(block, [[0, 0], [row, 1 - row], [column, 1 - column], [0, 0]])
        return pasted

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
        shifts = [slice(shift, shift - 2 * reach or None) for shift in range(2 * reach + 1)]
        by_rows = _sum_in_order(scores[:, :, shift, shift] for shift in shifts)
        order = columns[reach:reach + tile_width] * height + rows[:, tf.newaxis]
        exists = tf.cast((order >= 0) & (order < count), tf.float32)
        by_rows *= exists[..., tf.newaxis]
        return _sum_in_order(self._down_columns(by_rows[:, shift], shift.start - reach) for shift in shifts)

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
