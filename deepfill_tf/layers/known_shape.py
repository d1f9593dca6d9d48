"""Layers that tell Keras the shape of their output."""

from __future__ import annotations

from typing import Any

import tensorflow as tf


class KnownShape(tf.keras.layers.Layer):
    """A layer for (B, H, W, C) whose output's shape is taken from what it says when a model is wired.

    To learn the shape, Keras traces every layer into a graph that it throws away; for a generator that takes a second
    and a half of the way to the first picture. It spares layers that it cannot trace ("dynamic" ones) and asks them.
    So are these asked, by a method of Keras 2.15 that is not public, unless they are called with more than tensors.
    What is wrong with inputs but the first shows when the model is traced.

    Subclasses give `compute_output_shape` or `compute_output_signature`, from the first input's shape. Arguments that
    change the shape must be keyword-only. If there are variables, `build` makes all of them.
    """

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.input_spec = tf.keras.layers.InputSpec(ndim=4)

    def _keras_tensor_symbolic_call(self, inputs: Any, input_masks: Any, args: Any, kwargs: Any) -> Any:
        if any(value is not None for value in kwargs.values()):
            return super()._keras_tensor_symbolic_call(inputs, input_masks, args, kwargs)
        with tf.name_scope(f"{self.name}/"):  # the slash: whatever scope is open
            self._maybe_build(inputs)
        self._set_save_spec(inputs, args, kwargs)  # which a SavedModel is written by
        return tf.keras.__internal__.KerasTensor(
            self.compute_output_signature(tf.TensorSpec(inputs.shape, self.compute_dtype)))
