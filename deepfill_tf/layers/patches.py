"""Patches of an image as rows of a matrix, and images from overlapping patches.

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
    height, width = tf.unstack(tf.shape(images)[1:3])
    return tf.concat([padded[:, row:row + height, column:column + width]
                      for row in range(size) for column in range(size)], axis=-1)


def overlapping_patches(images: tf.Tensor, stride: int) -> tf.Tensor:
    """Patches of side `2 * stride`, one every `stride` pixels, zeros beyond the border.

    Shape:
        (B, H, W, C) -> (B, H / stride, W / stride, 4 * stride * stride * C); H, W multiples of `stride`. A patch
        holds its four blocks of side `stride` one after another.
    """
    before, after = stride // 2, stride - stride // 2
    padded = tf.pad(images, [[0, 0], [before, after], [before, after], [0, 0]])
    blocks = _blocks_to_depth(padded, stride)  # (B, h + 1, w + 1, stride * stride * C)
    height, width = tf.unstack(tf.shape(blocks)[1:3] - 1)
    return tf.concat([blocks[:, row:row + height, column:column + width]
                      for row in range(2) for column in range(2)], axis=-1)


def overlap_add(patches: tf.Tensor, stride: int) -> tf.Tensor:
    """Sum of `overlapping_patches` laid back where they were cut; the adjoint of that function.

    Shape:
        (B, h, w, 4 * stride * stride * C) -> (B, h * stride, w * stride, C).
    """
    corners = iter(tf.split(patches, 4, axis=-1))
    blocks = tf.add_n([tf.pad(next(corners), [[0, 0], [row, 1 - row], [column, 1 - column], [0, 0]])
                       for row in range(2) for column in range(2)])
    images = _depth_to_blocks(blocks, stride)
    before, after = stride // 2, stride - stride // 2
    height, width = tf.unstack(tf.shape(images)[1:3])
    return images[:, before:height - after, before:width - after]


def _blocks_to_depth(images, stride):
    return images if stride == 1 else tf.nn.space_to_depth(images, stride)


def _depth_to_blocks(blocks, stride):
    return blocks if stride == 1 else tf.nn.depth_to_space(blocks, stride)
