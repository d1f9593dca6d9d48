import numpy as np
import pytest

from pipelines import plan
from pipelines.errors import InputError
from pipelines.plan import make_plan

GIGABYTE = 2**30


def mask(height, width, *holes):
    marks = np.zeros((height, width), bool)
    for hole in holes:
        marks[hole] = True
    return marks


SCRATCH, BOX = np.s_[40:44], np.s_[200:500, 300:700]


def test_narrow_holes_are_filled_at_full_size_and_as_a_whole():
    made = make_plan(mask(600, 800, SCRATCH), memory_limit=8 * GIGABYTE)
    assert (made.strategy, made.factor, made.window, made.wide) == ("native", 1, None, None)
    assert made.working_bytes == plan.MOST_WORKING_BYTES and made.peak_bytes < 2 * GIGABYTE


@pytest.mark.parametrize("strategy, wide, factor", [
    ("auto", mask(600, 800, BOX), 4),  # 300 pixels wide, 75 at a quarter
    ("native", None, 1), ("pyramid", mask(600, 800, SCRATCH, BOX), 4)])
def test_wide_holes(strategy, wide, factor):
    made = make_plan(mask(600, 800, SCRATCH, BOX), strategy=strategy, memory_limit=8 * GIGABYTE)
    assert made.factor == factor and made.strategy == ("native" if wide is None else "pyramid")
    if wide is not None:
        np.testing.assert_array_equal(made.wide, wide)


def test_a_scratch_that_runs_into_a_wide_hole_stays_narrow():
    holes = mask(600, 800, BOX, np.s_[350:353])
    made = make_plan(holes, memory_limit=8 * GIGABYTE)
    assert made.wide[BOX].all() and not made.wide[:, :250].any()


def test_no_holes():
    made = make_plan(mask(600, 800), memory_limit=8 * GIGABYTE)
    assert made.wide is None and made.operations == 0


def test_what_a_limit_does():
    holes = mask(3000, 4000, SCRATCH)
    roomy, tight, small = (make_plan(holes, memory_limit=int(limit * GIGABYTE)) for limit in (16, 5.1, 3))
    assert roomy.window is None and tight.window is None and roomy.working_bytes > tight.working_bytes
    assert small.window is not None and 512 <= small.window < 3000
    for made, limit in ((tight, 5.1), (small, 3)):
        assert made.peak_bytes <= limit * GIGABYTE
    with pytest.raises(InputError, match="--memory-limit: 1.0 GB are too few for 4000 x 3000.*at least 2"):
        make_plan(holes, memory_limit=GIGABYTE)
    with pytest.raises(InputError, match="too few"):
        make_plan(mask(8, 8), memory_limit=2**20)


def test_a_denoiser_works_in_tiles_that_fit():
    small, large = mask(400, 600, SCRATCH), mask(3000, 4000, SCRATCH)
    assert make_plan(small, memory_limit=8 * GIGABYTE).tile is None
    whole, tight = (make_plan(small, memory_limit=int(limit * GIGABYTE), denoises=True) for limit in (8, 1.15))
    assert whole.tile is None and 0 < tight.tile < 400 and tight.peak_bytes <= 1.15 * GIGABYTE
    roomy, less = (make_plan(large, memory_limit=int(limit * GIGABYTE), denoises=True, window=1024)
                   for limit in (6, 3))
    assert 128 <= less.tile < roomy.tile == 896
    undenoised = make_plan(large, memory_limit=6 * GIGABYTE, window=1024)
    assert undenoised.tile is None and undenoised.peak_bytes < roomy.peak_bytes <= 6 * GIGABYTE
    trained, applied = (make_plan(mask(100, 100, SCRATCH), memory_limit=8 * GIGABYTE, denoises=True, trains=trains)
                        for trains in (True, False))
    assert trained.peak_bytes > applied.peak_bytes
    with pytest.raises(InputError, match="1.0 GB are too few for 600 x 400 pixels; give at least 1.3 GB"):
        make_plan(small, memory_limit=GIGABYTE, denoises=True, trains=True)


def test_windows_cost_less_in_large_pictures_and_small_ones_need_none():
    holes = mask(3000, 4000, np.s_[::100])
    whole, windows = (make_plan(holes, memory_limit=16 * GIGABYTE, window=window) for window in (None, 1024))
    assert windows.window == 1024 and windows.operations < whole.operations / 3
    assert windows.peak_bytes < whole.peak_bytes
    assert make_plan(holes, memory_limit=int(2.3 * GIGABYTE), window=2048).window < 1024  # the limit is stronger
    assert make_plan(mask(600, 800, SCRATCH), memory_limit=8 * GIGABYTE, window=1024).window is None
    with pytest.raises(InputError, match="--window: 400 pixels are too few; give at least 512"):
        make_plan(holes, window=400)


def test_work_grows_with_the_holes_and_their_spread():
    few, many, all_over = (make_plan(mask(800, 800, *holes), memory_limit=8 * GIGABYTE).operations for holes in
                           ([np.s_[:3, :3]], [np.s_[:3]], [np.s_[::40, ::40]]))
    assert few < many < all_over


def test_the_plan_in_words():
    line = make_plan(mask(600, 800, SCRATCH, BOX), memory_limit=8 * GIGABYTE).describe()
    assert "800 x 600 pixels, pyramid (wide holes at 1/4 of the size), as a whole" in line and "GB at most" in line
