"""Connected regions and what is measured of them."""

import numpy as np
import pytest

from pipelines.damage.regions import Regions


def two():
    mask = np.zeros((8, 10), bool)
    mask[1:3, 1:5] = mask[5, 6] = True
    return Regions(mask)


def test_what_is_measured():
    regions = two()
    assert regions.count == 3
    assert regions.area[1:].tolist() == [8, 1] and regions.width[1:].tolist() == [4, 1]
    assert regions.left[1:].tolist() == [1, 6] and regions.top[1:].tolist() == [1, 5]
    assert regions.length[1] == pytest.approx(np.hypot(4, 2))
    values = np.arange(80.0).reshape(8, 10)
    assert regions.mean(values)[1:].tolist() == [values[1:3, 1:5].mean(), 56]


def test_pixels_are_taken_out():
    regions, mask = two(), np.ones((8, 10), bool)
    mask[:, :3] = False
    regions.keep(mask)
    assert regions.area[1:].tolist() == [4, 1] and regions.width[1] == 4


def test_likelihood_is_logistic_and_zero_where_impossible():
    regions = two()
    likelihood = regions.likelihood([np.array([9.0, 1.0, 5.0])], [2.0], -3.0, np.array([True, True, False]))
    assert likelihood[1, 1] == pytest.approx(1 / (1 + np.exp(1.0)))
    assert likelihood[5, 6] == 0 and likelihood[0, 0] == 0
