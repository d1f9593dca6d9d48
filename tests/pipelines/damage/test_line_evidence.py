"""Lines, compared with what lies beside them."""

import cv2
import numpy as np
import pytest

from pipelines.damage import line_evidence as lines


def test_tiles_leave_no_trace(monkeypatch):
    brightness = np.random.default_rng(0).normal(0.4, 0.01, (160, 200)).astype(np.float32)
    cv2.polylines(brightness, [np.array([[20, 30], [90, 60], [180, 130]])], False, 0.95, 2)
    whole = lines.line_evidence(brightness, 0.01)
    monkeypatch.setattr(lines, "SIDE", 48)
    tiled = lines.line_evidence(brightness, 0.01)
    assert (whole.strength > 1).any()
    for name, values in vars(whole).items():
        # OpenCV's running sums round a little differently from tile to tile
        np.testing.assert_allclose(getattr(tiled, name), values, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("width", [1, 3, 5])
def test_a_line_has_the_contrast_that_was_painted(width):
    brightness = np.full((100, 100), 0.3, np.float32)
    brightness[50 - width // 2:51 + width // 2] = 0.9
    evidence = lines.line_evidence(brightness, 0.0)
    assert evidence.contrast[50, 50] == pytest.approx(0.6, abs=1e-5)
    assert evidence.opacity[50, 50] == pytest.approx(0.6 / 0.7, abs=1e-5)
    assert evidence.strength[50, 50] == pytest.approx(0.6 / lines.LEAST_CONTRAST, abs=1e-4)
    assert evidence.level[50, 50] == pytest.approx(0.9, abs=1e-5)
    assert evidence.is_inside[50, 50]


def test_half_covering_paint_has_half_opacity():
    brightness = np.full((100, 100), 0.2, np.float32)
    brightness[:, 40] = 0.6  # half of 0.2, half of 1
    assert lines.line_evidence(brightness, 0.0).opacity[50, 40] == pytest.approx(0.5, abs=1e-5)


def test_noise_raises_what_counts_as_strong():
    brightness = np.full((100, 100), 0.3, np.float32)
    brightness[50] = 0.9
    sigma = 0.1
    expected = 0.6 / (lines.NOISE_FACTOR * sigma / 4)  # 16 pixels are averaged
    assert lines.line_evidence(brightness, sigma).strength[50, 50] == pytest.approx(expected, rel=1e-4)
