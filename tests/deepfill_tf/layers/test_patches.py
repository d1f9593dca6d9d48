import numpy as np
import pytest
import tensorflow as tf

from deepfill_tf.layers.patches import from_blocks, neighbourhoods, to_blocks


@pytest.fixture
def images():
    return tf.constant(np.random.default_rng(0).normal(size=(2, 12, 8, 3)), tf.float32)


@pytest.mark.parametrize("size", [1, 3, 5])
def test_neighbourhoods_equal_tensorflows_patches(images, size):
    expected = tf.image.extract_patches(images, [1, size, size, 1], [1] * 4, [1] * 4, "SAME")
    np.testing.assert_array_equal(neighbourhoods(images, size), expected)


@pytest.mark.parametrize("side", [1, 2, 4])
def test_four_blocks_are_a_patch_as_tensorflow_cuts_it(images, side):
    expected = tf.image.extract_patches(images, [1, 2 * side, 2 * side, 1], [1, side, side, 1], [1] * 4, "SAME")
    blocks = to_blocks(images, side)
    found = tf.concat([blocks[:, :-1, :-1], blocks[:, :-1, 1:], blocks[:, 1:, :-1], blocks[:, 1:, 1:]], axis=-1)
    np.testing.assert_array_equal(np.sort(found, axis=-1), np.sort(expected, axis=-1))  # in the order of blocks


@pytest.mark.parametrize("side", [1, 2, 4])
def test_blocks_give_the_image_back(images, side):
    np.testing.assert_array_equal(from_blocks(to_blocks(images, side), side), images)
