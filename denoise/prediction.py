"""From an image of any size to the network and back, in pure TensorFlow operations."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence

import tensorflow as tf

from denoise.damage_fill import fill_damage


def _reflect_pad(values: tf.Tensor, axis: int, before: tf.Tensor, after: tf.Tensor) -> tf.Tensor:
    """Pad one axis by reflection as numpy.pad does: by any amount, unlike tf.pad; a side of 1 is repeated."""
    side = tf.shape(values)[axis]
    period = tf.maximum(2 * (side - 1), 1)
    index = tf.math.floormod(tf.range(-before, side + after), period)
    return tf.gather(values, tf.minimum(index, period - index), axis=axis)


def own_statistics(image: tf.Tensor, damage: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Mean and standard deviation of each image's channels over its valid pixels, as `denoise.patches.statistics`.

    Args:
        image, damage: As for `restore`.

    Returns:
        float32, both of the image's shape with sides of 1. Where all pixels are alike or damaged the deviation is 1.
    """
    sides = list(range(1, image.shape.rank - 1))
    valid = tf.cast(damage < 0.5, tf.float64)
    values = tf.cast(tf.where(damage < 0.5, image, 0.0), tf.float64)  # what damage holds may be no number
    count = tf.maximum(tf.reduce_sum(valid, sides, keepdims=True), 1.0)
    means = tf.reduce_sum(values, sides, keepdims=True) / count
    deviations = tf.sqrt(tf.reduce_sum((values - means) ** 2 * valid, sides, keepdims=True) / count)
    stds = tf.where(deviations > 0, deviations, tf.ones_like(deviations))
    return tf.cast(means, tf.float32), tf.cast(stds, tf.float32)


def restore(image: tf.Tensor, damage: tf.Tensor, network: Callable[[tf.Tensor], tf.Tensor], *,
            means: Sequence[float] | tf.Tensor, stds: Sequence[float] | tf.Tensor, multiple: int) -> tf.Tensor:
    """Fill damage, normalise, pad, apply the network, crop and undo the normalisation.

    Padding is split between both sides and reflected as CSBDeep does it, so that an undamaged image gets what
    n2v's own predict would give.

    Args:
        image: (B, H, W, C) or (B, D, H, W, C) float32, in the units of the training data; any side >= 1.
        damage: Same with one channel; 1 = damaged.
        network: Maps a normalised, padded image to one of the same shape.
        means: Mean of each channel; float32 of shape (B, 1, 1, C) or alike where each image has its own.
        stds: Standard deviation of each channel, likewise.
        multiple: What the network's sides must be multiples of.

    Returns:
        float32, shape of `image`, in its units.
    """
    shape = tf.shape(image)
    if image.shape.rank == 5:  # slices are filled one by one
        slices = tf.concat([[shape[0] * shape[1]], shape[2:]], 0)
        filled = fill_damage(tf.reshape(image, slices),
                             tf.reshape(damage, tf.concat([slices[:-1], [1]], 0)))
        filled = tf.ensure_shape(tf.reshape(filled, shape), image.shape)
    else:
        filled = fill_damage(image, damage)
    means, stds = (tf.convert_to_tensor(numbers, tf.float32) for numbers in (means, stds))
    values = (filled - means) / stds
    offsets = [0]
    for axis in range(1, image.shape.rank - 1):
        missing = tf.math.floormod(-shape[axis], multiple)
        values = _reflect_pad(values, axis, missing // 2, missing - missing // 2)
        offsets.append(missing // 2)
    restored = tf.slice(network(values), [*offsets, 0], shape)
    return tf.ensure_shape(restored * stds + means, image.shape)


def averaged_over_turns(network: Callable[[tf.Tensor], tf.Tensor]) -> Callable[[tf.Tensor], tf.Tensor]:
    """A network that sees an image turned and mirrored in all eight ways and averages its answers.

    Reference:
        Geometric self-ensemble: Lim et al. 2017, arXiv:1707.02921, section 3.3.
    """
    def average(values: tf.Tensor) -> tf.Tensor:
        y, x = values.shape.rank - 3, values.shape.rank - 2
        transposition = [*range(y), x, y, x + 1]
        total = network(values)
        for mirrored, is_turned in list(itertools.product(([], [y], [x], [y, x]), (False, True)))[1:]:
            with tf.control_dependencies([total]):  # one after another: all at once would take eight times the memory
                seen = tf.reverse(values, mirrored)
            answer = network(tf.transpose(seen, transposition) if is_turned else seen)
            total += tf.reverse(tf.transpose(answer, transposition) if is_turned else answer, mirrored)
        return total / 8.0

    return average


def receptive_radius(depth: int, kernel_size: int, *, blurpool: bool) -> int:
    """Upper bound in pixels on how far n2v's network sees; CSBDeep's own table knows no blur pooling.

    Args:
        depth: Number of halvings.
        kernel_size: Side of the convolution kernels.
        blurpool: Whether pooling is n2v's MaxBlurPool2D.
    """
    reach = 2 * (kernel_size // 2)  # two convolutions, each on the way down, in the middle and on the way up
    pooling, upsampling = (3 if blurpool else 1), 1
    return sum((2 * reach + pooling + upsampling) * 2 ** level for level in range(depth)) + reach * 2 ** depth
