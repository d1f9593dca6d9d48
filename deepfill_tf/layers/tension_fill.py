"""Fill holes smoothly: what a network may start from instead of zeros."""

from __future__ import annotations

import numpy as np
import scipy.signal
import tensorflow as tf

TENSION = 0.8         # 1 / pixel: curvature fades over 1.25 pixels from the rim, farther in the fill is harmonic
HALVINGS = 10         # the coarsest level has one value for 1024 x 1024 pixels
# Kernels: minus the Laplacian, and its square with the tension.
STRETCHING = np.array([[0.0, -1.0, 0.0], [-1.0, 4.0, -1.0], [0.0, -1.0, 0.0]])
BENDING = np.pad(TENSION**2 * STRETCHING, 1) + scipy.signal.convolve2d(STRETCHING, STRETCHING)
COARSE_STEPS = 8      # of the solver on each level but the finest
COARSE_BOUNDS = 0.1, 8.0       # of the eigenvalues that these steps damp; 8 is the largest
FINE_STEPS = 16
FINE_BOUNDS = 1.0, 64.0 + 8.0 * TENSION**2


@tf.keras.utils.register_keras_serializable(package="deepfill_tf")
class TensionFill(tf.keras.layers.Layer):
    """The image with its holes filled by a spline in tension; nothing under the hole reaches the network.

    Solves, in the hole, `laplacian(laplacian(u) - TENSION**2 * u) = 0` with all known pixels given: in thin damage the
    fill carries on slopes as biharmonic interpolation does, in wide holes it is calm as a harmonic one. Solved
    approximately from coarse to fine, in time linear in the number of pixels.

    Inputs:
        image (B, H, W, C), any H and W from 2, known or not; mask (B, H, W, 1), 1 = hole.

    Returns:
        float32 (B, H, W, C): `image`, bit by bit, outside the hole. An image that is all hole gives 0.

    Reference:
        Smith and Wessel 1990, "Gridding with continuous curvature splines in tension", Geophysics 55(3); solved as in
        the cascadic multigrid method (Bornemann and Deuflhard 1996) with Chebyshev steps. Not part of DeepFill.
    """

    def __init__(self, **kwargs):
        super().__init__(**{"dtype": "float32", **kwargs})  # solvers need the digits, whatever the policy

    def call(self, image, mask):
        hole = mask > 0.5
        levels = [(tf.where(hole, tf.zeros_like(image), image), hole)]
        for _ in range(HALVINGS):
            levels.append(_halved(*levels[-1]))
        filled = levels[-1][0]
        for values, hole in reversed(levels[1:-1]):
            filled = _smoothed(_enlarged(filled, values, hole), hole, STRETCHING, COARSE_BOUNDS, COARSE_STEPS)
        values, hole = levels[0]
        return _smoothed(_enlarged(filled, values, hole), hole, BENDING, FINE_BOUNDS, FINE_STEPS)


def _halved(values, hole):
    """Means of the known among 2 x 2 pixels; a hole where none is."""
    known = tf.cast(tf.logical_not(hole), values.dtype)
    share = tf.nn.avg_pool2d(known, 2, 2, "SAME")
    return tf.math.divide_no_nan(tf.nn.avg_pool2d(values * known, 2, 2, "SAME"), share), tf.equal(share, 0.0)


def _enlarged(coarse, values, hole):
    """`values`, in whose hole stands the enlarged `coarse`."""
    return tf.where(hole, tf.image.resize(coarse, tf.shape(values)[1:3]), values)


def _convolved(image: tf.Tensor, kernel: np.ndarray) -> tf.Tensor:
    """Each channel by itself, with the border mirrored; one operation is several times faster than shifted sums."""
    reach = kernel.shape[0] // 2
    framed = tf.pad(image, [[0, 0], [reach, reach], [reach, reach], [0, 0]], mode="SYMMETRIC")
    kernels = np.repeat(kernel[..., np.newaxis, np.newaxis], image.shape[-1], axis=2).astype(np.float32)
    return tf.nn.depthwise_conv2d(framed, kernels, [1, 1, 1, 1], "VALID")


def _smoothed(image: tf.Tensor, hole: tf.Tensor, kernel: np.ndarray,
              bounds: tuple[float, float], steps: int) -> tf.Tensor:
    """Chebyshev steps towards a convolved image of 0 in the hole, for eigenvalues between the bounds."""
    low, high = bounds
    centre, radius = (high + low) / 2, (high - low) / 2
    factor = radius / centre
    change = tf.zeros_like(image)
    for step in range(steps):
        residual = tf.where(hole, -_convolved(image, kernel), 0.0)
        if step == 0:
            change = residual / centre
        else:
            next_factor = 1.0 / (2.0 * centre / radius - factor)
            change = next_factor * factor * change + 2.0 * next_factor / radius * residual
            factor = next_factor
        image = image + change
    return image
