"""Filters find what they are for, and leave what merely looks a little like it."""

import cv2
import numpy as np
import pytest

from pipelines.damage import missing
from pipelines.damage.classical import CLASSICAL
from pipelines.damage.kinds import BLOTCHES, KINDS
from tests.pipelines.damage.pictures import SIZE, as_colours, drawn, grown, scratched, shaded

SIGMA = 2 / 255


def found(kind, image, sigma=SIGMA):
    likelihood = CLASSICAL[kind](as_colours(image), sigma)
    assert likelihood.shape == image.shape[:2] and likelihood.dtype == np.float32
    assert likelihood.min() >= 0 and likelihood.max() <= 1
    return likelihood > 0.5


def test_there_is_one_for_each_kind_but_stains():
    assert set(CLASSICAL) == set(KINDS) - {BLOTCHES}


@pytest.mark.parametrize("kind, shape", [("scratches", "scratch"), ("dust", "dust")])
@pytest.mark.parametrize("paint", [250, 5], ids=["white", "black"])
def test_thin_damage_is_covered_and_little_else(kind, shape, paint):
    damage, image = drawn(shape), shaded()
    image[damage] = paint
    marked = found(kind, image)
    assert grown(marked, 1)[damage].mean() > 0.97  # a line may lose its very ends
    assert not (marked & ~grown(damage, 6)).any()  # averages along a line reach a few pixels beyond its ends
    assert (marked & grown(damage, 3)).sum() > 0.98 * marked.sum()


def test_a_crack_is_followed():
    image, canvas = shaded(), np.zeros(SIZE, np.uint8)
    random = np.random.default_rng(3)
    path = np.stack([np.arange(10, 190, 3), 80 + np.cumsum(random.normal(0, 1.5, 60))], axis=1).astype(int)
    for start, end in zip(path, path[1:]):
        cv2.line(canvas, tuple(map(int, start)), tuple(map(int, end)), 1, int(random.integers(1, 4)))
    image[canvas > 0] = 240
    marked = found("cracks", image)
    assert grown(marked, 1)[canvas > 0].mean() > 0.9
    assert (marked & ~grown(canvas > 0, 3)).sum() < 0.05 * marked.sum()


@pytest.mark.parametrize("value", [0, 255])
def test_dead_pixels_are_found_one_by_one(value):
    image = shaded()
    rows, columns = (np.random.default_rng(0).integers(2, side - 2, 40) for side in SIZE)
    image[rows, columns] = value
    image[100, 100:102] = value  # a pair
    truth = image == value
    np.testing.assert_array_equal(found("dead-pixels", image), truth)


@pytest.mark.parametrize("turned", [False, True])
def test_dead_rows_and_columns(turned):
    image = np.random.default_rng(0).integers(60, 190, SIZE, dtype=np.uint8)
    image = cv2.GaussianBlur(image, (0, 0), 3)
    truth = np.zeros(SIZE, bool)
    truth[40, 60:] = truth[90] = True
    image[truth] = 255
    if turned:
        image, truth = image.T, truth.T
    np.testing.assert_array_equal(found("dead-pixels", image, 0.0), truth)


def test_lines_and_corners_are_no_dead_pixels():
    image = shaded()
    image[30:32, 20:150] = 250
    image[60:90, 60:90] = 10
    assert not found("dead-pixels", image).any()


def test_the_edge_of_a_drawn_frame_is_no_dead_row():
    image = np.full(SIZE, 220, np.uint8)
    image[90:] = 30
    image[90] = 120  # between what is above and below
    assert not found("dead-pixels", image, 0.0).any()
    image[90] = 10
    assert found("dead-pixels", image, 0.0)[90].mean() > 0.9


@pytest.mark.parametrize("value, is_found", [(255, True), (170, False)])
def test_what_is_neither_black_nor_white_must_differ_more(value, is_found):
    image = np.full(SIZE, value - 80, np.uint8)
    image[100, 100] = value
    assert found("dead-pixels", image, 0.0)[100, 100] == is_found


@pytest.mark.parametrize("colour", [255, 0, 128])
def test_missing_regions_are_found_whole(colour):
    image, canvas = np.stack([shaded()] * 3, axis=-1), np.zeros(SIZE, np.uint8)
    image[..., 0] //= 2  # so that no gray is like it
    cv2.fillPoly(canvas, [np.array([(0, 0), (60, 0), (0, 45)])], 1)  # a torn corner
    cv2.circle(canvas, (140, 100), 14, 1, cv2.FILLED)
    image[canvas > 0] = colour
    marked = found("missing", image)
    assert marked[canvas > 0].mean() > 0.98
    assert not (marked & ~grown(canvas > 0, 3)).any()


