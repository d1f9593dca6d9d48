"""Image files to tensors, by TensorFlow's own operations, so that tf.data runs them in parallel."""

from __future__ import annotations

import tensorflow as tf

DECODABLE = (".jpg", ".jpeg", ".png", ".bmp")


def decode(contents: tf.Tensor) -> tf.Tensor:
    """Decode the bytes of a JPEG, PNG or BMP file.

    Returns:
        uint8 (H, W, 3) RGB. Grey becomes three equal channels, transparency is dropped, 16 bits become 8.

    Raises:
        tf.errors.InvalidArgumentError: If the bytes are not a whole picture; a file cut short is not.
    """
    image = tf.io.decode_image(contents, channels=3, expand_animations=False)
    image.set_shape([None, None, 3])
    return image


def resize_short_side(image: tf.Tensor, side: int) -> tf.Tensor:
    """uint8 (H, W, 3) with the aspect kept, so that the short side has `side` pixels; smoothed if it shrinks."""
    size = tf.shape(image)[:2]
    scale = side / tf.cast(tf.reduce_min(size), tf.float32)
    wanted = tf.cast(tf.math.ceil(tf.cast(size, tf.float32) * scale), tf.int32)
    # The short side itself must not depend on how the product is rounded.
    wanted = tf.where(size == tf.reduce_min(size), side, tf.maximum(wanted, side))
    resized = tf.image.resize(image, wanted, antialias=True)
    return tf.cast(tf.round(resized), tf.uint8)


def enlarge(image: tf.Tensor, smallest: int) -> tf.Tensor:
    """The image itself, uint8 (H, W, 3), or enlarged if its short side is below `smallest` pixels."""
    if tf.reduce_min(tf.shape(image)[:2]) < smallest:
        image = resize_short_side(image, smallest)
    return image


def load_image(path: tf.Tensor, smallest: int) -> tf.Tensor:
    """Decode a file: uint8 (H, W, 3) RGB, enlarged if its short side is below `smallest` pixels."""
    return enlarge(decode(tf.io.read_file(path)), smallest)
