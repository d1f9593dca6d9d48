"""The order of training: stateless, so that any epoch can be entered without the ones before it."""

from __future__ import annotations

import tensorflow as tf

from deepfill_tf import masks


def epochs_from(first: int) -> tf.data.Dataset:
    """The numbers of the epochs, int64, from `first` on and without end."""
    return tf.data.Dataset.range(first, tf.int64.max)


def shuffled(count: int, seed: int, epoch: tf.Tensor) -> tf.Tensor:
    """The numbers below `count`, int64, in the order of an epoch: a function of `seed` and `epoch` alone."""
    return tf.random.experimental.stateless_shuffle(
        tf.range(count, dtype=tf.int64), [tf.constant(seed, tf.int64), epoch], alg=masks.GENERATOR)
