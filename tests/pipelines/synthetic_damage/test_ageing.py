"""The ageing of whole pictures."""

import numpy as np
import pytest

from pipelines.synthetic_damage import age


def picture():
    y, x = np.mgrid[:60, :80]
    return np.stack([x * 3, y * 4, 255 - x * 2], axis=-1).astype(np.uint8)


def test_it_changes_pictures_in_different_ways_and_repeatably():
    image = picture()
    aged = [age(image, seed) for seed in range(8)]
    assert all(one.shape == image.shape and one.dtype == np.uint8 for one in aged)
    np.testing.assert_array_equal(aged[3], age(image, 3))
    np.testing.assert_array_equal(image, picture())
    assert len({one.tobytes() for one in aged}) >= 6


def test_some_become_gray_or_brown():
    saturations = [float((np.ptp(age(picture(), seed).astype(int), axis=-1)).mean()) for seed in range(12)]
    assert min(saturations) < 0.4 * max(saturations)


@pytest.mark.parametrize("image", [np.zeros((4, 4), np.uint8), np.zeros((4, 4, 3), np.float32)])
def test_it_refuses_other_types(image):
    with pytest.raises(ValueError, match="uint8"):
        age(image, 0)


def test_a_single_pixel():
    assert age(np.full((1, 1, 3), 7, np.uint8), 1).shape == (1, 1, 3)
