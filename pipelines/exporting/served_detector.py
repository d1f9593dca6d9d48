"""The learned detector of damage from bytes to bytes, for a SavedModel."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from pipelines.damage.kinds import DEAD_PIXELS, KINDS
from pipelines.damage.network import tensor_function
from pipelines.exporting.served_chain import PICTURE, Outputs

GROWTH = 2  # pixels by which the mask reaches beyond what was found; `pipelines.detect` measures it in each picture


class ServedDetector(tf.Module):
    """The network that finds damage, on 8-bit pictures, with nothing but TensorFlow operations.

    The mask is nearly that of `python -m pipelines.detect --detector learned --grow 2`, which looks at pictures from
    all sides and at large ones in smaller copies, too. This one looks once, in an eighth of the time.

    Args:
        network: As `pipelines.damage.network.build_network` makes them.
    """

    def __init__(self, network: tf.keras.Model) -> None:
        super().__init__(name="served_detector")
        self._network = network
        self._probabilities = tensor_function(network)

    def signatures(self) -> dict[str, Any]:
        """The `tf.function` to export, by name."""
        return {"detect": tf.function(self.detect, input_signature=[tf.TensorSpec(PICTURE, tf.uint8, name="image")])}

    def detect(self, image: tf.Tensor) -> Outputs:
        """Find damage.

        Args:
            image: uint8 (B, H, W, 3), RGB, any H and W from 1.

        Returns:
            "mask", uint8 (B, H, W, 1), 255 = damaged, as the other signatures take it;
            "probabilities", float32 (B, H, W, 7), of each kind in the order of `pipelines.damage.KINDS`.
        """
        probabilities = self._probabilities(tf.cast(tf.ensure_shape(image, PICTURE), tf.float32) / 255.0)
        damaged = tf.reduce_sum(probabilities, axis=-1) > 0.5
        sharp = damaged & tf.equal(tf.argmax(probabilities, axis=-1), KINDS.index(DEAD_PIXELS))
        soft = tf.cast(damaged & ~sharp, tf.float32)[..., tf.newaxis]
        grown = tf.nn.max_pool2d(soft, 2 * GROWTH + 1, 1, "SAME")[..., 0] > 0
        mask = tf.where(grown | sharp, tf.constant(255, tf.uint8), tf.constant(0, tf.uint8))[..., tf.newaxis]
        return {"mask": tf.ensure_shape(mask, [None, None, None, 1]),
                "probabilities": tf.ensure_shape(probabilities, [None, None, None, len(KINDS)])}
