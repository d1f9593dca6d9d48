"""The choice of masked pixels and their replacement, against n2v's own."""

import contextlib
import io
import warnings

import numpy as np
import pytest
from n2v.internals.N2V_DataWrapper import N2V_DataWrapper
from n2v.utils.n2v_utils import pm_median, pm_uniform_withCP

from denoise.manipulation import median_without_center, stratified_coordinates, uniform_with_center

PATCH = np.arange(9.0 * 9).reshape(9, 9)


def test_same_distribution_as_n2v():
    for center in ((4, 4), (0, 0), (8, 3), (1, 8)):
        coords = [[center[0]] * 4000, [center[1]] * 4000]
        np.random.seed(1)
        ours = np.unique(uniform_with_center(2)(PATCH, coords, 2), return_counts=True)
        theirs = np.unique(pm_uniform_withCP(2)(PATCH, coords, 2), return_counts=True)
        np.testing.assert_array_equal(ours[0], theirs[0])  # the same window, centre included
        # each count is binomial: six standard deviations
        expected = 4000 / len(ours[0])
        assert np.abs(ours[1] - expected).max() < 6 * np.sqrt(expected)


@pytest.mark.parametrize("shape, radius", [((9, 9), 1), ((9, 12), 3), ((5, 6, 7), 1), ((3, 3), 2)])
def test_medians_are_those_of_n2v(shape, radius):
    patch = np.random.default_rng(0).normal(size=shape).astype(np.float32)
    coords = [list(axis) for axis in np.indices(shape).reshape(len(shape), -1)]
    ours = median_without_center(radius)
    np.testing.assert_array_equal(ours(patch, coords, len(shape)), pm_median(radius)(patch, coords, len(shape)))
    assert ours(patch, [[]] * len(shape), len(shape)).shape == (0,)


@pytest.mark.parametrize("shape, percent", [((64, 64), 8), ((20, 33), 2), ((8, 16, 16), 1.5)])
def test_the_masked_pixels_are_those_of_n2v(shape, percent):
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`product` is deprecated")
        official = N2V_DataWrapper(np.zeros((1, *shape, 1)), None, 1, 1, perc_pix=percent, shape=shape)
    chosen = []
    for choose in (official.get_stratified_coords, stratified_coordinates):
        np.random.seed(3)
        chosen.append(np.array(choose(official.rand_float, box_size=official.box_size, shape=shape)))
    np.testing.assert_array_equal(*chosen)


def test_volumes_and_no_pixels_at_all():
    volume = np.arange(27.0).reshape(3, 3, 3)
    values = uniform_with_center(1)(volume, [[0] * 500, [0] * 500, [0] * 500], 3)
    assert set(values) == set(volume[:2, :2, :2].ravel())
    assert uniform_with_center(1)(PATCH, [[], []], 2).shape == (0,)
