"""Which results of the contextual attention the hole's pixels depend on."""

from __future__ import annotations

import tensorflow as tf


@tf.keras.utils.register_keras_serializable(package="deepfill_tf")
class HoleReach(tf.keras.layers.Layer):
    """Positions at a quarter of the image's size that the network's later layers carry into the hole.

    After the attention come, each a 3x3 convolution: pmconv9, pmconv10, allconv11 and allconv12 at a quarter of the
    size, allconv13 and allconv14 at half of it, allconv15 to allconv17 at full size.

    Inputs:
        mask (B, H, W, 1), 1 = hole; H, W multiples of 4.

    Returns:
        (B, H / 4, W / 4, 1): 1 where a change may change a pixel of the hole, 0 where it cannot.
    """

    def call(self, mask):
        reached = _widened(mask, 3)  # pixels, for as many convolutions
        reached = _widened(_halved(reached), 2)
        return _widened(_halved(reached), 4)


def _widened(mask, cells):
    return tf.nn.max_pool2d(mask, 2 * cells + 1, 1, "SAME")


def _halved(mask):
    return tf.nn.max_pool2d(mask, 2, 2, "VALID")
