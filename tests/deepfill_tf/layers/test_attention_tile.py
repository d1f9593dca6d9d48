from unittest import mock

import numpy as np
import pytest
import tensorflow as tf

from deepfill_tf.layers.attention_tile import AttentionTile
from deepfill_tf.layers.contextual_attention import ContextualAttention

GRID = height, width = 10, 12


def tile_and_arguments(features, *, batch=1, tile=(4, 5), depth=16):
    """A tile in the middle, and its keys, norms and values; some keys cannot be used, some queries are not wanted."""
    numbers = np.random.default_rng(1)
    usable = np.ones([batch, height * width], np.float32)
    wanted = np.ones([batch, 12, 15], np.float32)
    wanted[:, height:], wanted[..., width:] = 0, 0
    for index in range(batch):  # differently for each image
        usable[index, 30 + 20 * index:37 + 20 * index] = 0
        wanted[index, 5, 5 + index:] = 0
    keys, norms, _ = ContextualAttention(3, rate=1)._keys(tf.constant(features, tf.float32), margin=1)
    values = tf.constant(numbers.normal(size=[batch, (height + 1) * (width + 1), depth]), tf.float32)
    return (AttentionTile(GRID, tile, 1, 10.0, tf.constant(usable), tf.constant(wanted)),
            (tf.constant([4, 5]), keys, norms, values))


def features_of_a_texture(batch=1):
    """Every patch is more or less like few others, as in photos."""
    numbers = np.random.default_rng(0)
    texture = np.tile(numbers.normal(size=[batch, 5, 4, 6]), [1, 2, 3, 1])
    return 0.1 * (texture + 0.5 * numbers.normal(size=texture.shape))


@pytest.mark.parametrize("batch", [1, 2])
def test_the_few_keys_that_matter_give_the_same_as_all(batch):
    tile, arguments = tile_and_arguments(features_of_a_texture(batch), batch=batch, tile=(2, 2))
    with mock.patch.object(AttentionTile, "_pasted_from", autospec=True,
                           side_effect=AttentionTile._pasted_from) as from_few:
        found = tile.blocks_from_few(*arguments)
    assert from_few.call_count == 1
    np.testing.assert_allclose(found, tile.blocks(*arguments), atol=1e-6)
    assert np.abs(found).max() > 0.5


def test_sizes_may_be_unknown_when_the_graph_is_traced():
    tile, arguments = tile_and_arguments(features_of_a_texture(2), batch=2, tile=(2, 2))

    @tf.function(input_signature=[tf.TensorSpec([], tf.int32)] * 2 + [
        tf.TensorSpec([None, None, *tensor.shape[2:]]) for tensor in arguments[1:]])
    def blocks_from_few(rows, side, *tensors):
        unknown = AttentionTile((rows, width), (side, side), 1, 10.0, tile.usable, tile.needed)
        return unknown.blocks_from_few(arguments[0], *tensors)

    found = blocks_from_few(tf.constant(height), tf.constant(2), *arguments[1:])
    np.testing.assert_allclose(found, tile.blocks(*arguments), atol=1e-6)


@pytest.mark.parametrize("features", [np.zeros([1, *GRID, 6]), np.ones([1, *GRID, 6])], ids=["black", "white"])
def test_where_all_keys_matter_all_are_used(features):
    tile, arguments = tile_and_arguments(features)
    with mock.patch.object(AttentionTile, "_pasted_from") as from_few:
        found = tile.blocks_from_few(*arguments)
    assert not from_few.called
    np.testing.assert_array_equal(found, tile.blocks(*arguments))


def test_patches_larger_than_a_map_are_not_gathered():
    tile, arguments = tile_and_arguments(features_of_a_texture(), tile=(1, 1), depth=64)
    with mock.patch.object(AttentionTile, "_pasted_from") as from_few:
        tile.blocks_from_few(*arguments)
    assert not from_few.called


def test_nothing_wanted_is_nothing_pasted():
    tile, arguments = tile_and_arguments(features_of_a_texture())
    np.testing.assert_array_equal(
        AttentionTile(GRID, (4, 5), 1, 10.0, tile.usable, tf.zeros_like(tile.needed)).blocks_from_few(*arguments), 0)
