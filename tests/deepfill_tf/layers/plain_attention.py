"""Contextual attention as it is defined, with the whole score map: what the tiled one is held against."""

import tensorflow as tf

from deepfill_tf.layers.patches import from_blocks, neighbourhoods, to_blocks
from deepfill_tf.layers.resize import shrink_nearest


def plain_attention(layer, features, mask):
    """Output (B, H, W, C) and probabilities (B, L, L) of a `ContextualAttention`."""
    shrunk = shrink_nearest(features, layer.rate)
    _, height, width, depth = shrunk.shape
    count = height * width
    rows = tf.reshape(neighbourhoods(shrunk, layer.patch_size), [-1, count, layer.patch_size**2 * depth])
    squares = tf.reduce_sum(rows**2, axis=-1, keepdims=True)
    scores = tf.matmul(rows, rows * tf.math.rsqrt(tf.maximum(squares, 1e-8)), transpose_b=True)
    if layer.fuse:
        scores = fuse_scores(scores, (height, width), layer.fuse_size)
    in_hole = tf.reduce_max(neighbourhoods(shrink_nearest(mask, layer.rate), layer.patch_size), axis=-1)
    usable = tf.cast(tf.reshape(in_hole, [-1, 1, count]) == 0, tf.float32)
    probabilities = tf.nn.softmax(scores * usable * layer.softmax_scale) * usable
    blocks = to_blocks(features, layer.rate)
    corners = [(row, column) for row in range(2) for column in range(2)]
    pasted = tf.add_n([
        tf.pad(tf.reshape(tf.matmul(probabilities, tf.reshape(
            blocks[:, row:row + height, column:column + width], [-1, count, blocks.shape[-1]])),
            [-1, height, width, blocks.shape[-1]]), [[0, 0], [row, 1 - row], [column, 1 - column], [0, 0]])
        for row, column in corners])
    return from_blocks(pasted, layer.rate) / 4, probabilities


def fuse_scores(scores, grid, size=3):
    """(B, L, L), queries by keys: sums along the diagonals, row by row, then column by column."""
    height, width = grid
    count = height * width
    by_rows = tf.reshape(_diagonal_sum(scores, size), [-1, height, width, height, width])
    by_columns = tf.reshape(tf.transpose(by_rows, [0, 2, 1, 4, 3]), [-1, count, count])
    fused = tf.reshape(_diagonal_sum(by_columns, size), [-1, width, height, width, height])
    return tf.reshape(tf.transpose(fused, [0, 2, 1, 4, 3]), [-1, count, count])


def _diagonal_sum(scores, size):
    reach = size // 2
    count = scores.shape[1]
    padded = tf.pad(scores, [[0, 0], [reach, reach], [reach, reach]])
    return tf.add_n([padded[:, shift:shift + count, shift:shift + count] for shift in range(size)])
