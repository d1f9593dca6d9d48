import functools
import json

import numpy as np
import pytest
import tensorflow as tf

from deepfill_tf.layers.contextual_attention import BLOCK_BYTES, ContextualAttention
from tests.deepfill_tf.layers.layer_contract import assert_layer_contract
from tests.deepfill_tf.layers.plain_attention import fuse_scores, plain_attention
from tests.parity.generators import golden

CASES = ["att_fuse", "att_nofuse", "att_nomask", "att_rate1", "att_allmasked", "att_zeros"]


ONE, FEW, ALL = 1, 40_000, BLOCK_BYTES  # bytes that allow one, a few or all queries of the small cases at a time


@functools.lru_cache(maxsize=None)
def attention(depth, **options):
    """The layer as a function of unknown sizes that returns the offsets as well."""
    unknown = [tf.TensorSpec([None, None, None, channels]) for channels in (depth, 1)]
    layer = ContextualAttention(**options)
    return tf.function(lambda features, mask: layer(features, mask, return_offsets=True), input_signature=unknown)


def options_of(arrays):
    settings = json.loads(str(arrays["settings"]))
    return {"patch_size": settings["ksize"], "rate": settings["rate"], "fuse": settings["fuse"]}


def mask_of(arrays):
    if "mask" in arrays:
        return tf.constant(arrays["mask"], tf.float32)
    return tf.zeros([1, *arrays["f"].shape[1:3], 1])


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("block_bytes", [ONE, FEW, ALL])
def test_attention_equals_the_official_one(case, block_bytes):
    arrays = golden(case)
    layer = attention(arrays["f"].shape[-1], block_bytes=block_bytes, **options_of(arrays))
    completed, offsets = layer(arrays["f"], mask_of(arrays))
    np.testing.assert_allclose(completed, arrays["y"], atol=1e-5)
    np.testing.assert_array_equal(offsets, arrays["offsets_rel"])


@pytest.mark.parametrize("case", CASES)
def test_plain_attention_equals_the_official_one(case):
    arrays = golden(case)
    layer = ContextualAttention(**options_of(arrays))
    completed, probabilities = plain_attention(layer, tf.constant(arrays["f"]), mask_of(arrays))
    np.testing.assert_allclose(completed, arrays["y"], atol=1e-5)
    np.testing.assert_allclose(probabilities, arrays["probs"].reshape(probabilities.shape), atol=1e-5)


@pytest.mark.parametrize("block_bytes", [2**20, ALL])  # 42 queries and all 1024
def test_attention_of_the_whole_network_equals_the_official_one(block_bytes):
    arrays = golden("gen_seedA_256_attention")
    completed, offsets = attention(96, block_bytes=block_bytes)(
        arrays["ca_f"], tf.constant(arrays["ca_mask"], tf.float32))
    np.testing.assert_allclose(completed, arrays["ca_y"], atol=3e-4)  # twice the official noise floor
    np.testing.assert_array_equal(offsets, arrays["offsets_rel"])


# Grids of one row or column wrap with every step; the last ones have tiles beyond their borders.
@pytest.mark.parametrize("shape", [(2, 2), (2, 14), (14, 2), (4, 4), (10, 18), (22, 14)])
@pytest.mark.parametrize("block_bytes", [ONE, FEW])
@pytest.mark.parametrize("fuse_size", [3, 5])
def test_every_tiling_equals_the_plain_attention(shape, block_bytes, fuse_size):
    random = np.random.default_rng(0)
    features = tf.constant(random.normal(size=(2, *shape, 3)), tf.float32)
    mask = tf.constant(random.random((2, *shape, 1)) < 0.03, tf.float32)
    options = {"fuse_size": fuse_size, "softmax_scale": 0.3}
    expected, _ = plain_attention(ContextualAttention(**options), features, mask)
    found, _ = attention(3, block_bytes=block_bytes, **options)(features, mask)
    np.testing.assert_allclose(found, expected, atol=1e-5)


def test_images_of_different_sizes_share_one_graph():
    function = attention(3, block_bytes=FEW, fuse_size=3, softmax_scale=0.3)
    for side in (4, 12, 20):
        function(tf.ones([1, side, side + 2, 3]), tf.zeros([1, side, side + 2, 1]))
    assert function.experimental_get_tracing_count() == 1


@pytest.mark.parametrize("case", ["att_grad_fuse", "att_grad_nofuse", "att_grad_zeros"])
@pytest.mark.parametrize("compiled, block_bytes", [(False, ALL), (False, FEW), (True, FEW)])
def test_gradient_equals_the_official_one(case, compiled, block_bytes):
    arrays = golden(case)
    layer, mask = ContextualAttention(block_bytes=block_bytes, **options_of(arrays)), mask_of(arrays)

    @tf.function(jit_compile=compiled)
    def gradient(features):
        with tf.GradientTape() as tape:
            tape.watch(features)
            value = tf.reduce_sum(layer(features, mask) * arrays["cotangent"])
        return tape.gradient(value, features)

    found = gradient(tf.constant(arrays["f"])).numpy()
    # Relative to the largest entry: patches of near-zero norm have gradients of several hundred.
    np.testing.assert_allclose(found, arrays["grad_f"], atol=1e-5 * max(1, np.abs(arrays["grad_f"]).max()))


def test_nothing_but_what_is_needed():
    random = np.random.default_rng(0)
    features = tf.constant(random.normal(size=(2, 24, 40, 4)), tf.float32)
    mask = tf.constant(random.random((2, 24, 40, 1)) < 0.03, tf.float32)
    needed = np.zeros((2, 24, 40, 1), np.float32)
    needed[0, 3, 5], needed[0, 23, 39], needed[1, 10:13, 7:20] = 1, 1, 1
    layer = ContextualAttention(block_bytes=FEW, hole_only=True)
    found, offsets = layer(features, mask, tf.constant(needed), return_offsets=True)
    expected, all_offsets = layer(features, mask, return_offsets=True)
    where = needed[..., 0] > 0
    np.testing.assert_allclose(found[where], expected[where], atol=1e-6)
    patches = where.reshape(2, 12, 2, 20, 2).any((2, 4))
    np.testing.assert_array_equal(offsets[patches], all_offsets[patches])
    assert not np.any(found[0, 8:20])  # no tile there
    ignoring = ContextualAttention()(features, mask, tf.constant(needed))
    np.testing.assert_allclose(ignoring, expected, atol=1e-6)


def test_nothing_needed_is_no_work_and_no_failure():
    layer = ContextualAttention(hole_only=True)
    assert not np.any(layer(tf.ones([1, 8, 8, 2]), tf.zeros([1, 8, 8, 1]), tf.zeros([1, 8, 8, 1])))


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


def test_layer_contract(tmp_path):
    random = np.random.default_rng(0)
    features = tf.constant(random.normal(size=(2, 12, 16, 4)), tf.float32)
    mask = tf.constant(random.random((2, 12, 16, 1)) < 0.05, tf.float32)
    assert_layer_contract(lambda: ContextualAttention(softmax_scale=1.0), [features, mask], tmp_path)


@pytest.mark.parametrize("options, message", [
    ({"patch_size": 2}, "patch_size.*2"), ({"fuse_size": 0}, "fuse_size.*0"), ({"rate": 0}, "rate.*0"),
    ({"block_bytes": 0}, "block_bytes.*0")])
def test_impossible_arguments_are_named(options, message):
    with pytest.raises(ValueError, match=message):
        ContextualAttention(**options)
