"""What is special about each kind of damage."""

import cv2
import numpy as np
import pytest

from pipelines.synthetic_damage import render_damage

GRAY = np.full((200, 240, 3), 115, np.uint8)
SEEDS = range(12)


def pieces(mask):
    """Height, width and area of each connected piece."""
    _, _, boxes, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    return boxes[1:, [cv2.CC_STAT_HEIGHT, cv2.CC_STAT_WIDTH, cv2.CC_STAT_AREA]]


def thickness(mask):
    """Largest distance to what is not marked, in pixels."""
    return cv2.distanceTransform(np.pad(mask, 1).astype(np.uint8), cv2.DIST_L2, 5).max()


@pytest.mark.parametrize("kind, least, most", [("scratches", 1, 5), ("cracks", 1, 12), ("dust", 1, 8)])
def test_lines_and_dust_are_thin(kind, least, most):
    for seed in SEEDS:
        assert least <= thickness(render_damage(GRAY, seed, [kind]).mask) <= most


def test_scratches_are_long():
    longest = [np.hypot(*pieces(render_damage(GRAY, seed, ["scratches"]).mask)[:, :2].T).max() for seed in SEEDS]
    assert np.median(longest) > 60


def test_dead_pixels_are_single_pixels_or_whole_lines_and_differ_from_what_they_hide():
    random = np.random.default_rng(0)
    image = random.integers(0, 256, (60, 80, 3), dtype=np.uint8)
    for seed in SEEDS:
        rendered = render_damage(image, seed, ["dead-pixels"])
        lines = (rendered.mask.mean(axis=0) > 0.3)[np.newaxis] | (rendered.mask.mean(axis=1) > 0.3)[:, np.newaxis]
        single = rendered.mask & ~cv2.dilate(lines.astype(np.uint8), np.ones((3, 3))).astype(bool)
        change = np.abs(rendered.image.astype(int) - image).max(axis=-1)
        assert (change[single] >= 0.3 * 255).all()
        assert not single.any() or np.median(pieces(single)[:, 2]) <= 2


def test_dead_lines_are_damage_from_end_to_end_even_where_they_hardly_show():
    image = np.repeat(np.add.outer(np.arange(0, 120, 2), np.arange(80))[..., np.newaxis], 3, axis=-1).astype(np.uint8)
    masks = [render_damage(image, seed, ["dead-pixels"]).mask for seed in range(40)]
    lines = [line for mask in masks for line in (*mask, *mask.T) if line.mean() > 0.3]
    assert len(lines) > 10
    for line in lines:
        assert line[len(line) * 7 // 10:].all()  # without a gap up to the border


def test_missing_regions_have_one_even_colour():
    for seed in SEEDS:
        rendered = render_damage(GRAY - 40, seed, ["missing"])
        inside = cv2.erode(rendered.mask.astype(np.uint8), np.ones((5, 5))) > 0
        assert inside.any()
        assert len(np.unique(rendered.image[inside], axis=0)) == 1


def test_stains_let_the_picture_shine_through():
    rows = np.where(np.arange(200) % 8 < 4, 80, 150)[:, np.newaxis, np.newaxis]
    striped = np.broadcast_to(rows, (200, 240, 3)).astype(np.uint8)
    contrasts = []
    for seed in SEEDS:
        rendered = render_damage(striped, seed, ["blotches"])
        if not rendered.mask.any():
            continue  # so faint that the stripes hide it
        dark, light = (rendered.image[rendered.mask & (rows[..., 0] == level)].mean() for level in (80, 150))
        contrasts.append((light - dark) / 70)
    assert len(contrasts) > 6 and 0.05 < np.median(contrasts) < 0.9


def test_text_has_one_colour_and_several_letters():
    for seed in SEEDS:
        rendered = render_damage(GRAY, seed, ["text"])
        marked = rendered.image[rendered.mask].astype(int)
        strongest = marked[np.abs(marked - 115).sum(axis=1).argsort()[-5:]]
        assert np.ptp(strongest, axis=0).max() <= 40
        assert len(pieces(rendered.mask)) >= 2
