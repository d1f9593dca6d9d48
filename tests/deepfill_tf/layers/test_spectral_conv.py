import subprocess
import sys
import textwrap

import numpy as np
import pytest
import tensorflow as tf

from deepfill_tf.layers.spectral_conv import SpectralConv2D, power_iteration
from tests.deepfill_tf.layers.layer_contract import assert_layer_contract


@pytest.fixture
def features():
    tf.keras.utils.set_random_seed(0)  # some kernels take many more iterations than others
    return tf.constant(np.random.default_rng(0).normal(size=(2, 10, 12, 4)), tf.float32)


def converged(layer, inputs):
    """`layer`, after so many power iterations that `u` is the singular vector."""
    for _ in range(200):
        layer(inputs, training=True)
    return layer


@pytest.mark.parametrize("options", [{}, {"kernel_size": 3, "strides": 1}])
def test_spectral_conv_keeps_the_layer_contract(features, options, tmp_path):
    assert_layer_contract(lambda: SpectralConv2D(6, **options), [features], tmp_path)


def test_power_iteration_by_hand():
    # Rows 3 and 4 long: v = (3, 4) / 5, projected (9, 16) / 5, of length sqrt(337) / 5.
    sigma, next_u = power_iteration(tf.constant([[3.0, 0.0], [0.0, 4.0]]), tf.constant([[2.0, 2.0]]))
    np.testing.assert_allclose(sigma, [[np.sqrt(337) / 5]], rtol=1e-6)
    np.testing.assert_allclose(next_u, [np.array([9, 16]) / np.sqrt(337)], rtol=1e-6)


def test_sigma_becomes_the_largest_singular_value_and_its_gradient_the_singular_vectors(features):
    layer = converged(SpectralConv2D(6), features)
    matrix = tf.reshape(layer.kernel, [-1, 6])
    with tf.GradientTape() as tape:
        tape.watch(matrix)
        sigma, _ = power_iteration(matrix, tf.convert_to_tensor(layer.u))
    left, values, right = np.linalg.svd(matrix, full_matrices=False)
    np.testing.assert_allclose(sigma, [[values[0]]], rtol=1e-5)
    np.testing.assert_allclose(tape.gradient(sigma, matrix), np.outer(left[:, 0], right[0]), atol=1e-5)


def test_gradient_has_no_part_along_the_kernel(features):
    layer = converged(SpectralConv2D(6), features)
    with tf.GradientTape() as tape:
        loss = tf.reduce_sum(layer(features) ** 3)
    gradient, kernel = tape.gradient(loss, layer.kernel).numpy().ravel(), layer.kernel.numpy().ravel()
    # The length of the kernel has no effect; a detached sigma would give a share of several tenths.
    assert abs(gradient @ kernel) < 1e-4 * np.linalg.norm(gradient) * np.linalg.norm(kernel)


def test_only_a_training_call_advances_u(features):
    layer = SpectralConv2D(6)
    layer.build(features.shape)
    before = layer.u.numpy()
    first, again = layer(features), layer(features, training=False)
    np.testing.assert_array_equal(layer.u, before)
    np.testing.assert_array_equal(first, again)
    np.testing.assert_array_equal(layer(features, training=True), first)  # sigma is of the same u
    once = layer.u.numpy()
    layer(features, training=True)
    assert np.abs(once - before).max() > 0.01 and np.abs(layer.u - once).max() > 1e-4
    assert not layer.u.trainable and len(layer.trainable_weights) == 2


def test_kernel_is_centred_as_tensorflow_does_and_the_bias_is_not_normalised():
    layer = SpectralConv2D(1)
    layer.build([None, None, None, 1])
    layer.kernel.assign(np.arange(1.0, 26.0).reshape(5, 5, 1, 1))
    layer.bias.assign([0.5])
    corner = np.zeros((1, 8, 8, 1), np.float32)
    corner[0, 0, 0] = 1
    found = layer(corner).numpy()[0, :, :, 0]
    # One column: sigma is its length. One pixel is padded before, two after: the corner meets cell (1, 1), a 7.
    expected = np.full((4, 4), 0.5)
    expected[0, 0] += 7 / np.linalg.norm(np.arange(1, 26))
    np.testing.assert_allclose(found, expected, rtol=1e-6)


def test_sigma_is_computed_from_all_bits_under_mixed_precision(features):
    exact = SpectralConv2D(6)
    exact(features)
    mixed = SpectralConv2D(6, dtype=tf.keras.mixed_precision.Policy("mixed_bfloat16"))
    mixed.build(features.shape)
    mixed.set_weights(exact.get_weights())
    exact(features, training=True)
    assert mixed(features, training=True).dtype == tf.bfloat16
    assert mixed.kernel.dtype == mixed.u.dtype == tf.float32
    np.testing.assert_array_equal(mixed.u, exact.u)


def test_replicas_agree_on_u_and_each_may_be_compiled():
    script = """
        import numpy as np
        import tensorflow as tf
        tf.config.set_logical_device_configuration(
            tf.config.list_physical_devices("CPU")[0], [tf.config.LogicalDeviceConfiguration()] * 2)
        from deepfill_tf.layers.spectral_conv import SpectralConv2D

        strategy = tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
        with strategy.scope():
            layer = SpectralConv2D(6)
            layer.build([None, 8, 8, 4])
        start = layer.u.numpy()
        compiled = tf.function(lambda inputs: layer(inputs, training=True), jit_compile=True)
        inputs = strategy.experimental_distribute_values_from_function(
            lambda context: tf.fill([1, 8, 8, 4], 1.0 + context.replica_id_in_sync_group))
        for call in (lambda inputs: compiled(inputs), lambda inputs: layer(inputs, training=True)):
            tf.function(lambda values: strategy.run(call, args=(values,)), autograph=False)(inputs)
        first, second = strategy.experimental_local_results(layer.u)
        np.testing.assert_array_equal(first, second)

        alone = SpectralConv2D(6)
        alone.build([None, 8, 8, 4])
        alone.set_weights([*layer.get_weights()[:2], start])
        for _ in range(2):
            alone(tf.ones([1, 8, 8, 4]), training=True)
        np.testing.assert_allclose(alone.u, first, atol=1e-6)
        layer.set_weights(alone.get_weights())
        assert all(np.array_equal(u, alone.u) for u in strategy.experimental_local_results(layer.u))
    """
    # Two devices must be asked for before TensorFlow starts, hence a process of its own.
    subprocess.run([sys.executable, "-c", textwrap.dedent(script)], check=True)


def test_impossible_filters_are_named():
    with pytest.raises(ValueError, match="filters.*0"):
        SpectralConv2D(0)
