"""What every layer must do, whatever it computes."""

import inspect

import numpy as np
import tensorflow as tf


def assert_layer_contract(make, inputs, tmp_path):
    """Config complete, weights built before the first call, unknown sizes, wiring, saving and mixed precision.

    Args:
        make: Gives a new layer, the same each time but for its weights.
        inputs: List of float32 tensors (B, H, W, C) that the layer is called with.
        tmp_path: Folder for the saved model.
    """
    layer = make()
    eager = layer(*inputs).numpy()
    arguments = set(inspect.signature(type(layer).__init__).parameters) - {"self", "kwargs", "args"}
    config = layer.get_config()
    assert arguments <= set(config), "get_config forgets arguments"
    assert type(layer).from_config(config).get_config() == config

    built = make()
    built.build(inputs[0].shape)
    built.set_weights(layer.get_weights())  # weights exist before the first call
    np.testing.assert_array_equal(built(*inputs), eager)

    unknown = [tf.TensorSpec([None, None, None, value.shape[-1]]) for value in inputs]
    traced = tf.function(layer, input_signature=unknown)
    np.testing.assert_allclose(traced(*inputs), eager, atol=1e-5)  # another order of the same sums

    symbols = [tf.keras.Input([None, None, value.shape[-1]]) for value in inputs]
    wired = make()(*symbols)
    assert wired.shape.as_list() == traced.get_concrete_function().output_shapes.as_list()
    _assert_wired_as_computed(make, inputs)
    model = tf.keras.Model(symbols, make()(*symbols))
    model.set_weights(layer.get_weights())
    model.save(tmp_path / "layer.keras")
    loaded = tf.keras.models.load_model(tmp_path / "layer.keras")  # no custom_objects: the layer is registered
    np.testing.assert_allclose(loaded(inputs), eager, atol=1e-5)

    tf.keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        _assert_wired_as_computed(make, inputs)
        mixed = make()
        mixed.build(inputs[0].shape)
        mixed.set_weights(layer.get_weights())
        coarse = tf.cast(mixed(*inputs), tf.float32).numpy()
    finally:
        tf.keras.mixed_precision.set_global_policy("float32")
    assert np.abs(coarse - eager).mean() < 0.05 * np.abs(eager).mean() + 1e-6  # bfloat16 keeps 8 bits


def _assert_wired_as_computed(make, inputs):
    """The output that Keras wires a model by has the shape and type of the one that is computed."""
    wired = make()(*(tf.keras.Input(batch_shape=value.shape) for value in inputs))
    computed = make()(*inputs)
    assert (wired.shape, wired.dtype) == (computed.shape, computed.dtype)
