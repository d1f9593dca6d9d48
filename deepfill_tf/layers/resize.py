"""Nearest-neighbour resizing with aligned corners, as the reference does all of its resizing."""

from __future__ import annotations

import tensorflow as tf

from deepfill_tf.shared_graph import shared_graph

_LENGTH = tf.TensorSpec([], tf.int32)


@shared_graph(input_signature=[_LENGTH, _LENGTH])
def aligned_indices(size: tf.Tensor, new_size: tf.Tensor) -> tf.Tensor:
    """Source index of every output position along one axis.

    Args:
        size: Length of the axis, at least 1.
        new_size: Wanted length, at least 1.

    Returns:
        int32 (new_size,), each in [0, size - 1].

    Reference:
        TensorFlow 1 `resize_nearest_neighbor(align_corners=True)`. Scale and product are float32 on purpose:
        exact rational arithmetic gives other indices at some sizes (54 to 27 is the smallest).
    """
    last = tf.cast(size - 1, tf.float32)
    scale = tf.math.divide_no_nan(last, tf.cast(new_size - 1, tf.float32))  # one output pixel takes index 0
    position = tf.range(tf.cast(new_size, tf.float32)) * scale
    below = tf.floor(position)
    # Half rounds up. `floor(position + 0.5)` would round 0.49999997 up as well; the difference below is exact.
    nearest = below + tf.cast(position - below >= 0.5, tf.float32)
    return tf.cast(tf.minimum(nearest, last), tf.int32)


def shrink_nearest(images: tf.Tensor, factor: int) -> tf.Tensor:
    """Every `factor`-th pixel, with first and last kept in place.

    Shape:
        (B, H, W, C) -> (B, H // factor, W // factor, C); H and W at least `factor`, known or not.

    Reference:
        `resize(..., func=nearest, align_corners=True)` in neuralgym; drifts from 2i to 2i + 1 along the axis.
    """
    if factor == 1:
        return images
    height, width = tf.unstack(tf.shape(images)[1:3])
    rows = tf.gather(images, aligned_indices(height, height // factor), axis=1)
    shrunk = tf.gather(rows, aligned_indices(width, width // factor), axis=2)
    known = [None if side is None else side // factor for side in images.shape[1:3]]
    return tf.ensure_shape(shrunk, [images.shape[0], *known, images.shape[3]])


@tf.keras.utils.register_keras_serializable(package="deepfill_tf")
class DoubleNearest(tf.keras.layers.Layer):
    """Every pixel four times: (B, H, W, C) -> (B, 2 * H, 2 * W, C).

    Keras' UpSampling2D gives the same numbers, but XLA cannot compile its gradient for the CPU.

    Reference:
        `resize(..., scale=2, func=nearest, align_corners=True)` in neuralgym, which is plain repetition.
    """

    def call(self, images):
        batch, height, width, channels = tf.unstack(tf.shape(images))
        # Pixels lie in memory row by row, each with its channels: what stands twice in a row becomes two rows, and what
        # stands twice in a pixel two pixels.
        tall = tf.reshape(tf.concat([images, images], axis=2), [batch, 2 * height, width, channels])
        doubled = tf.reshape(tf.concat([tall, tall], axis=3), [batch, 2 * height, 2 * width, channels])
        return tf.ensure_shape(doubled, [images.shape[0], *(side and 2 * side for side in images.shape[1:3]),
                                         images.shape[3]])
