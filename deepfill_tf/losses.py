"""Losses: pure functions of tensors, each a float32 scalar."""

from __future__ import annotations

import tensorflow as tf


def reconstruction_loss(image: tf.Tensor, completed: tf.Tensor, mask: tf.Tensor, hole_weight: float = 0.0
                        ) -> tf.Tensor:
    """Mean absolute difference over the full image, the hole counted more if wanted.

    Args:
        image, completed: (B, H, W, 3) in [-1, 1].
        mask: (B, H, W, 1), 1 = hole.
        hole_weight: Added to the weight 1 inside the hole; 0 is the official loss.

    Reference:
        `ae_loss` in the official inpaint_model.py, which counts the whole image alike.
    """
    return tf.reduce_mean((1.0 + hole_weight * mask) * tf.abs(image - completed))
