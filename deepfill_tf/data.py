"""Training samples: every one a pure function of (seed, position), so that a run can go on from any step."""

from __future__ import annotations

import os
from collections.abc import Sequence

import tensorflow as tf

from deepfill_tf import masks
from deepfill_tf.config import DeepFillConfig

# Streams of random numbers that one seed must keep apart.
ORDER, CROP, FLIP, MASK = range(4)


def load_image(path: tf.Tensor, smallest: int) -> tf.Tensor:
    """Decode a file: uint8 (H, W, 3) RGB, enlarged if its short side is below `smallest` pixels."""
    image = tf.io.decode_image(tf.io.read_file(path), channels=3, expand_animations=False)
    image.set_shape([None, None, 3])
    size = tf.shape(image)[:2]
    short = tf.reduce_min(size)
    if short < smallest:
        wanted = tf.cast(tf.math.ceil(tf.cast(size, tf.float32) * (smallest / tf.cast(short, tf.float32))), tf.int32)
        image = tf.cast(tf.round(tf.image.resize(image, tf.maximum(wanted, smallest), antialias=True)), tf.uint8)
    return image


def training_batches(paths: Sequence[str | os.PathLike[str]], config: DeepFillConfig, *, seed: int,
                     first_step: int = 0) -> tf.data.Dataset:
    """The batches of the steps from `first_step` to the end of the run.

    Args:
        paths: Image files.
        config: Crop size, batch size, number of steps and mask mix.
        seed: Of order, crops, flips and masks.
        first_step: Steps already done.

    Returns:
        Pairs: images float32 (B, S, S, 3) in [-1, 1], masks float32 (B, S, S, 1), 1 = hole, one for each image.
        Every image is seen once before any is seen again.

    Raises:
        ValueError: If there are no paths.
    """
    if not paths:
        raise ValueError("no training images: `paths` is empty")
    size, count = config.image_size, len(paths)
    names = tf.constant([os.fspath(path) for path in paths])

    def sample(position):
        def stream(purpose):
            return tf.random.fold_in(tf.random.fold_in([seed, purpose], position, alg=masks.GENERATOR), 0,
                                     alg=masks.GENERATOR)

        epoch = position // count
        order = tf.random.experimental.stateless_shuffle(tf.range(count), [seed + ORDER, tf.cast(epoch, tf.int32)],
                                                         alg=masks.GENERATOR)
        image = load_image(names[order[position % count]], size)
        image = tf.image.stateless_random_crop(image, [size, size, 3], stream(CROP))
        image = tf.image.stateless_random_flip_left_right(image, stream(FLIP))
        mask = masks.mixture(stream(MASK), size, size, dict(config.masks))
        return tf.cast(image, tf.float32) / 127.5 - 1.0, mask

    positions = tf.data.Dataset.range(first_step * config.batch_size, config.steps * config.batch_size)
    return (positions.map(sample, num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
            .batch(config.batch_size, drop_remainder=True)
            .prefetch(2))
