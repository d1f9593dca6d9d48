import numpy as np
import pytest
import tensorflow as tf

from deepfill_tf.enlarging import enlarged


@pytest.fixture
def image():
    return np.random.default_rng(0).integers(0, 256, [24, 20, 3], np.uint8)


def test_factor_one_is_a_crop(image):
    result = enlarged(image, tf.constant([3.0, 2.0]), tf.constant(1.0), 16)
    np.testing.assert_array_equal(result, image[3:19, 2:18])


def test_a_ramp_stays_a_ramp():
    ramp = np.tile(np.arange(0, 240, 10, dtype=np.uint8)[:, np.newaxis, np.newaxis], [1, 24, 1])
    result = enlarged(ramp, tf.constant([4.0, 4.0]), tf.constant(2.0), 16).numpy()[:, 5, 0]
    # Pixel i of the result has its centre at row 4 + (i + 0.5) / 2 - 0.5.
    np.testing.assert_allclose(result, 10 * (3.75 + np.arange(16) / 2), atol=0.51)


def test_agrees_with_a_library(image):
    whole = tf.image.resize(tf.cast(image, tf.float32), [48, 40], "bicubic")
    expected = np.clip(np.round(whole), 0, 255)[8:40, 4:36]
    found = enlarged(image, tf.constant([4.0, 2.0]), tf.constant(2.0), 32).numpy().astype(np.float32)
    assert np.abs(found - expected).max() <= 1


@pytest.mark.parametrize("corner", [(0.0, 0.0), (8.0, 4.0)], ids=["first", "last"])
def test_a_flat_picture_stays_flat_up_to_its_border(corner):
    flat = np.full([24, 20, 3], 77, np.uint8)
    assert (enlarged(flat, tf.constant(corner), tf.constant(1.3), 16).numpy() == 77).all()


def test_compiles_for_factors_that_it_does_not_know(image):
    compiled = tf.function(lambda corner, factor: enlarged(image, corner, factor, 16), jit_compile=True)
    for factor in (1.0, 1.7):
        arguments = tf.constant([2.0, 3.0]), tf.constant(factor)
        np.testing.assert_allclose(compiled(*arguments), enlarged(image, *arguments, 16), atol=1)
