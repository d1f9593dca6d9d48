import numpy as np
import pytest

from pipelines.evaluation.statistics import Estimate, bin_name, bin_order, estimate


def test_the_interval_is_that_of_the_mean():
    values = np.random.RandomState(0).normal(3.0, 2.0, 100)
    found = estimate(values)
    error = values.std() / 10
    assert found.mean == pytest.approx(values.mean())
    assert found.low == pytest.approx(values.mean() - 1.96 * error, abs=0.15 * error)
    assert found.high == pytest.approx(values.mean() + 1.96 * error, abs=0.15 * error)
    assert found == estimate(values) != estimate(values, seed=1)


def test_differences_have_narrower_intervals_than_what_they_are_of():
    random = np.random.RandomState(0)
    difficulty = random.normal(25, 4, 60)
    ours, theirs = difficulty + random.normal(0.5, 0.2, 60), difficulty
    paired, single = estimate(ours - theirs), estimate(ours)
    assert paired.low > 0.4 and paired.high < 0.6 and single.high - single.low > 1


def test_few_values():
    assert estimate([]) is None
    assert estimate([2.0]) == Estimate(2.0, None, None)
    assert estimate([2.0, 2.0]) == Estimate(2.0, 2.0, 2.0)


@pytest.mark.parametrize("ratio, name", [(0, "none"), (1e-4, "0-10 %"), (0.1, "10-20 %"), (0.5999, "50-60 %"),
                                         (0.6, "over 60 %"), (0.99, "over 60 %")])
def test_bins(ratio, name):
    assert bin_name(ratio) == name


def test_bins_are_in_order():
    names = [bin_name(ratio) for ratio in (0, 0.05, 0.15, 0.25, 0.55, 0.7)]
    assert sorted(names[::-1], key=bin_order) == names
