"""Filling damage from its surroundings."""

import numpy as np
import pytest
import tensorflow as tf

from denoise.damage_fill import fill_damage


def fill(image, damage):
    return fill_damage(tf.constant(image, tf.float32), tf.constant(damage, tf.float32)).numpy()


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (7, 13), (64, 50)])
def test_valid_pixels_stay_bit_identical(size):
    rng = np.random.default_rng(0)
    image = rng.random((2, *size, 3)).astype(np.float32)
    damage = rng.random((2, *size, 1)) < 0.4
    filled = fill(image, damage)
    np.testing.assert_array_equal(np.where(damage, 0, filled), np.where(damage, 0, image))


def test_what_lies_under_damage_does_not_matter():
    rng = np.random.default_rng(0)
    image = rng.random((1, 40, 30, 1)).astype(np.float32)
    damage = np.zeros_like(image)
    damage[:, 10:20, 3:25] = 1
    expected = fill(image, damage)
    for value in (np.nan, np.inf, 1e9):
        np.testing.assert_array_equal(fill(np.where(damage > 0, value, image), damage), expected)


def test_a_constant_is_continued_exactly_and_a_ramp_closely():
    damage = np.zeros((1, 64, 64, 1))
    damage[:, :, 30:34] = 1
    np.testing.assert_allclose(fill(np.full((1, 64, 64, 1), 5.0), damage), 5, rtol=1e-6)
    ramp = np.tile(np.arange(64.0), (64, 1))[None, ..., None]
    # the fill is smooth, not linear: half the width of the scratch is what it may be off
    assert np.abs(fill(ramp, damage) - ramp).max() <= 2


def test_wide_damage_is_filled_everywhere():
    image = np.full((1, 300, 300, 1), 3.0)
    damage = np.ones_like(image)
    damage[:, 0, 0] = 0
    np.testing.assert_allclose(fill(image, damage), 3, rtol=1e-6)


def test_a_wholly_damaged_image_gives_zeros():
    assert not fill(np.full((1, 8, 8, 1), np.nan), np.ones((1, 8, 8, 1))).any()
