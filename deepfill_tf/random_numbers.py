"""Random numbers that follow from a seed: the same in tf.data, in a compiled step and on every device.

Seeds are integer tensors of shape (2,).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Union

import tensorflow as tf

Seed = Union[tf.Tensor, Sequence[Union[int, tf.Tensor]]]
Shape = Sequence[Union[int, tf.Tensor]]

# Named, because the automatic choice differs between devices and compilers, and so would the numbers.
GENERATOR = "philox"


def split_seed(seed: Seed, count: int) -> list[tf.Tensor]:
    """`count` independent seeds from one."""
    return tf.unstack(tf.random.split(seed, count, alg=GENERATOR))


def folded(seed: Seed, number: tf.Tensor) -> tf.Tensor:
    """A seed from a seed and a number, an integer tensor."""
    return tf.random.fold_in(tf.random.fold_in(seed, number, alg=GENERATOR), 0, alg=GENERATOR)


def integers(seed: Seed, shape: Shape, low: int, high: int) -> tf.Tensor:
    """int32 in [low, high], both ends included."""
    return tf.random.stateless_uniform(shape, seed, low, high + 1, dtype=tf.int32, alg=GENERATOR)


def uniform(seed: Seed, shape: Shape, low: float, high: float) -> tf.Tensor:
    """float32 in [low, high). Made from integers, whose bits are the same everywhere; those of floats are not."""
    fraction = tf.cast(integers(seed, shape, 0, 2**24 - 1), tf.float32) / 2.0**24
    return low + (high - low) * fraction


def normal(seed: Seed, shape: Shape, mean: float, deviation: float) -> tf.Tensor:
    """float32, normally distributed: Box and Muller's from two uniform ones."""
    radius_seed, angle_seed = split_seed(seed, 2)
    radius = tf.sqrt(-2.0 * tf.math.log1p(-uniform(radius_seed, shape, 0.0, 1.0)))
    return mean + deviation * radius * tf.cos(uniform(angle_seed, shape, 0.0, 2 * math.pi))
