"""The renderer: what it changes is what it marks, for any picture, the same for one seed."""

import numpy as np
import pytest

from pipelines.synthetic_damage import KINDS, render_damage

GRAY_LEVEL = 0.45  # neither white nor black damage is invisible on it


def plain(height=80, width=100, dtype=np.uint8, channels=3):
    shape = (height, width, 3)[:2 if channels == 1 else 3]
    white = 1.0 if dtype == np.float32 else np.iinfo(dtype).max
    return np.full(shape, GRAY_LEVEL * white, dtype)


@pytest.mark.parametrize("kind", KINDS)
def test_the_mask_is_what_changed(kind):
    for seed in range(4):
        rendered = render_damage(plain(), seed, [kind])
        change = np.abs(rendered.image.astype(int) - plain()).max(axis=-1)
        assert list(rendered.masks) == [kind]
        assert rendered.masks[kind].any() and rendered.masks[kind].mean() < 0.5
        assert (change[rendered.mask] > 0).all()
        # what is not marked is soft: rims of strokes, the shadow beside a crack
        assert np.abs(change[~rendered.mask]).max() < 0.62 * 255


@pytest.mark.parametrize("dtype, channels", [(np.uint8, 3), (np.uint8, 1), (np.uint16, 3), (np.float32, 1)])
def test_type_and_shape_are_kept_and_the_input_is_left_alone(dtype, channels):
    image = plain(dtype=dtype, channels=channels)
    before = image.copy()
    rendered = render_damage(image, 3)
    assert rendered.image.dtype == dtype and rendered.image.shape == image.shape
    np.testing.assert_array_equal(image, before)
    untouched = rendered.image == image
    assert 0.3 < untouched.mean() < 1


def test_one_seed_gives_one_result_and_another_another():
    first, again, other = (render_damage(plain(), seed) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first.image, again.image)
    for kind in KINDS:
        np.testing.assert_array_equal(first.masks[kind], again.masks[kind])
    assert not np.array_equal(first.image, other.image)


def test_a_kind_looks_the_same_with_and_without_others():
    for kind in set(KINDS) - {"dead-pixels"}:
        alone, among = render_damage(plain(), 2, [kind]), render_damage(plain(), 2)
        assert (alone.masks[kind] ^ among.masks[kind]).mean() < 0.02  # where one lies over another, less may show


def test_damage_that_does_not_show_is_not_marked():
    white = np.full((80, 100, 3), 255, np.uint8)
    rendered = render_damage(white, 0, ["missing"])  # seed 0 has white paper
    np.testing.assert_array_equal(rendered.image, white)
    assert not rendered.mask.any()


def test_larger_pictures_have_larger_damage():
    def runs(side):
        """Typical width of dust, in pixels along a row."""
        mask = render_damage(plain(side, side), 1, ["dust"]).mask
        return mask.sum() / max(1, (np.diff(mask.astype(int), axis=1) == 1).sum())

    assert runs(960) > 2 * runs(320)


@pytest.mark.parametrize("shape", [(1, 1), (1, 40, 3), (7, 3, 3), (33, 2)])
def test_small_pictures(shape):
    for seed in range(3):
        rendered = render_damage(np.full(shape, 100, np.uint8), seed)
        assert rendered.image.shape == shape and rendered.mask.shape == shape[:2]


@pytest.mark.parametrize("image, kinds", [
    (np.zeros((5, 5, 4), np.uint8), KINDS), (np.zeros((5, 5), np.float64), KINDS), (np.zeros((0, 5), np.uint8), KINDS),
    (plain(), ["scratch"]), (plain(), [])])
def test_what_it_refuses(image, kinds):
    with pytest.raises(ValueError, match="Received"):
        render_damage(image, 0, kinds)