@pytest.mark.parametrize("torn, is_found", [(missing.TORN, True), (0.0, False)])
def test_a_torn_corner_may_be_like_some_of_what_is_beside_it(torn, is_found, monkeypatch):
    monkeypatch.setattr(missing, "TORN", torn)
    image = shaded()
    image[:40, :40] = 240
    image[40:60, :10] = 245
    assert found("missing", image, 0.0)[5:35, 5:35].all() == is_found


def test_noise_does_not_hide_what_is_missing():
    image, noise = shaded().astype(float), np.random.default_rng(1).normal(0, 10, SIZE)
    image[30:60, 50:100] = 255
    marked = found("missing", np.clip(image + noise, 0, 255).astype(np.uint8), 10 / 255)
    assert marked[32:58, 52:98].mean() > 0.95 and marked.mean() < 0.08


def test_a_sky_that_darkens_slowly_is_not_missing():
    sky = np.broadcast_to(np.linspace(255, 80, SIZE[0])[:, np.newaxis], SIZE).astype(np.uint8).copy()
    sky[:60] = 255
    assert not found("missing", sky, 0.0).any()


def test_letters_in_a_row_are_text():
    image = np.stack([shaded()] * 3, axis=-1)
    written = np.zeros(SIZE, np.uint8)
    for index, letter in enumerate("HNEMK8"):
        cv2.putText(written, letter, (20 + 22 * index, 90), cv2.FONT_HERSHEY_SIMPLEX, 0.8, 1, 2)
    image[written > 0] = 255
    marked = found("text", image)
    assert grown(marked, 1)[written > 0].mean() > 0.9
    row = cv2.morphologyEx(written, cv2.MORPH_CLOSE, np.ones((15, 15), np.uint8)) > 0
    assert not (marked & ~grown(row, 2)).any()  # gaps between letters may look like letters of another colour


def test_few_or_differently_coloured_letters_are_no_text():
    image = np.stack([shaded()] * 3, axis=-1)
    for index, letter in enumerate("HNEM"):
        cv2.putText(image, letter, (20 + 30 * index, 90), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (255, 60 * index, 0), 2)
    cv2.putText(image, "NE", (20, 140), cv2.FONT_HERSHEY_SIMPLEX, 0.8, (255, 255, 0), 2)
    assert not found("text", image).any()


@pytest.mark.parametrize("name, image", [
    ("ramp", shaded()),
    ("one value", np.full(SIZE, 77, np.uint8)),
    ("edge", np.where(np.arange(200) < 100, 30, 230).astype(np.uint8)[np.newaxis].repeat(160, 0)),
    ("stripes", np.where(np.arange(200) // 4 % 2, 30, 230).astype(np.uint8)[np.newaxis].repeat(160, 0)),
    ("noise", np.random.default_rng(1).normal(120, 50, SIZE).clip(0, 255).astype(np.uint8)),
    ("frame at the border", np.pad(shaded()[2:, :], ((2, 0), (0, 0)), constant_values=250)),
    ("one pixel", np.full((1, 1), 9, np.uint8)),
    ("one row", np.arange(50, dtype=np.uint8)[np.newaxis]),
], ids=lambda value: value if isinstance(value, str) else "")
@pytest.mark.parametrize("kind", list(CLASSICAL))
def test_what_is_no_damage_is_left(kind, name, image):
    sigma = 50 / 255 if name == "noise" else SIGMA
    assert not found(kind, image, sigma).any()


def test_white_on_a_bright_colour_counts():
    image = np.full((*SIZE, 3), (250, 200, 20), np.uint8)  # its luminance is nearly that of white
    damage = drawn("scratch")
    image[damage] = 255
    assert grown(found("scratches", image), 1)[damage].mean() > 0.97


@pytest.mark.parametrize("kind", list(CLASSICAL))
def test_the_pixels_are_not_modified(kind):
    colours = as_colours(scratched())
    before = colours.copy()
    CLASSICAL[kind](colours, SIGMA)
    np.testing.assert_array_equal(colours, before)
