import numpy as np
import pytest
import tensorflow as tf

from deepfill_tf.initializers import kernel_initializer
from deepfill_tf.layers.gated_conv import GatedConv2D, ImageConv2D
from tests.deepfill_tf.layers.layer_contract import assert_layer_contract


@pytest.fixture
def features():
    return tf.constant(np.random.default_rng(0).normal(size=(2, 10, 12, 4)), tf.float32)


@pytest.mark.parametrize("options", [
    {}, {"strides": 2}, {"dilation_rate": 4}, {"kernel_size": 5, "padding": "symmetric"},
    {"activation": "relu", "initialization": "signal-preserving"}])
def test_gated_conv_keeps_the_layer_contract(features, options, tmp_path):
    assert_layer_contract(lambda: GatedConv2D(6, **options), [features], tmp_path)


def test_image_conv_keeps_the_layer_contract(features, tmp_path):
    assert_layer_contract(lambda: ImageConv2D(3, padding="symmetric"), [features], tmp_path)


def test_gated_conv_by_hand():
    layer = GatedConv2D(1, 1, activation="relu")
    layer.build([None, 1, 2, 1])
    layer.conv.kernel.assign([[[[2.0, 3.0]]]])
    layer.conv.bias.assign([0.0, 1.0])
    values = layer(tf.constant([1.0, -1.0], shape=[1, 1, 2, 1])).numpy().ravel()
    np.testing.assert_allclose(values, [2 / (1 + np.exp(-4)), 0], rtol=1e-6)


def test_symmetric_padding_repeats_the_edge():
    layer = GatedConv2D(1, 3, activation="linear", padding="symmetric")
    layer.build([None, None, None, 1])
    layer.conv.kernel.assign(np.concatenate([np.ones((3, 3, 1, 1)), np.zeros((3, 3, 1, 1))], axis=-1))
    flat = layer(tf.ones([1, 5, 5, 1])).numpy()
    np.testing.assert_allclose(flat, 9 * 0.5)  # a zero-padded corner would see four ones only


def test_image_conv_is_float32_and_bounded_under_mixed_precision(features):
    tf.keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        image = ImageConv2D(3)(features * 100)
    finally:
        tf.keras.mixed_precision.set_global_policy("float32")
    assert image.dtype == tf.float32
    assert np.abs(image).max() <= 1


@pytest.mark.parametrize("options, message", [
    ({"filters": 0}, "filters.*0"), ({"filters": 2, "padding": "REFELECT"}, "padding.*REFELECT"),
    ({"filters": 2, "initialization": "luck"}, "initialization.*luck"),
    ({"filters": 2, "kernel_size": 4, "padding": "symmetric"}, "kernel_size.*4")])
def test_impossible_arguments_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        GatedConv2D(**options)


def test_signal_preserving_start_keeps_the_variance_through_many_layers():
    tf.keras.utils.set_random_seed(0)
    noise = tf.random.normal([4, 16, 16, 48])

    def spread(initialization):
        values = noise
        for _ in range(8):
            values = GatedConv2D(48, initialization=initialization)(values)
        return float(tf.math.reduce_std(values))

    assert spread("reference") < 0.01 < 0.1 < spread("signal-preserving") < 10


def test_kernel_initializer_has_the_stated_deviation():
    kernel = kernel_initializer("signal-preserving")([3, 3, 64, 256]).numpy()
    assert kernel.std() == pytest.approx(2 / np.sqrt(3 * 3 * 64), rel=0.02)
    output = kernel_initializer("signal-preserving", output=True)([3, 3, 64, 256]).numpy()
    faint = kernel_initializer("looks-linear", output=True, paints_onto=True)([3, 3, 64, 256]).numpy()
    np.testing.assert_allclose(faint.std(), 0.1 / np.sqrt(9 * 64), rtol=0.02)
    assert output.std() == pytest.approx(1 / np.sqrt(3 * 3 * 64), rel=0.02)
