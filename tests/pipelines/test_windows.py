import numpy as np
import pytest

from pipelines.windows import inpaint_by_windows


def mean_filled(image, mask):
    filled = image.copy()
    filled[mask] = image[~mask].mean(axis=0) if (~mask).any() else 0
    return filled


def test_known_pixels_stay_and_every_hole_is_filled():
    random = np.random.default_rng(0)
    image = random.random((70, 90, 3)).astype(np.float32)
    mask = random.random((70, 90)) < 0.2
    before = image.copy()
    filled = inpaint_by_windows(mean_filled, image, mask, side=32, margin=8)
    np.testing.assert_array_equal(filled[~mask], image[~mask])
    assert (filled[mask] != image[mask]).all()
    np.testing.assert_array_equal(image, before)


def test_windows_are_no_larger_than_asked_and_only_where_the_holes_are():
    seen = []

    def spy(image, mask):
        seen.append(image.shape[:2])
        return mean_filled(image, mask)

    mask = np.zeros((400, 300), bool)
    mask[200:204, 150] = True
    inpaint_by_windows(spy, np.zeros((400, 300, 1), np.float32), mask, side=64, margin=16)
    assert len(seen) == 1 and max(seen[0]) <= 64


def test_finished_pixels_are_known_to_the_next_window():
    known = []

    def spy(image, mask):
        known.append((~mask).sum())
        return mean_filled(image, mask)

    mask = np.zeros((16, 64), bool)
    mask[4:12] = True
    inpaint_by_windows(spy, np.ones((16, 64, 1), np.float32), mask, side=32, margin=8)
    assert len(known) == 4
    assert known[1] > known[0]  # as many pixels seen, but half of the hole is filled already


def test_guides_are_cut_along():
    image = np.random.default_rng(0).random((40, 50, 1)).astype(np.float32)
    mask = np.ones((40, 50), bool)
    mask[:, 0] = False
    windows = []

    def spy(part, hole, places):
        windows.append(places)
        return places[..., np.newaxis]

    places = np.arange(2000, dtype=np.float32).reshape(40, 50)
    filled = inpaint_by_windows(spy, image, mask, places, side=32, margin=8)
    np.testing.assert_array_equal(filled[mask][:, 0], places[mask])
    assert len(windows) > 1


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (40, 3)])
def test_tiny_images(shape):
    image = np.zeros((*shape, 1), np.float32)
    assert inpaint_by_windows(mean_filled, image, np.zeros(shape, bool), side=16, margin=4).shape == image.shape


def test_windows_without_a_core_are_refused():
    with pytest.raises(ValueError, match="more than two margins of 96.*192"):
        inpaint_by_windows(None, np.zeros((8, 8, 3)), np.ones((8, 8), bool), side=192)
