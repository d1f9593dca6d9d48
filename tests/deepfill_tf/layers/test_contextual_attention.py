import json

import numpy as np
import pytest
import tensorflow as tf

from deepfill_tf.layers.contextual_attention import ContextualAttention, best_offsets, fuse_scores
from tests.deepfill_tf.layers.layer_contract import assert_layer_contract
from tests.parity.generators import golden

CASES = ["att_fuse", "att_nofuse", "att_nomask", "att_rate1", "att_allmasked", "att_zeros"]


def layer_of(arrays):
    settings = json.loads(str(arrays["settings"]))
    return ContextualAttention(settings["ksize"], rate=settings["rate"], fuse=settings["fuse"])


def mask_of(arrays):
    if "mask" in arrays:
        return tf.constant(arrays["mask"], tf.float32)
    return tf.zeros([1, *arrays["f"].shape[1:3], 1])


@pytest.mark.parametrize("case", CASES)
def test_attention_equals_the_official_one(case):
    arrays = golden(case)
    layer, mask = layer_of(arrays), mask_of(arrays)
    features = tf.constant(arrays["f"])
    completed, offsets = layer(features, mask, return_offsets=True)
    np.testing.assert_allclose(completed, arrays["y"], atol=1e-5)
    np.testing.assert_array_equal(offsets, arrays["offsets_rel"])
    probabilities, (height, width) = layer.match(features, features, mask)
    expected = arrays["probs"].reshape(len(arrays["probs"]), height * width, -1)
    np.testing.assert_allclose(probabilities, expected, atol=1e-5)


def test_attention_of_the_whole_network_equals_the_official_one():
    arrays = golden("gen_seedA_256_attention")
    completed, offsets = ContextualAttention()(
        tf.constant(arrays["ca_f"]), tf.constant(arrays["ca_mask"], tf.float32), return_offsets=True)
    np.testing.assert_allclose(completed, arrays["ca_y"], atol=3e-4)  # twice the official noise floor
    np.testing.assert_array_equal(offsets, arrays["offsets_rel"])


@pytest.mark.parametrize("case", ["att_grad_fuse", "att_grad_nofuse", "att_grad_zeros"])
@pytest.mark.parametrize("compiled", [False, True])
def test_gradient_equals_the_official_one(case, compiled):
    arrays = golden(case)
    layer, mask = layer_of(arrays), mask_of(arrays)

    @tf.function(jit_compile=compiled)
    def gradient(features):
        with tf.GradientTape() as tape:
            tape.watch(features)
            value = tf.reduce_sum(layer(features, mask) * arrays["cotangent"])
        return tape.gradient(value, features)

    found = gradient(tf.constant(arrays["f"])).numpy()
    # Relative to the largest entry: patches of near-zero norm have gradients of several hundred.
    np.testing.assert_allclose(found, arrays["grad_f"], atol=1e-5 * max(1, np.abs(arrays["grad_f"]).max()))


def test_every_image_of_a_batch_has_its_own_mask():
    random = np.random.default_rng(0)
    features = tf.constant(random.normal(size=(2, 16, 24, 4)), tf.float32)
    masks = np.zeros((2, 16, 24, 1), np.float32)
    masks[0, 4:10, 4:12], masks[1, 8:14, 10:20] = 1, 1
    layer = ContextualAttention()
    together = layer(features, tf.constant(masks))
    for index in range(2):
        alone = layer(features[index:index + 1], tf.constant(masks[index:index + 1]))
        np.testing.assert_allclose(together[index], alone[0], atol=1e-6)
    assert not np.allclose(together[0], layer(features, tf.constant(masks[1:]))[0], atol=1e-3)


def test_fusion_by_hand_on_a_grid_of_one_row():
    scores = tf.reshape(tf.range(9.0), [1, 3, 3])
    # One row of three patches: along rows each score gains its diagonal neighbours; columns of height one then
    # run through the same order, and do it once more.
    once = np.array([[0 + 4, 1 + 5, 2], [3 + 7, 4 + 0 + 8, 5 + 1], [6, 7 + 3, 8 + 4]])
    twice = np.array([[once[0, 0] + once[1, 1], once[0, 1] + once[1, 2], once[0, 2]],
                      [once[1, 0] + once[2, 1], once[1, 1] + once[0, 0] + once[2, 2], once[1, 2] + once[0, 1]],
                      [once[2, 0], once[2, 1] + once[1, 0], once[2, 2] + once[1, 1]]])
    np.testing.assert_array_equal(fuse_scores(scores, (1, 3))[0], twice)


def test_offsets_point_from_the_patch_to_its_match():
    probabilities = np.zeros((1, 6, 6), np.float32)
    probabilities[0, 0, 5] = 1  # the first patch of a 2 x 3 grid borrows from the last one
    probabilities[0, 5, 1] = 1
    offsets = best_offsets(tf.constant(probabilities), (2, 3)).numpy()[0]
    assert offsets[0, 0].tolist() == [1, 2]
    assert offsets[1, 2].tolist() == [-1, -1]


def test_layer_contract(tmp_path):
    random = np.random.default_rng(0)
    features = tf.constant(random.normal(size=(2, 12, 16, 4)), tf.float32)
    mask = tf.constant(random.random((2, 12, 16, 1)) < 0.05, tf.float32)
    assert_layer_contract(lambda: ContextualAttention(softmax_scale=1.0), [features, mask], tmp_path)


@pytest.mark.parametrize("options, message", [
    ({"patch_size": 2}, "patch_size.*2"), ({"fuse_size": 0}, "fuse_size.*0"), ({"rate": 0}, "rate.*0")])
def test_impossible_arguments_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        ContextualAttention(**options)
