import numpy as np
import pytest
import tensorflow as tf

from deepfill_tf import build_generator
from deepfill_tf.flow import attention_offsets, colour_wheel, flow_to_image
from deepfill_tf.v1 import generator as v1
from tests.parity.generators import golden, network_inputs, official_generator

ROUNDING = 1e-5  # of [-1, 1], in float32; one grey level is 800 times as much


def test_colours_equal_the_official_ones():
    arrays = golden("flow_to_image")
    np.testing.assert_allclose(flow_to_image(arrays["flow"]), arrays["image"], atol=ROUNDING)


def test_the_scale_runs_along_the_batch():
    near, far = np.full((1, 1, 1, 2), 1), np.full((1, 1, 1, 2), 10)
    pale = flow_to_image(np.concatenate([far, near]))[1]
    full = flow_to_image(np.concatenate([near, far]))[0]
    np.testing.assert_array_equal(full, flow_to_image(far)[0])
    assert pale.min() > full.min()


def test_no_way_at_all_is_white():
    np.testing.assert_array_equal(flow_to_image(np.zeros((2, 3, 4, 2), np.int32)), np.ones((2, 3, 4, 3)))


def test_colour_wheel_runs_through_the_pure_colours():
    wheel = colour_wheel()
    assert wheel.shape == (55, 3)
    np.testing.assert_array_equal(wheel[[0, 15, 21, 25, 36, 49]],
                                  [[1, 0, 0], [1, 1, 0], [0, 1, 0], [0, 1, 1], [0, 0, 1], [1, 0, 1]])


def test_offsets_of_the_whole_network_equal_the_official_ones_and_so_does_their_picture():
    image, mask = network_inputs(golden("gen_seedA_256"))
    expected = golden("gen_seedA_256_attention")
    offsets = attention_offsets(official_generator("seedA"), image, mask)
    assert offsets.dtype == tf.int32
    np.testing.assert_array_equal(offsets, expected["offsets_rel"])
    enlarged = tf.compat.v1.image.resize(flow_to_image(offsets), [64, 64], align_corners=True)
    np.testing.assert_allclose(enlarged, expected["flow"], atol=ROUNDING)


@pytest.mark.parametrize("build, edges", [(lambda: build_generator(guided=True), [np.ones((2, 16, 24, 1), "float32")]),
                                          (v1.build_generator, [])])
def test_other_generators_have_offsets_and_stay_as_they_were(build, edges):
    generator = build()
    inputs = [np.zeros((2, 16, 24, 3), np.float32), np.ones((2, 16, 24, 1), np.float32), *edges]
    before = generator(inputs)[1]
    assert attention_offsets(generator, *inputs).shape == (2, 2, 3, 2)
    attention = generator.get_layer("contextual_attention")
    assert len(attention.inbound_nodes) == 1  # a second one would make `attention.input` ambiguous
    np.testing.assert_array_equal(generator(inputs)[1], before)


def test_in_a_traced_function():
    generator = build_generator()
    inputs = [np.random.default_rng(0).random((1, 16, 24, channels), np.float32).round() for channels in (3, 1)]
    traced = tf.function(lambda image, mask: attention_offsets(generator, image, mask))
    np.testing.assert_array_equal(traced(*inputs), attention_offsets(generator, *inputs))
