"""Convolution whose kernel is divided by its largest singular value."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

EPSILON = 1e-12  # keeps the direction of a zero vector finite


def _direction(vector: tf.Tensor) -> tf.Tensor:
    return vector / (tf.norm(vector) + EPSILON)


@tf.custom_gradient
def _project(matrix, u):
    """`u @ matrix.T`, whose gradient is computed as if the u that follows had been projected.

    The official graph holds u in a TensorFlow 1 reference variable, which the forward pass overwrites in place.
    When the backward pass multiplies by "the u of the forward pass", it reads the new one. True mathematics gives
    another gradient: by half in the first layer as long as u is far from the singular vector, and the same one
    once u has arrived there. Golden numbers and the official training are with the new u, so ours is as well.
    """
    projected = tf.matmul(u, matrix, transpose_b=True)
    next_u = _direction(tf.matmul(_direction(projected), matrix))

    def gradient(upstream):
        return tf.matmul(upstream, next_u, transpose_a=True), None

    return projected, gradient


def power_iteration(matrix: tf.Tensor, u: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """One step towards the largest singular value of a matrix.

    Args:
        matrix: (rows, columns) float32.
        u: (1, columns), a guess of the right singular vector; of any length but zero.

    Returns:
        sigma: (1, 1), from below close to the singular value; gradients flow through it to `matrix`.
        next_u: (1, columns), a better guess, of length 1.

    Reference:
        Miyato et al. 2018, arXiv:1802.05957, section 2.1 and appendix A.
    """
    v = _direction(_project(matrix, u))
    projected = tf.matmul(v, matrix)
    next_u = _direction(projected)
    return tf.matmul(projected, next_u, transpose_b=True), next_u


@tf.keras.utils.register_keras_serializable(package="deepfill_tf")
class SpectralConv2D(tf.keras.layers.Layer):
    """Convolution by `kernel / sigma`, sigma being the kernel's largest singular value; the bias is added as it is.

    Every call with `training=True` advances `u` by one power iteration, whatever the call is for: the generator's
    step does so as the discriminator's. With `training=False` sigma is computed alike and `u` stays. `kernel`, `u`
    and sigma are float32 under any mixed precision policy.

    Under a distribution strategy each replica keeps its own `u`, all of them equal since the kernels are: no
    replica has to wait for another, and a step may be compiled in each. What is saved is the first replica's.

    Args:
        filters: Output channels.
        kernel_size: Side of the square kernel.
        strides: Step of the convolution; 2 halves the image.

    Shape:
        (B, H, W, C) -> (B, ceil(H / strides), ceil(W / strides), filters); H and W known or not.

    Raises:
        ValueError: If `filters` is below 1.

    Reference:
        Yu et al. 2019, arXiv:1806.03589, section 3.3; Miyato et al. 2018, arXiv:1802.05957;
        `conv2d_spectral_norm` of neuralgym.

    Differs from the reference:
        `training=False` exists. The official graph advances `u` whenever the discriminator is run.
    """

    def __init__(self, filters: int, kernel_size: int = 5, *, strides: int = 2, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        if filters < 1:
            raise ValueError(f"`filters` should be at least 1. Received: {filters}")
        self.filters = filters
        self.kernel_size = kernel_size
        self.strides = strides

    def build(self, input_shape):
        # No automatic cast: sigma is worth computing from all bits of the kernel.
        self.kernel = self.add_weight(
            "kernel", [self.kernel_size, self.kernel_size, input_shape[-1], self.filters], tf.float32,
            initializer="glorot_uniform", experimental_autocast=False)
        self.bias = self.add_weight("bias", [self.filters], tf.float32, initializer="zeros")
        self.u = self.add_weight(
            "u", [1, self.filters], tf.float32, initializer=tf.keras.initializers.TruncatedNormal(stddev=1.0),
            trainable=False, experimental_autocast=False, synchronization=tf.VariableSynchronization.ON_READ,
            aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA)
        super().build(input_shape)

    def call(self, inputs, training=None):
        kernel = tf.convert_to_tensor(self.kernel)
        sigma, next_u = power_iteration(tf.reshape(kernel, [-1, self.filters]), tf.convert_to_tensor(self.u))
        if training:
            self.u.assign(next_u)
        normalized = tf.cast(kernel / sigma, inputs.dtype)
        return tf.nn.conv2d(inputs, normalized, self.strides, "SAME") + self.bias

    def get_config(self):
        return {**super().get_config(), "filters": self.filters, "kernel_size": self.kernel_size,
                "strides": self.strides}
