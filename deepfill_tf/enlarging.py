"""Parts of a picture, enlarged: by matrix products, since XLA has no resampling for factors that it does not know."""

from __future__ import annotations

import tensorflow as tf


def enlarged(image: tf.Tensor, corner: tf.Tensor, factor: tf.Tensor, size: int) -> tf.Tensor:
    """A square part of an image, interpolated by cubic convolution.

    Args:
        image: uint8 (H, W, C).
        corner: float32 (2,), row and column of the part's upper left corner in pixels, from 0.
        factor: float32 scalar from 1: the part's sides are `size / factor`. What lies outside the image is its border.
        size: Of the result in pixels.

    Returns:
        uint8 (size, size, C).

    Reference:
        Keys 1981, "Cubic convolution interpolation for digital image processing".
    """
    rows, columns = (_weights(tf.shape(image)[axis], corner[axis], factor, size) for axis in (0, 1))
    result = tf.einsum("ri,ijc,kj->rkc", rows, tf.cast(image, tf.float32), columns)
    return tf.cast(tf.clip_by_value(tf.round(result), 0.0, 255.0), tf.uint8)


def _weights(length: tf.Tensor, first: tf.Tensor, factor: tf.Tensor, size: int) -> tf.Tensor:
    """How much each of `length` pixels counts for each of `size` new ones, (size, length); rows sum to 1."""
    centres = first + (tf.range(size, dtype=tf.float32) + 0.5) / factor - 0.5
    distance = tf.abs(centres[:, tf.newaxis] - tf.range(length, dtype=tf.float32))
    near = (1.5 * distance - 2.5) * distance**2 + 1.0
    far = ((-0.5 * distance + 2.5) * distance - 4.0) * distance + 2.0
    weights = tf.where(distance < 1.0, near, tf.where(distance < 2.0, far, 0.0))
    return weights / tf.reduce_sum(weights, axis=1, keepdims=True)  # near the border, some are missing
