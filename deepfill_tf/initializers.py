"""How the generator's kernels start."""

from __future__ import annotations

import tensorflow as tf

INITIALIZATIONS = ("reference", "signal-preserving")


def kernel_initializer(initialization: str, *, output: bool = False) -> tf.keras.initializers.Initializer:
    """Initialiser of one convolution kernel.

    Args:
        initialization: "reference" is the official Glorot uniform. Its half-closed gates shrink the signal from
            layer to layer, and the network idles at the mean colour for thousands of steps. "signal-preserving"
            is normal with standard deviation 2 / sqrt(fan-in), which keeps the variance through ELU and gate.
        output: Whether the kernel yields the image, where no gate shrinks anything: 1 / sqrt(fan-in).

    Raises:
        ValueError: If `initialization` is unknown.
    """
    if initialization == "reference":
        return tf.keras.initializers.GlorotUniform()
    if initialization == "signal-preserving":
        gain = 1.0 if output else 2.0
        return tf.keras.initializers.VarianceScaling(scale=gain**2, mode="fan_in", distribution="untruncated_normal")
    raise ValueError(f"`initialization` should be one of {INITIALIZATIONS}. Received: {initialization!r}")
