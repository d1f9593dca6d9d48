"""Contextual attention: every patch of the hole borrows from patches of the known image."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from deepfill_tf.layers.patches import neighbourhoods, overlap_add, overlapping_patches
from deepfill_tf.layers.resize import shrink_nearest

SMALLEST_NORM = 1e-4


def fuse_scores(scores: tf.Tensor, grid: tuple[tf.Tensor, tf.Tensor], size: int = 3) -> tf.Tensor:
    """Let neighbouring queries vote for neighbouring keys: sums along both diagonals of the score map.

    Args:
        scores: (B, L, L) with L = h * w, queries by keys, both in row-major order.
        grid: (h, w).
        size: How many diagonal neighbours vote, odd.

    Returns:
        (B, L, L). The neighbours are those of the flattened order, first row by row, then column by column: as in
        the reference, the last patch of a row and the first of the next one count as neighbours.

    Reference:
        Yu et al. 2018, arXiv:1801.07892, section 3.2 ("attention propagation"); `fuse` in `contextual_attention`.
    """
    height, width = grid
    count = height * width
    by_rows = tf.reshape(_diagonal_sum(scores, size), [-1, height, width, height, width])
    by_columns = tf.reshape(tf.transpose(by_rows, [0, 2, 1, 4, 3]), [-1, count, count])
    fused = tf.reshape(_diagonal_sum(by_columns, size), [-1, width, height, width, height])
    return tf.reshape(tf.transpose(fused, [0, 2, 1, 4, 3]), [-1, count, count])


def _diagonal_sum(scores, size):
    """`sum over d of scores[i + d, j + d]`, zeros outside: an identity kernel's convolution as shifted adds."""
    reach = size // 2
    count = tf.shape(scores)[1]
    padded = tf.pad(scores, [[0, 0], [reach, reach], [reach, reach]])
    return tf.add_n([padded[:, shift:shift + count, shift:shift + count] for shift in range(size)])


@tf.keras.utils.register_keras_serializable(package="deepfill_tf")
class ContextualAttention(tf.keras.layers.Layer):
    """Rebuild features from the best matching patches outside the hole.

    Scores are cosine-like: queries against unit-norm keys, on features shrunk by `rate`. A key is usable when none
    of its cells lies in the hole. The softmax spreads `2 * rate` sized patches of the full features.

    Args:
        patch_size: Side of the matched patches, odd.
        rate: Shrinking before the match; pasted patches have side `2 * rate`.
        fuse: Whether neighbours vote, see `fuse_scores`.
        fuse_size: How many neighbours vote, odd.
        softmax_scale: Sharpness of the choice.

    Inputs:
        features (B, H, W, C) and mask (B or 1, H, W, 1), 1 = hole. H, W multiples of `rate`, known or not.

    Returns:
        (B, H, W, C). With `return_offsets=True` also int32 (B, H / rate, W / rate, 2): row and column distance
        from each patch to its best match.

    Reference:
        Yu et al. 2018, arXiv:1801.07892, section 3.2; `contextual_attention` in the official inpaint_ops.py.

    Differs from the reference:
        Every image of a batch has its own mask; matrix products instead of convolutions with L filters. Kept on
        purpose: masked logits are 0, not minus infinity, before the softmax, and the rest is not renormalised;
        the border gets fewer overlapping patches and is darker.
    """

    def __init__(self, patch_size: int = 3, *, rate: int = 2, fuse: bool = True, fuse_size: int = 3,
                 softmax_scale: float = 10.0, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for name, value in (("patch_size", patch_size), ("fuse_size", fuse_size)):
            if value < 1 or value % 2 == 0:
                raise ValueError(f"`{name}` should be odd and positive. Received: {value}")
        if rate < 1:
            raise ValueError(f"`rate` should be at least 1. Received: {rate}")
        self.patch_size = patch_size
        self.rate = rate
        self.fuse = fuse
        self.fuse_size = fuse_size
        self.softmax_scale = softmax_scale

    def call(self, features, mask, return_offsets=False):
        probabilities, grid = self.match(features, features, mask)
        completed = self.paste(probabilities, features, grid)
        completed = tf.ensure_shape(completed, features.shape)
        if return_offsets:
            return completed, best_offsets(probabilities, grid)
        return completed

    def match(self, queries, keys, mask):
        """Probabilities float32 (B, L, L), queries by keys, and the patch grid (h, w) with L = h * w."""
        queries = shrink_nearest(queries, self.rate)
        keys = shrink_nearest(keys, self.rate)
        height, width = tf.unstack(tf.shape(keys)[1:3])
        cells = self.patch_size**2 * keys.shape[-1]
        query_rows = tf.reshape(neighbourhoods(queries, self.patch_size), [-1, height * width, cells])
        key_rows = tf.reshape(neighbourhoods(keys, self.patch_size), [-1, height * width, cells])
        scores = tf.cast(tf.matmul(query_rows, _unit_norm(key_rows), transpose_b=True), tf.float32)
        if self.fuse:
            scores = fuse_scores(scores, (height, width), self.fuse_size)
        usable = self._usable_keys(mask)
        return tf.nn.softmax(scores * usable * self.softmax_scale) * usable, (height, width)

    def paste(self, probabilities, features, grid):
        """Blend the full-size patches of `features` (B, H, W, C) by `probabilities` (B, L, L)."""
        height, width = grid
        depth = 4 * self.rate**2 * features.shape[-1]
        patches = tf.reshape(overlapping_patches(features, self.rate), [-1, height * width, depth])
        blended = tf.matmul(tf.cast(probabilities, features.dtype), patches)
        return overlap_add(tf.reshape(blended, [-1, height, width, depth]), self.rate) / 4

    def _usable_keys(self, mask):
        """float32 (B or 1, 1, L): 1 where no cell of the key's patch is in the hole; outside counts as known."""
        shrunk = tf.cast(shrink_nearest(mask, self.rate), tf.float32)
        in_hole = tf.reduce_max(neighbourhoods(shrunk, self.patch_size), axis=-1)
        rows = tf.reshape(in_hole, [tf.shape(in_hole)[0], 1, -1])
        return tf.cast(tf.equal(rows, 0.0), tf.float32)

    def get_config(self):
        return {**super().get_config(), "patch_size": self.patch_size, "rate": self.rate, "fuse": self.fuse,
                "fuse_size": self.fuse_size, "softmax_scale": self.softmax_scale}


def best_offsets(probabilities: tf.Tensor, grid: tuple[tf.Tensor, tf.Tensor]) -> tf.Tensor:
    """From (B, L, L) probabilities: int32 (B, h, w, 2), the way from each patch to the one it borrows most from."""
    height, width = grid
    best = tf.reshape(tf.argmax(probabilities, axis=-1, output_type=tf.int32), [-1, height, width])
    rows, columns = tf.meshgrid(tf.range(height), tf.range(width), indexing="ij")
    return tf.stack([best // width - rows, best % width - columns], axis=-1)


def _unit_norm(rows):
    """Rows over their Euclidean norm. The clamp is on the square: a zero row then has gradient 0, not NaN."""
    squares = tf.reduce_sum(tf.square(tf.cast(rows, tf.float32)), axis=-1, keepdims=True)
    return rows * tf.cast(tf.math.rsqrt(tf.maximum(squares, SMALLEST_NORM**2)), rows.dtype)
