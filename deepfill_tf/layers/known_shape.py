"""Layers that tell Keras the shape of their output."""

from __future__ import annotations

from typing import Any

import tensorflow as tf


class KnownShape(tf.keras.layers.Layer):
    """A layer whose `compute_output_shape` is taken at its word when a model is wired.

    To learn the shape, Keras traces every layer into a graph that it throws away; for the whole generator that takes
    longer than anything else on the way to the first picture. It spares layers that it cannot trace ("dynamic" ones)
    and asks them instead: so are these, here, asked.

    Subclasses give `compute_output_shape`, of the first input's shape, and `build`, which makes all their variables.
    """

    def _keras_tensor_symbolic_call(self, inputs: Any, input_masks: Any, args: Any, kwargs: Any) -> Any:
        if any(value is not None for value in kwargs.values()):  # whatever else is asked for may change the shape
            return super()._keras_tensor_symbolic_call(inputs, input_masks, args, kwargs)
        if not self.built:
            with tf.name_scope(self.name):
                self.build(inputs.shape)
        self._set_save_spec(inputs, args, kwargs)  # which a SavedModel is written by
        return tf.keras.__internal__.KerasTensor(
            self.compute_output_signature(tf.TensorSpec(inputs.shape, self.compute_dtype)))
