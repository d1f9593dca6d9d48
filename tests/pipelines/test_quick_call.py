from unittest import mock

import numpy as np
import pytest
import tensorflow as tf

from deepfill_tf import build_generator
from pipelines.chain import RestorationChain
from pipelines.quick_call import call_quickly


@pytest.fixture(scope="module")
def chain():
    tf.keras.utils.set_random_seed(0)
    return RestorationChain(channels=3, inpainter=build_generator(hole_fill="tension-spline"))


@pytest.fixture(scope="module")
def inputs():
    numbers = np.random.default_rng(0)
    image = numbers.uniform(0, 255, (1, 300, 340, 3)).astype(np.float32)
    mask = np.zeros((1, 300, 340, 1), np.float32)
    mask[:, 10::50, 20:-40], mask[:, 120:190, 60:120] = 1, 1
    return [tf.constant(image), tf.constant(mask), tf.constant([0.0, 255.0]), tf.constant(2**22, tf.int64)]


def test_the_result_has_the_bits_of_an_ordinary_call(chain, inputs):
    usual, quick = chain.restore(*inputs), call_quickly(chain.restore, inputs)
    assert list(quick) == list(usual)
    for name, value in usual.items():
        np.testing.assert_array_equal(quick[name], value, err_msg=name)
    assert (quick["restored"] != inputs[0]).numpy().any()


def test_pictures_are_restored_that_way(chain, inputs):
    image, mask, value_range, _ = inputs
    with mock.patch("tensorflow.raw_ops.StatefulPartitionedCall", wraps=tf.raw_ops.StatefulPartitionedCall) as call:
        chain(image, mask, value_range)
        chain.fill_wide(image, mask, value_range, factor=2)
    assert call.call_count == 2


def test_wide_holes_have_the_bits_of_an_ordinary_call(chain, inputs):
    image, mask, value_range, _ = inputs
    quick = chain.fill_wide(image, mask, value_range, factor=2)
    with mock.patch("pipelines.chain.call_quickly", lambda function, inputs: function(*inputs)):
        usual = chain.fill_wide(image, mask, value_range, factor=2)
    np.testing.assert_array_equal(quick, usual)


def test_on_a_gpu_and_in_bfloat16_the_call_is_an_ordinary_one():
    function = mock.Mock(return_value="of an ordinary call")
    with mock.patch("tensorflow.config.get_visible_devices", return_value=["a GPU"]):
        assert call_quickly(function, []) == "of an ordinary call"
    with mock.patch("tensorflow.config.optimizer.get_experimental_options",
                    return_value={"auto_mixed_precision_onednn_bfloat16": True}):
        assert call_quickly(function, []) == "of an ordinary call"


def test_inside_of_a_graph_the_call_has_a_gradient():
    square = tf.function(tf.square).get_concrete_function(tf.TensorSpec([], tf.float32))
    with tf.GradientTape() as tape:
        value = tf.constant(3.0)
        tape.watch(value)
        result = tf.function(lambda value: call_quickly(square, [value]))(value)
    assert float(tape.gradient(result, value)) == 6.0
