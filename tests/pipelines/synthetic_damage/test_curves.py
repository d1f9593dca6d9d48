"""Random paths."""

import numpy as np
import pytest

from pipelines.synthetic_damage import curves


def length_of(path):
    return np.hypot(*np.diff(path, axis=0).T).sum()


def test_a_smooth_path_begins_and_turns_as_told():
    random = np.random.default_rng(0)
    straight = curves.smooth_path(random, np.array([5.0, 7.0]), 0.0, 100, bend=0.0)
    assert length_of(straight) == pytest.approx(100, rel=0.05)
    np.testing.assert_allclose(straight[:, 1], 7)
    assert np.ptp(curves.smooth_path(random, np.zeros(2), 0.0, 100, bend=2.0)[:, 1]) > 5


def test_a_jagged_path_joins_its_ends():
    path = curves.jagged_path(np.random.default_rng(0), np.array([0.0, 0.0]), np.array([90.0, 0.0]), 0.1)
    np.testing.assert_allclose(path[[0, -1]], [(0, 0), (90, 0)])
    assert length_of(path) > 92 and np.hypot(*np.diff(path, axis=0).T).mean() < 2 * curves.STEP


def test_a_jagged_path_of_no_length():
    assert len(curves.jagged_path(np.random.default_rng(0), np.ones(2), np.ones(2), 0.1)) == 2


def test_an_outline_goes_round_its_centre():
    shape = curves.outline(np.random.default_rng(0), np.array([50.0, 40.0]), 10, 0.0)
    np.testing.assert_allclose(shape.mean(axis=0), (50, 40), atol=1e-6)
    x, y = shape.T
    assert abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1))) / 2 == pytest.approx(np.pi * 100, rel=0.02)


@pytest.mark.parametrize("count", [1, 2, 50])
def test_values_along_a_path(count):
    values = curves.along(np.random.default_rng(0), count, 0.3, 0.6)
    assert values.shape == (count,) and values.min() >= 0.3 and values.max() <= 0.6


def test_a_broken_line_lacks_about_its_share():
    gaps = 1 - curves.broken(np.random.default_rng(0), 2000, 0.3)
    assert set(np.unique(gaps)) == {0, 1} and gaps.mean() == pytest.approx(0.25, abs=0.1)


def test_places_on_the_border():
    random = np.random.default_rng(0)
    for _ in range(20):
        x, y = curves.on_border(random, (30, 50))
        assert x in (0, 50) or y in (0, 30)
