"""What a plan says is what the networks do."""

import dataclasses
import functools

import numpy as np
import pytest

from pipelines import networks
from pipelines.networks import Networks
from pipelines.plan import make_plan
from pipelines.windows import inpaint_by_windows
from tests.parity.generators import official_generator

SIZE = 80, 96
MASK = np.zeros(SIZE, bool)
MASK[8:12, 10:90] = True  # a scratch
MASK[30:70, 40:80] = True
IMAGE = np.random.default_rng(3).integers(0, 256, (*SIZE, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def filler():
    return Networks(official_generator("seedB"))


def fill(filler, plan, frames=IMAGE[np.newaxis]):
    restored = filler.fill(frames, np.stack([MASK] * len(frames)), None, (0, 255), plan)
    np.testing.assert_array_equal(restored[:, ~MASK], frames[:, ~MASK])
    return restored


@pytest.fixture(scope="module")
def whole(filler):
    return fill(filler, make_plan(MASK))[0]


def test_little_memory_changes_no_pixel(filler, whole):
    restored = fill(filler, dataclasses.replace(make_plan(MASK), working_bytes=2**20))[0]
    assert np.abs(restored.astype(int) - whole).max() <= 1


def test_windows(filler, whole, monkeypatch):
    monkeypatch.setattr(networks, "inpaint_by_windows", functools.partial(inpaint_by_windows, margin=16))
    windows = fill(filler, dataclasses.replace(make_plan(MASK), window=64))[0]
    assert (windows[MASK] != IMAGE[MASK]).mean() > 0.9
    assert np.abs(windows.astype(int) - whole).max() > 1  # a window sees less


def test_wide_holes_first_then_the_others_beside_what_was_painted(filler, whole):
    wide = MASK.copy()
    wide[:20] = False
    plan = dataclasses.replace(make_plan(MASK), wide=wide, factor=2)
    pyramid = fill(filler, plan)[0]
    assert np.abs(pyramid[wide].astype(int) - whole[wide]).max() > 1
    # the scratch is filled at full size, next to what stands in the wide hole by then
    once_more, rest = pyramid.copy(), MASK & ~wide
    expected = filler.fill(once_more[np.newaxis], rest[np.newaxis], None, (0, 255), make_plan(rest))[0]
    np.testing.assert_array_equal(pyramid, expected)
