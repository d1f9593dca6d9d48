import numpy as np
import pytest
import tensorflow as tf

from deepfill_tf.layers.resize import DoubleNearest, aligned_indices, shrink_nearest
from tests.parity.generators import golden


@pytest.mark.parametrize("factor, name", [(2, "half"), (4, "quarter")])
def test_indices_equal_the_reference_at_all_sizes(factor, name):
    """Tables of TensorFlow 1's resize with aligned corners; 54 is the first size where exact rounding differs."""
    tables = golden("resize_nearest_align_corners")
    expected, start = tables[f"idx_{name}"], 0
    for size in tables[f"sizes_{name}"].tolist():
        found = aligned_indices(tf.constant(size), tf.constant(size // factor)).numpy()
        np.testing.assert_array_equal(found, expected[start:start + size // factor], err_msg=f"size {size}")
        start += size // factor
    assert start == len(expected)


def test_indices_equal_tensorflow_1_beyond_the_tables():
    for size, new_size in [(1, 1), (3, 1), (1001, 334), (4096, 2048), (777, 1554)]:
        row = tf.reshape(tf.range(size, dtype=tf.float32), [1, 1, size, 1])
        expected = tf.compat.v1.image.resize_nearest_neighbor(row, [1, new_size], align_corners=True)
        found = aligned_indices(tf.constant(size), tf.constant(new_size))
        np.testing.assert_array_equal(found, tf.reshape(expected, [-1]))


def test_shrinking_keeps_the_corners_and_leaves_factor_one_alone():
    images = tf.reshape(tf.range(2 * 8 * 12 * 3, dtype=tf.float32), [2, 8, 12, 3])
    small = shrink_nearest(images, 4)
    assert small.shape == [2, 2, 3, 3]
    np.testing.assert_array_equal(small[:, 0, 0], images[:, 0, 0])
    np.testing.assert_array_equal(small[:, -1, -1], images[:, -1, -1])
    assert shrink_nearest(images, 1) is images


def test_doubling_equals_the_reference_and_compiles_with_its_gradient():
    images = tf.random.stateless_normal([2, 5, 3, 4], [0, 0])
    expected = tf.compat.v1.image.resize_nearest_neighbor(images, [10, 6], align_corners=True)
    np.testing.assert_array_equal(DoubleNearest()(images), expected)

    @tf.function(jit_compile=True)
    def gradient(images):
        with tf.GradientTape() as tape:
            tape.watch(images)
            total = tf.reduce_sum(DoubleNearest()(images))
        return tape.gradient(total, images)

    np.testing.assert_array_equal(gradient(images), np.full(images.shape, 4.0))
