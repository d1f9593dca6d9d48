"""The order of training: stateless, so that any epoch can be entered without the ones before it."""

from __future__ import annotations

import tensorflow as tf

from deepfill_tf.random_numbers import GENERATOR


def epochs_from(first: int) -> tf.data.Dataset:
    """The numbers of the epochs, int64, from `first` on and without end."""
    return tf.data.Dataset.range(first, tf.int64.max)


def shuffled(count: int, seed: int | tf.Tensor, epoch: tf.Tensor) -> tf.Tensor:
    """The numbers below `count`, int64, in the order of an epoch: a function of `seed` and `epoch` alone."""
    seeds = [tf.convert_to_tensor(seed, tf.int64), epoch]
    keys = tf.random.stateless_uniform([count], seeds, None, None, tf.int32, alg=GENERATOR)
    return tf.cast(tf.argsort(keys, stable=True), tf.int64)  # XLA cannot compile TensorFlow's own shuffling
