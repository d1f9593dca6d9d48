"""The box around the hole, which the local critic and the discounted loss look at."""

from __future__ import annotations

import tensorflow as tf


def corners_around(masks: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Where to lay a box of `size` so that the hole is in its middle.

    Args:
        masks: (B, H, W, 1), 1 = hole, H and W static.
        size: Height and width of the box in pixels, no larger than the mask.

    Returns:
        int32 (B, 2): row and column of the box's first pixel. The box lies in the picture; a hole of which it
        covers only a part has its middle covered as far as that allows.

    Reference:
        `random_bbox` and `bbox2mask` in the official inpaint_ops.py: the hole is a box whose sides were moved
        inwards by the same amounts, so that this finds the box again.
    """
    corners = []
    for axis, side in enumerate(size, start=1):
        length = masks.shape[axis]
        in_hole = tf.cast(tf.reduce_max(masks, axis=[3 - axis, 3]) > 0.5, tf.int32)
        first = tf.argmax(in_hole, axis=1, output_type=tf.int32)
        last = length - 1 - tf.argmax(in_hole[:, ::-1], axis=1, output_type=tf.int32)
        corners.append(tf.clip_by_value((first + last + 1 - side) // 2, 0, length - side))
    return tf.stack(corners, axis=1)


def crop_boxes(images: tf.Tensor, corners: tf.Tensor, size: tuple[int, int]) -> tf.Tensor:
    """Cut one box out of every image.

    Args:
        images: (B, H, W, C).
        corners: int32 (B, 2), or (2,) for all: row and column of the box's first pixel. It lies in the picture.
        size: Height and width of the box in pixels.

    Returns:
        (B, height, width, C): a static size wherever the boxes are, as compilers want it.
    """
    corners = tf.broadcast_to(corners, [tf.shape(images)[0], 2])
    # Split, not sliced: 2.15's graph optimiser loses the new axis of a slice out of a stack.
    for axis, (first, side) in enumerate(zip(tf.split(corners, 2, axis=1), size), start=1):
        images = tf.gather(images, first + tf.range(side), axis=axis, batch_dims=1)
    return images
