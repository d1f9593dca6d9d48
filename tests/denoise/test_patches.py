"""Axes, damage and what a denoiser may learn from."""

import numpy as np
import pytest

from denoise.patches import damage_to_samples, from_samples, to_samples, training_pixels


@pytest.mark.parametrize("axes, shape, expected", [
    ("YX", (5, 7), (1, 5, 7, 1)),
    ("YXC", (5, 7, 3), (1, 5, 7, 3)),
    ("CYX", (3, 5, 7), (1, 5, 7, 3)),
    ("TYX", (4, 5, 7), (4, 5, 7, 1)),
    ("ZYX", (4, 5, 7), (1, 4, 5, 7, 1)),
    ("XYZT", (7, 5, 4, 2), (2, 4, 5, 7, 1)),
    ("STYXC", (2, 3, 5, 7, 3), (6, 5, 7, 3)),
])
def test_axes_there_and_back(axes, shape, expected):
    image = np.arange(np.prod(shape)).reshape(shape)
    samples = to_samples(image, axes)
    assert samples.shape == expected
    np.testing.assert_array_equal(from_samples(samples, axes, shape), image)


def test_axes_go_where_they_belong():
    image = np.arange(2 * 3 * 4).reshape(2, 3, 4)  # C, X, Y
    assert to_samples(image, "CXY")[0, 3, 1, 0] == image[0, 1, 3]


@pytest.mark.parametrize("axes", ["", "YY", "ZX", "YXQ", "YXC"])
def test_wrong_axes_are_refused(axes):
    with pytest.raises(ValueError, match="axes"):
        to_samples(np.zeros((4, 5)), axes)


def test_damage_of_one_plane_holds_for_all_frames():
    damage = np.zeros((5, 7), bool)
    damage[2, 3] = True
    samples = damage_to_samples(damage, "TYXC", (4, 5, 7, 3))
    assert samples.shape == (4, 5, 7, 1)
    assert samples[:, 2, 3].all() and samples.sum() == 4
    assert damage_to_samples(damage, "ZYX", (4, 5, 7)).shape == (1, 4, 5, 7, 1)


def test_damage_of_another_shape_is_refused():
    with pytest.raises(ValueError, match=r"Received: \(7, 5\)"):
        damage_to_samples(np.zeros((7, 5)), "YX", (5, 7))


def test_statistics_leave_damage_out():
    image = np.array([[1.0, 3.0], [1000.0, np.nan]])
    pixels = training_pixels([image], "YX", [np.array([[0, 0], [1, 1]])], (4, 4))
    assert (pixels.means, pixels.stds) == ((2.0,), (1.0,))


def test_damaged_and_padded_pixels_get_valid_values():
    image = np.full((5, 6), 7.0)
    image[2] = np.nan
    pixels = training_pixels([image], "YX", [np.isnan(image)], (8, 8))
    assert pixels.values.shape == (1, 8, 8, 1)
    np.testing.assert_array_equal(pixels.values, 7)
    assert pixels.damage.sum() == 6 + 64 - 30


def test_a_constant_image_has_a_usable_deviation():
    assert training_pixels([np.full((8, 8), 5)], "YX", None, (8, 8)).stds == (1.0,)


def test_images_of_different_sizes_are_covered():
    images = [np.arange(12 * 16).reshape(12, 16), 1000 + np.arange(30 * 20).reshape(30, 20)]
    pixels = training_pixels(images, "YX", None, (8, 8))
    assert pixels.values.shape[1:] == (12, 16, 1)
    assert set(pixels.values.ravel()) == {*images[0].ravel(), *images[1].ravel()}


def test_frames_are_samples_and_slices_are_not():
    stack = np.zeros((4, 8, 8))
    assert training_pixels([stack], "TYX", None, (8, 8)).values.shape == (4, 8, 8, 1)
    assert training_pixels([stack], "ZYX", None, (4, 8, 8)).values.shape == (1, 4, 8, 8, 1)


@pytest.mark.parametrize("images, axes, damage, message", [
    ([], "YX", None, "empty"),
    ([np.zeros((8, 8))], "YX", [np.ones((8, 8))], "covers everything"),
    ([np.full((8, 8), np.nan)], "YX", None, "finite"),
    ([np.zeros((8, 8))], "YX", [], "one mask per image"),
    ([np.zeros((8, 8, 3)), np.zeros((8, 8, 1))], "YXC", None, "number of channels"),
    ([np.zeros((8, 8, 8))], "ZYX", None, "spatial axes"),
])
def test_useless_data_are_refused(images, axes, damage, message):
    with pytest.raises(ValueError, match=message):
        training_pixels(images, axes, damage, (8, 8))
