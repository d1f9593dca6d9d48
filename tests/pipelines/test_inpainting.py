import numpy as np
import pytest

from pipelines.errors import InputError
from pipelines.inpainting import choose_inpainter, edges_of, given_edges

LINES = np.array([[True, False, False], [False, True, False]])


@pytest.mark.parametrize("edges", [
    LINES, np.where(LINES, 154, 153).astype(np.uint8), np.where(LINES, 0.61, 0.59), LINES.astype(np.uint8),
    LINES[..., np.newaxis]], ids=["marks", "grey", "share", "ones", "channel"])
def test_edges_of_any_type(edges):
    found = given_edges(edges, (2, 3))
    assert found.dtype == bool
    np.testing.assert_array_equal(found, LINES)


@pytest.mark.parametrize("request_", [None, "auto"])
def test_what_is_no_array_stays(request_):
    assert given_edges(request_, (2, 3)) is request_


@pytest.mark.parametrize("edges, message", [
    (LINES, r"edges: have the shape \(2, 3\), the picture \(2, 4\)"), ("wish", "edges.*'wish'")])
def test_edges_that_misfit(edges, message):
    with pytest.raises(InputError, match=message):
        given_edges(edges, (2, 4))


def test_nothing_asked_for_is_nothing_drawn():
    assert not edges_of(np.eye(9)[..., np.newaxis], None, (0, 1)).any()


@pytest.mark.parametrize("channels", [1, 3])
def test_edges_are_found_whatever_the_value_range(channels):
    frame = np.zeros((30, 30, channels), np.uint8)
    frame[:, 15:] = 100
    found = edges_of(frame, "auto", (0, 255))
    assert found.sum() == 30 and found[:, 14:16].sum() == 30
    np.testing.assert_array_equal(edges_of(frame.astype(np.float32) / 255 + 7, "auto", (7, 8)), found)


def line(width):
    mask = np.zeros((80, 80), bool)
    mask[:, 30:30 + width] = True
    return mask


@pytest.mark.parametrize("mask, chosen", [
    (line(1), "deepfill_v2_spline_psnr"), (line(10), "deepfill_v2_spline_psnr"),
    (line(10) | line(10).T, "deepfill_v2_spline_psnr"),  # deeper where they cross
    (line(12), "deepfill_v2_spline"), (line(40), "deepfill_v2_spline"), (line(0), "deepfill_v2_spline")])
def test_the_default_depends_on_the_width_of_the_holes(mask, chosen):
    assert choose_inpainter("default", mask) == chosen


def test_what_was_asked_for_by_name_is_taken():
    assert choose_inpainter("deepfill_v2_spline", line(1)) == "deepfill_v2_spline"
    assert choose_inpainter("telea", line(1)) == "telea"
