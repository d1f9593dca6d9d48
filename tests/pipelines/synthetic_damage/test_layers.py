"""Strokes, fills and noise as opacities."""

import numpy as np
import pytest

from pipelines.synthetic_damage.layers import Canvas, cloud, pick, worn


@pytest.mark.parametrize("width", [0.5, 1.0, 2.0, 5.0])
def test_a_stroke_covers_its_width(width):
    canvas = Canvas((21, 40))
    canvas.stroke(np.array([(-5.0, 10.0), (45.0, 10.0)]), width)
    assert canvas.opacity()[:, 20].sum() == pytest.approx(width, abs=0.3)
    assert canvas.opacity()[10, 20] == canvas.opacity().max()


def test_opacities_along_a_stroke_are_drawn_as_given():
    canvas = Canvas((9, 40))
    canvas.stroke(np.array([(0.0, 4.0), (20.0, 4.0), (39.0, 4.0)]), 3, np.array([1.0, 0.5, 0.5]))
    assert canvas.opacity()[4, 10] == 1 and canvas.opacity()[4, 30] == pytest.approx(0.5, abs=0.01)
    gap = Canvas((9, 40))
    gap.stroke(np.array([(0.0, 4.0), (20.0, 4.0), (39.0, 4.0)]), 1, np.array([1.0, 0.0, 0.0]))
    assert gap.opacity()[4, 10] > 0 and not gap.opacity()[:, 25:].any()


def test_a_filled_square_covers_its_pixels_and_no_others():
    canvas = Canvas((10, 12))
    canvas.fill(np.array([(2, 3), (7, 3), (7, 6), (2, 6)]) - 0.5, 0.4)
    expected = np.zeros((10, 12))
    expected[3:6, 2:7] = 0.4
    assert np.abs(canvas.opacity() - expected)[1:-1].mean() < 0.02
    assert canvas.opacity()[4, 4] == pytest.approx(0.4, abs=0.01)


def test_what_lies_far_outside_is_drawn_without_harm():
    canvas = Canvas((5, 5))
    canvas.stroke(np.array([(-1e9, 2.0), (1e9, 2.0)]), 1)
    assert canvas.opacity()[2].min() > 0


def test_clouds_are_smooth_and_within_range():
    values = cloud(np.random.default_rng(0), (40, 50), 10)
    assert values.shape == (40, 50) and values.min() >= 0 and values.max() <= 1 and values.std() > 0.1
    assert np.abs(np.diff(values, axis=0)).max() < 0.3


def test_wear_takes_about_the_share_that_was_asked_for():
    full = np.ones((100, 100), np.float32)
    assert worn(np.random.default_rng(0), full, 0.0, 5) is full
    assert worn(np.random.default_rng(0), full, 0.5, 5).mean() == pytest.approx(0.5, abs=0.12)


def test_colours_are_picked_by_their_shares():
    random = np.random.default_rng(0)
    picked = [pick(random, ((0, 0, 0), (1, 1, 1)), (0.2, 0.8), spread=0).sum() for _ in range(200)]
    assert np.mean(np.array(picked) == 3) == pytest.approx(0.8, abs=0.08)
