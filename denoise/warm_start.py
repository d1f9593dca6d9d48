"""Begin from networks that are trained already: whose weights, and made to fit the images' channels."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf


def weights_for_channels(model: tf.keras.Model, channels: int) -> list[np.ndarray]:
    """The weights of a network, for images of another number of channels if need be.

    For gray images, a network of several channels becomes one that gives what the former gives for the gray image
    repeated in all channels, averaged over them.

    Args:
        model: One of n2v's, whose first weight is the kernel of the first convolution, (..., channels, filters), and
            whose last two are kernel and bias of the last one.
        channels: The number that is wanted.

    Raises:
        ValueError: If a network of a single channel should see several.
    """
    first, *inner, last, bias = model.get_weights()
    known = first.shape[-2]
    if channels == known:
        return [first, *inner, last, bias]
    if channels != 1:
        raise ValueError(f"a network for {known} channels cannot be made to see {channels}")
    return [first.sum(-2, keepdims=True), *inner, last.mean(-1, keepdims=True), bias.mean(keepdims=True)]


def begin_from_best(model: tf.keras.Model, candidates: Sequence[list[np.ndarray]], inputs: np.ndarray,
                    targets: np.ndarray, *, batch_size: int) -> tuple[int, float]:
    """Give a compiled model the weights that have the lowest loss.

    Args:
        model: Compiled.
        candidates: Weights to choose from.
        inputs: Of the validation.
        targets: Of the validation.
        batch_size: Of the validation.

    Returns:
        Index and loss of the candidate that was taken.
    """
    losses = []
    for weights in candidates:
        model.set_weights(weights)
        figures = model.evaluate(inputs, targets, batch_size=batch_size, verbose=0, return_dict=True)
        losses.append(float(figures["loss"]))
    best = int(np.argmin(losses))
    model.set_weights(candidates[best])
    return best, losses[best]
