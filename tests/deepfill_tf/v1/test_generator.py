import numpy as np
import pytest
import tensorflow as tf

from deepfill_tf import complete
from deepfill_tf.v1.generator import build_generator, clip_to_range
from tests.parity.generators import golden, network_inputs, to_rgb
from tests.parity.networks_v1 import official_generator

# As of v2's softer weights, where the official graph differs from itself by up to 9e-7.
TOLERANCE = 1e-5


@pytest.fixture(scope="module")
def generator():
    return official_generator()


@pytest.fixture(scope="module")
def arrays():
    return golden("v1_gen_tiny_64x72")


def test_size_of_the_network():
    generator = build_generator()
    assert generator.count_params() == 3_601_542
    assert len(generator.weights) == len(generator.trainable_weights) == 84
    assert generator.name == "deepfill_v1"


def test_both_stages_equal_the_official_ones(generator, arrays):
    coarse, refined = generator(list(network_inputs(arrays)))
    np.testing.assert_allclose(coarse.numpy()[..., ::-1], arrays["x_stage1"], atol=TOLERANCE, rtol=0)
    np.testing.assert_allclose(refined.numpy()[..., ::-1], arrays["x_stage2"], atol=TOLERANCE, rtol=0)


def test_every_layer_equals_the_official_one_before_its_activation(generator, arrays):
    recorded = {key.split("|")[-2].replace("layer:", ""): key for key in arrays if key.startswith("layer:")}
    assert len(recorded) == 42
    inputs = {name: generator.get_layer(name).input for name in recorded}
    values = tf.keras.Model(generator.inputs, inputs)(list(network_inputs(arrays)))
    for name, key in recorded.items():
        layer = generator.get_layer(name)
        found = to_rgb(name, "output", (layer.convolution_op(values[name], layer.kernel) + layer.bias).numpy())
        np.testing.assert_allclose(found[:, ::2, ::2, ::4], arrays[key], atol=TOLERANCE, rtol=TOLERANCE, err_msg=name)


def test_the_attention_equals_the_official_one(generator, arrays):
    attention = generator.get_layer("contextual_attention")
    features = tf.constant(arrays["ca_f"])
    completed, offsets = attention(features, arrays["ca_mask"].astype(np.float32), return_offsets=True)
    np.testing.assert_allclose(completed, arrays["ca_y"], atol=TOLERANCE, rtol=0)
    np.testing.assert_array_equal(offsets, arrays["offsets_rel"])


def test_completion_equals_the_official_one(generator, arrays):
    """The official graph sends known pixels through arithmetic; here they stay as they are."""
    image, mask = network_inputs(arrays)
    found = complete(generator, tf.constant(image), tf.constant(mask)).numpy()
    np.testing.assert_allclose(found[..., ::-1], arrays["batch_complete"], atol=TOLERANCE, rtol=0)
    np.testing.assert_array_equal(np.where(mask > 0, 0, found), np.where(mask > 0, 0, image))


def test_any_size_is_completed(generator):
    image = np.random.default_rng(0).uniform(-1, 1, [1, 13, 21, 3]).astype(np.float32)
    mask = np.zeros([1, 13, 21, 1], np.float32)
    mask[:, 4:9, 5:16] = 1
    found = complete(generator, image, mask).numpy()
    np.testing.assert_array_equal(found[mask[..., 0] == 0], image[mask[..., 0] == 0])
    assert np.isfinite(found).all()


def test_values_are_clipped():
    np.testing.assert_array_equal(clip_to_range(tf.constant([-3.0, -1.0, 0.25, 1.5])), [-1.0, -1.0, 0.25, 1.0])


def test_mixed_precision_yields_float32():
    tf.keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        coarse, refined = build_generator()([tf.zeros([1, 16, 16, 3]), tf.ones([1, 16, 16, 1])])
    finally:
        tf.keras.mixed_precision.set_global_policy("float32")
    assert coarse.dtype == refined.dtype == tf.float32
