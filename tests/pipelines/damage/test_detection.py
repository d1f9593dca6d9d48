"""Damage is found, and what merely looks a little like it is left."""

from __future__ import annotations

from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from pipelines.damage import find_damage
from pipelines.damage import line_evidence as lines
from pipelines.images import Picture

SIZE = (160, 200)
EXAMPLES = Path(__file__).resolve().parents[3] / "examples"


def shaded() -> np.ndarray:
    """A gray ramp from 90 to 140 with a little noise, uint8."""
    rows, columns = np.mgrid[:SIZE[0], :SIZE[1]]
    noise = np.random.default_rng(0).normal(0, 2, SIZE)
    return np.rint(90 + 50 * (rows + columns) / sum(SIZE) + noise).astype(np.uint8)


def drawn(kind: str) -> np.ndarray:
    canvas = np.zeros(SIZE, np.uint8)
    if kind == "scratch":
        cv2.polylines(canvas, [np.array([[20, 30], [90, 60], [180, 130]])], False, 1, 2)
    else:
        for centre in ((40, 120), (120, 30), (170, 80)):
            cv2.circle(canvas, centre, 3, 1, cv2.FILLED)
    return canvas > 0


def grown(mask: np.ndarray, pixels: int) -> np.ndarray:
    return cv2.dilate(mask.astype(np.uint8), np.ones((2 * pixels + 1,) * 2, np.uint8)) > 0


@pytest.mark.parametrize("kind", ["scratch", "dust"])
@pytest.mark.parametrize("paint", [250, 5], ids=["white", "black"])
def test_damage_is_covered_and_little_else(kind, paint):
    damage, image = drawn(kind), shaded()
    image[damage] = paint
    found = find_damage(Picture(image))
    assert found.dtype == bool and found.shape == SIZE
    assert found[damage].mean() > 0.97  # a line may lose its very ends
    assert not (found & ~grown(damage, 6)).any()  # averages along a line reach a few pixels beyond its ends
    assert (found & grown(damage, 3)).sum() > 0.98 * found.sum()


@pytest.mark.parametrize("name, image", [
    ("ramp", shaded()),
    ("one value", np.full(SIZE, 77, np.uint8)),
    ("edge", np.where(np.arange(200) < 100, 30, 230).astype(np.uint8)[np.newaxis].repeat(160, 0)),
    ("stripes", np.where(np.arange(200) // 4 % 2, 30, 230).astype(np.uint8)[np.newaxis].repeat(160, 0)),
    ("noise", np.random.default_rng(1).normal(120, 50, SIZE).clip(0, 255).astype(np.uint8)),
    ("frame at the border", np.pad(shaded()[2:, :], ((2, 0), (0, 0)), constant_values=250)),
    ("gable", cv2.fillPoly(np.full(SIZE, 60, np.uint8), [np.array([[100, 40], [40, 140], [160, 140]])], 240)),
    ("one pixel", np.full((1, 1), 9, np.uint8)),
    ("one row", np.arange(50, dtype=np.uint8)[np.newaxis]),
], ids=lambda value: value if isinstance(value, str) else "")
def test_what_is_no_damage_is_left(name, image):
    assert not find_damage(Picture(image)).any()


def scratched() -> np.ndarray:
    image = shaded()
    image[drawn("scratch")] = 250
    return image


@pytest.mark.parametrize("convert", [
    lambda gray: gray.astype(np.uint16) * 257,
    lambda gray: gray.astype(np.float32) / 255,
    lambda gray: np.stack([gray] * 3, axis=-1),
], ids=["uint16", "float32", "RGB"])
def test_every_type_gives_the_same_mask(convert):
    gray = scratched()
    np.testing.assert_array_equal(find_damage(Picture(convert(gray))), find_damage(Picture(gray)))


def test_a_stack_has_the_damage_that_its_planes_share():
    stack = np.stack([scratched()] * 3)
    np.testing.assert_array_equal(find_damage(Picture(stack, is_stack=True)), find_damage(Picture(stack[0])))


def test_white_on_a_bright_colour_counts():
    image = np.full((*SIZE, 3), (250, 200, 20), np.uint8)  # its luminance is nearly that of white
    damage = drawn("scratch")
    image[damage] = 255
    assert find_damage(Picture(image))[damage].mean() > 0.97


def test_transparent_pixels_are_left_alone():
    image, alpha = scratched(), np.full(SIZE, 255, np.uint8)
    alpha[:, :100] = 0
    found, without_alpha = find_damage(Picture(image, alpha=alpha)), find_damage(Picture(image))
    np.testing.assert_array_equal(found, without_alpha & (alpha > 0))
    assert (found != without_alpha).any()


def test_the_denoised_pixels_are_looked_at():
    picture = Picture(shaded())
    assert find_damage(picture, scratched()).any()
    with pytest.raises(ValueError, match=r"`denoised` must have shape \(160, 200\). Received: \(3, 3\)"):
        find_damage(picture, np.zeros((3, 3), np.uint8))


def test_the_pixels_are_not_modified():
    image = scratched()
    before = image.copy()
    find_damage(Picture(image))
    np.testing.assert_array_equal(image, before)


def test_tiles_leave_no_trace(monkeypatch):
    brightness = scratched().astype(np.float32) / 255
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


def test_what_is_marked_in_the_noisy_example_is_damage():
    with Image.open(EXAMPLES / "noisy_image.jpg") as picture, Image.open(EXAMPLES / "mask.png") as mask:
        damage = np.asarray(mask) > 0
        found = find_damage(Picture(np.asarray(picture)))
    assert damage[found].mean() > 0.8
    assert found[damage].mean() > 0.25
