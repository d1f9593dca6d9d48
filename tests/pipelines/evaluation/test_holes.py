from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from pipelines.errors import InputError
from pipelines.evaluation import holes
from pipelines.evaluation.holes import BINS, KINDS, parse_holes

SIZE = (96, 128)


def drawn(text, name="a", position=0, seed=0, size=SIZE):
    return parse_holes(text).mask(size, seed=seed, name=name, position=position)


@pytest.mark.parametrize("kind", [kind for kind in KINDS if KINDS[kind].draw is not None])
def test_masks_are_repeatable(kind):
    mask = drawn(kind)
    assert mask.shape == SIZE and mask.dtype == bool
    np.testing.assert_array_equal(mask, drawn(kind))
    others = [drawn(kind, name="b"), drawn(kind, seed=1)]
    assert all((other != mask).any() for other in others) == KINDS[kind].varies
    assert mask.any() == (kind != "none")


@pytest.mark.parametrize("text", ["free-form:10-20", "scratches:2-4", "box:15-20", "irregular:40-50"])
def test_the_share_is_as_asked_for(text):
    low, high = parse_holes(text).bounds
    for name in "abc":
        assert low <= 100 * drawn(text, name).mean() < high
    assert parse_holes(text).name == text


def test_irregular_holes_take_the_bins_in_turn():
    shares = [100 * drawn("irregular", position=position).mean() for position in range(len(BINS))]
    assert all(low <= share < high for share, (low, high) in zip(shares, BINS))


def test_the_centre_by_hand():
    expected = np.zeros((6, 8), bool)
    expected[1:4, 2:6] = True
    np.testing.assert_array_equal(drawn("centre", size=(6, 8)), expected)


def damaged(text, picture):
    return parse_holes(text).damage(picture, lambda pixels: pixels + 1, seed=0, name="a", position=0)


def test_drawn_holes_are_white_and_the_rest_is_noisy():
    picture = np.full((8, 8, 3), 7, np.uint8)
    degraded, mask = damaged("centre", picture)
    assert (degraded[mask] == 255).all() and (degraded[~mask] == 8).all() and (picture == 7).all()


def test_a_kind_is_added_in_a_line_and_noise_comes_over_what_it_renders(monkeypatch):
    monkeypatch.setitem(KINDS, "dots", holes.Kind(lambda seed, height, width: np.eye(height, width, dtype=bool)))
    monkeypatch.setitem(KINDS, "stains", holes.Kind(render=lambda picture, seed: SimpleNamespace(
        image=picture // 2, mask=picture[..., 0] > 5)))
    picture = np.full((3, 3, 3), 8, np.uint8)
    assert damaged("dots", picture)[1].sum() == 3
    degraded, mask = damaged("stains", picture)
    assert (degraded == 5).all() and mask.all()
    with pytest.raises(InputError, match="stains has a size of its own"):
        parse_holes("stains:10-20")
    with pytest.raises(ValueError, match="the mask of stains depends on the picture"):
        drawn("stains")


def test_damage_as_on_old_prints_is_repeatable():
    picture = np.random.RandomState(0).randint(60, 200, (64, 80, 3)).astype(np.uint8)
    degraded, mask = holes.parse_holes("damage").damage(picture, np.copy, seed=3, name="a", position=0)
    again, _ = holes.parse_holes("damage").damage(picture, np.copy, seed=3, name="a", position=0)
    other, _ = holes.parse_holes("damage").damage(picture, np.copy, seed=4, name="a", position=0)
    np.testing.assert_array_equal(degraded, again)
    assert 0 < mask.mean() < 1 and (degraded[mask] != picture[mask]).any() and (other != degraded).any()


@pytest.fixture
def folder(tmp_path):
    for index in range(2):
        marks = np.zeros((20, 20), np.uint8)
        marks[index * 10:index * 10 + 5] = 255
        Image.fromarray(marks).save(tmp_path / f"{index}.png")
    return tmp_path


def test_masks_of_a_folder_are_taken_in_turn(folder):
    rows = [int(np.flatnonzero(drawn(str(folder), position=position, size=(20, 20)).any(1))[0])
            for position in range(3)]
    assert rows == [0, 10, 0]
    assert parse_holes(str(folder)).name == folder.name


def test_masks_of_another_size(folder):
    with pytest.raises(InputError, match="is a mask of 20 x 20 pixels for a picture of 10 x 10 pixels"):
        drawn(str(folder), size=(10, 10))
    mask = parse_holes(str(folder), resizes=True).mask((10, 10), seed=0, name="a", position=1)
    np.testing.assert_array_equal(np.flatnonzero(mask.any(1)), [5, 6])


@pytest.mark.parametrize("text, said", [
    ("blobs", "'blobs' is no folder and no known kind; choose one of scratches, free-form"),
    ("centre:10-20", "centre has a size of its own"), ("box:20-10", "names no share"), ("box:10", "names no share"),
    ("box:a-b", "names no share"), ("box:0-95", "names no share")])
def test_what_makes_no_sense_is_named(text, said):
    with pytest.raises(InputError, match=r"^--masks: ") as caught:
        parse_holes(text)
    assert said in str(caught.value)


def test_a_share_that_no_draw_has(monkeypatch):
    monkeypatch.setattr(holes, "ATTEMPTS", 3)
    with pytest.raises(InputError, match="no mask of 8 x 8 pixels between 80 and 81 per cent in 3 draws"):
        drawn("box:80-81", size=(8, 8))
