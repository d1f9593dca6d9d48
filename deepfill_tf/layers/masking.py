"""How image and mask enter the network, and how a stage's output meets the known pixels."""

from __future__ import annotations

import tensorflow as tf

from deepfill_tf.layers.resize import shrink_nearest


@tf.keras.utils.register_keras_serializable(package="deepfill_tf")
class EraseHole(tf.keras.layers.Layer):
    """`image * (1 - mask)`: nothing under the hole ever reaches the network.

    Inputs:
        image (B, H, W, 3) in [-1, 1]; mask (B, H, W, 1), 1 = hole.
    """

    def call(self, image, mask):
        return image * (1 - tf.cast(mask, image.dtype))


@tf.keras.utils.register_keras_serializable(package="deepfill_tf")
class NetworkInput(tf.keras.layers.Layer):
    """What a stage sees: the erased or pasted image(, edges under the hole), a channel of ones and the mask.

    Inputs:
        image (B, H, W, 3); mask (B, H, W, 1), 1 = hole; edges (B, H, W, 1) or None.

    Returns:
        (B, H, W, 5), or (B, H, W, 6) with edges.

    Reference:
        Start of `build_inpaint_net` in the official inpaint_model.py. The ones let the network see the zeros that
        pad the image's border.
    """

    def call(self, image, mask, edges=None):
        mask = tf.cast(mask, image.dtype)  # Keras casts the first argument only under mixed precision
        channels = [image, tf.ones_like(mask), mask]
        if edges is not None:
            channels.insert(1, tf.cast(edges, image.dtype) * mask)
        return tf.concat(channels, axis=-1)


@tf.keras.utils.register_keras_serializable(package="deepfill_tf")
class PasteKnown(tf.keras.layers.Layer):
    """`completed` inside the hole, `known` outside.

    Inputs:
        completed, known (B, H, W, 3); mask (B, H, W, 1), 1 = hole.
    """

    def call(self, completed, known, mask):
        mask, known = tf.cast(mask, completed.dtype), tf.cast(known, completed.dtype)
        return completed * mask + known * (1 - mask)


@tf.keras.utils.register_keras_serializable(package="deepfill_tf")
class PaintOnto(tf.keras.layers.Layer):
    """`start + painted`, kept in [-1, 1].

    Inputs:
        painted, start (B, H, W, 3).
    """

    def call(self, painted, start):
        return tf.clip_by_value(painted + tf.cast(start, painted.dtype), -1.0, 1.0)


@tf.keras.utils.register_keras_serializable(package="deepfill_tf")
class ShrinkMask(tf.keras.layers.Layer):
    """The mask at a quarter of its size, where the attention works: (B, H, W, 1) -> (B, H / 4, W / 4, 1)."""

    def call(self, mask):
        return shrink_nearest(mask, 4)
