"""How the generator's kernels start."""

from __future__ import annotations

import math
from typing import Any

import tensorflow as tf

from deepfill_tf.config import INITIALIZATIONS

FAINT = 0.1
GAIN = 2.0  # what ELU and a half-open gate take from the signal's deviation


@tf.keras.utils.register_keras_serializable(package="deepfill_tf")
class LooksLinear(tf.keras.initializers.Initializer):
    """Start as a gated layer that passes its input on, turned and a little stirred.

    Features come in pairs of opposite sign. What ELU takes from the one the other keeps, and with an orthogonal
    centre tap the layer is close to a linear map that loses nothing. Measured on 64 px crops at batch 8, hole
    PSNR of 3 px lines after 125 steps: 18.9 dB, against 15.8 dB from "signal-preserving".

    Args:
        strength: Of the centre tap, before the gain.
        stir: Of the noise on all taps of the feature half, before the gain.

    Reference:
        Balduzzi et al. 2017, arXiv:1702.08591, section 4 (looks-linear initialisation).
    """

    def __init__(self, strength: float = 0.8, stir: float = 0.5) -> None:
        self.strength = strength
        self.stir = stir

    def __call__(self, shape: Any, dtype: Any = None, **kwargs: Any) -> tf.Tensor:
        """Kernel (height, width, in, 2 * filters): the feature half, then the gate half; `filters` even."""
        height, width, channels, doubled = shape
        filters = doubled // 2
        noise = tf.keras.initializers.RandomNormal(stddev=GAIN / math.sqrt(height * width * channels))(shape)
        features, gates = tf.split(noise, 2, axis=-1)
        centre = self._centre(channels, filters) * (GAIN * self.strength)
        features = self.stir * features + tf.pad(
            centre[tf.newaxis, tf.newaxis], [[height // 2] * 2, [width // 2] * 2, [0, 0], [0, 0]])
        return tf.cast(tf.concat([features, gates], axis=-1), dtype or tf.float32)

    @staticmethod
    def _centre(channels, filters):
        orthogonal = tf.keras.initializers.Orthogonal()
        if channels % 2 or channels < 8:  # an image: no pairs yet
            turned = orthogonal([channels, filters // 2]) * math.sqrt(filters / 2 / channels)
            return tf.concat([turned, -turned], axis=1)
        turned = orthogonal([channels // 2, filters // 2]) * math.sqrt(max(1.0, filters / channels) / 2)
        return tf.concat([tf.concat([turned, -turned], axis=1), tf.concat([-turned, turned], axis=1)], axis=0)

    def get_config(self):
        return {"strength": self.strength, "stir": self.stir}


def kernel_initializer(initialization: str, *, output: bool = False, paints_onto: bool = False, strides: int = 1
                       ) -> tf.keras.initializers.Initializer:
    """Initialiser of one convolution kernel.

    Args:
        initialization: "reference" is the official Glorot uniform. Its half-closed gates shrink the signal from
            layer to layer, and the network idles at the mean colour for thousands of steps. "signal-preserving"
            is normal with standard deviation 2 / sqrt(fan-in), which keeps the variance through ELU and gate.
            "looks-linear" is that with an orthogonal centre tap, see `LooksLinear`; it learns fastest.
        output: Whether the kernel yields the image, where no gate shrinks anything: 1 / sqrt(fan-in).
        paints_onto: Whether that image is added to another one, of which it should take nothing away at first: a tenth
            of the deviation.
        strides: Of the convolution; one that shrinks the image cannot pass everything on, and starts normal.

    Raises:
        ValueError: If `initialization` is unknown.
    """
    if initialization not in INITIALIZATIONS:
        raise ValueError(f"`initialization` should be one of {INITIALIZATIONS}. Received: {initialization!r}")
    if initialization == "reference" and not paints_onto:
        return tf.keras.initializers.GlorotUniform()
    if initialization == "looks-linear" and strides == 1 and not output:
        return LooksLinear()
    gain = GAIN if not output else FAINT if paints_onto else 1.0
    return tf.keras.initializers.VarianceScaling(scale=gain**2, mode="fan_in", distribution="untruncated_normal")
