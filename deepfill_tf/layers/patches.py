"""Neighbourhoods and blocks of an image as channels.

Written as slices and reshapes: exact, differentiable, and free of unknown-shape trouble in every compiler.
"""

from __future__ import annotations

import tensorflow as tf


def neighbourhoods(images: tf.Tensor, size: int) -> tf.Tensor:
    """The `size` x `size` neighbourhood of every pixel, zeros beyond the border.

    Shape:
        (B, H, W, C) -> (B, H, W, size * size * C), `size` odd.
    """
    reach = size // 2
    padded = tf.pad(images, [[0, 0], [reach, reach], [reach, reach], [0, 0]])
    shifts = [slice(shift, shift - 2 * reach or None) for shift in range(size)]
    return tf.concat([padded[:, rows, columns] for rows in shifts for columns in shifts], axis=-1)


def to_blocks(images: tf.Tensor, side: int) -> tf.Tensor:
    """Blocks of an image that begin half a block before its border, zeros beyond the border.

    Shape:
        (B, H, W, C) -> (B, H / side + 1, W / side + 1, side * side * C); H, W multiples of `side`.
    """
    before, after = side // 2, side - side // 2
    padded = tf.pad(images, [[0, 0], [before, after], [before, after], [0, 0]])
    return padded if side == 1 else tf.nn.space_to_depth(padded, side)


def from_blocks(blocks: tf.Tensor, side: int) -> tf.Tensor:
    """The image whose `to_blocks` are `blocks`.

    Shape:
        (B, h + 1, w + 1, side * side * C) -> (B, h * side, w * side, C).
    """
    images = blocks if side == 1 else tf.nn.depth_to_space(blocks, side)
    before, after = side // 2, side - side // 2
    height, width = tf.unstack(tf.shape(images)[1:3])
    return images[:, before:height - after, before:width - after]
