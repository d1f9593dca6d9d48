"""Fill damaged pixels from their surroundings, in pure TensorFlow operations."""

from __future__ import annotations

import tensorflow as tf

LEVELS = 10  # halvings: the coarsest level has one value for 1024 pixels, more than any scratch is wide


def fill_damage(image: tf.Tensor, damage: tf.Tensor) -> tf.Tensor:
    """Replace damaged pixels by a smooth continuation of the valid ones around them.

    A pyramid of weighted means: each level averages the valid pixels of 3 x 3 of the finer level and halves
    the sides; on the way back, a level's empty places take the interpolated values of the coarser one. Thin
    damage is thus filled from its nearest neighbours and wide damage from farther away.

    Args:
        image: (B, H, W, C) float32, any H, W >= 1; values under damage may be anything, NaN included.
        damage: (B, H, W, 1) float32, 1 = damaged.

    Returns:
        (B, H, W, C) float32: the image outside the damage, bit for bit. An image without any valid pixel
        gives 0.

    Reference:
        Gortler et al. 1996, "The Lumigraph", sec. 3.4 (pull-push).
    """
    damaged = damage > 0.5
    values = tf.where(damaged, tf.zeros_like(image), image)
    weights = tf.where(damaged, 0.0, tf.ones_like(damage))
    pyramid = [(values, weights)]
    for _ in range(LEVELS):
        total = tf.nn.avg_pool2d(values * weights, 3, 2, "SAME")
        pooled = tf.nn.avg_pool2d(weights, 3, 2, "SAME")
        values = tf.math.divide_no_nan(total, pooled)
        weights = tf.cast(pooled > 0, tf.float32)
        pyramid.append((values, weights))
    filled = values
    for values, weights in reversed(pyramid[:-1]):
        coarse = tf.image.resize(filled, tf.shape(values)[1:3])
        filled = tf.where(weights > 0, values, coarse)
    return filled
