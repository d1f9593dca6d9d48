"""LPIPS: how different two pictures look, by the features of AlexNet."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import tensorflow as tf

SMALLEST_SIDE = 31  # pixels: smaller pictures leave nothing to the last layers
# What the network was trained with, of channels from -1 to 1.
SHIFT, SCALE = (-0.030, -0.088, -0.188), (0.458, 0.448, 0.450)
STRIDES, PADDINGS, POOLED_BEFORE = (4, 1, 1, 1, 1), (2, 2, 1, 1, 1), (False, True, True, False, False)
EPSILON = 1e-10


class Lpips(tf.Module):
    """Learned perceptual image patch similarity, AlexNet, version 0.1: 0 for equal pictures, more for others.

    Args:
        arrays: What `weights.lpips_file.read_lpips` returns.

    Reference:
        Zhang et al. 2018, arXiv:1801.03924, equation 1; the package lpips 0.1.4.
    """

    def __init__(self, arrays: Mapping[str, np.ndarray]) -> None:
        super().__init__(name="lpips")
        self._arrays = {name: tf.constant(array, tf.float32) for name, array in arrays.items()}

    def distance(self, first: np.ndarray, second: np.ndarray) -> float:
        """The distance of two pictures.

        Args:
            first, second: uint8 (H, W) or (H, W, 3), no side below `SMALLEST_SIDE`.

        Raises:
            ValueError: If shapes differ or are too small.
        """
        if first.shape != second.shape or min(first.shape[:2]) < SMALLEST_SIDE:
            raise ValueError(f"pictures should be of one shape, of at least {SMALLEST_SIDE} x {SMALLEST_SIDE} pixels. "
                             f"Received: {first.shape} and {second.shape}")
        pair = np.stack([_as_rgb(first), _as_rgb(second)])
        return float(self._distance(tf.constant(pair / 127.5 - 1.0, tf.float32)))

    @tf.function(input_signature=[tf.TensorSpec([2, None, None, 3], tf.float32)])
    def _distance(self, pair):
        values = (pair - tf.constant(SHIFT)) / tf.constant(SCALE)
        total = 0.0
        for index, (stride, padding, pooled) in enumerate(zip(STRIDES, PADDINGS, POOLED_BEFORE), 1):
            if pooled:
                values = tf.nn.max_pool2d(values, 3, 2, "VALID")
            values = tf.pad(values, [[0, 0], [padding, padding], [padding, padding], [0, 0]])
            values = tf.nn.relu(tf.nn.conv2d(values, self._arrays[f"conv{index}/kernel"], stride, "VALID")
                                + self._arrays[f"conv{index}/bias"])
            directions = values / (tf.norm(values, axis=-1, keepdims=True) + EPSILON)
            difference = tf.square(directions[0] - directions[1])
            total += tf.reduce_mean(tf.reduce_sum(difference * self._arrays[f"linear{index}"], axis=-1))
        return total


def _as_rgb(picture):
    return picture if picture.ndim == 3 else np.repeat(picture[..., np.newaxis], 3, axis=-1)
