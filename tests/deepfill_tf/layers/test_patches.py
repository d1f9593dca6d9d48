import numpy as np
import pytest
import tensorflow as tf

from deepfill_tf.layers.patches import neighbourhoods, overlap_add, overlapping_patches


@pytest.fixture
def images():
    return tf.constant(np.random.default_rng(0).normal(size=(2, 12, 8, 3)), tf.float32)


@pytest.mark.parametrize("size", [1, 3, 5])
def test_neighbourhoods_equal_tensorflows_patches(images, size):
    expected = tf.image.extract_patches(images, [1, size, size, 1], [1] * 4, [1] * 4, "SAME")
    np.testing.assert_array_equal(neighbourhoods(images, size), expected)


@pytest.mark.parametrize("stride", [1, 2, 4])
def test_overlapping_patches_hold_the_same_values_as_tensorflows(images, stride):
    expected = tf.image.extract_patches(
        images, [1, 2 * stride, 2 * stride, 1], [1, stride, stride, 1], [1] * 4, "SAME")
    found = overlapping_patches(images, stride)
    np.testing.assert_array_equal(np.sort(found, axis=-1), np.sort(expected, axis=-1))  # in the order of blocks


@pytest.mark.parametrize("stride", [1, 2, 4])
def test_overlap_add_is_the_adjoint_of_cutting(images, stride):
    random = np.random.default_rng(1)
    patches = overlapping_patches(images, stride)
    others = tf.constant(random.normal(size=patches.shape), tf.float32)
    np.testing.assert_allclose(tf.reduce_sum(patches * others),
                               tf.reduce_sum(images * overlap_add(others, stride)), rtol=1e-4)
