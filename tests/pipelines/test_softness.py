"""How fine the detail of a picture is."""

import cv2
import numpy as np
import pytest

from pipelines import softness
from pipelines.softness import is_soft, sharpness

RANDOM = np.random.default_rng(1)
NOTHING = np.zeros((200, 240), bool)


def photo(blur):
    """Detail of all sizes, as photos have it, without what is finer than `blur`."""
    layers = [cv2.GaussianBlur(RANDOM.normal(0, 1, NOTHING.shape), (0, 0), size) * size for size in (0.5, 1, 2, 4, 8)]
    return cv2.GaussianBlur(100 + 20 * np.sum(layers, axis=0), (0, 0), blur)[..., np.newaxis]


def test_white_noise_has_five_and_blur_lowers_it():
    assert sharpness(RANDOM.normal(0, 1, (*NOTHING.shape, 3)), NOTHING) == pytest.approx(5, rel=0.02)
    found = [sharpness(photo(blur), NOTHING) for blur in (0.01, 0.6, 1.0, 2.0)]
    assert found == sorted(found, reverse=True) and found[0] > 2 * found[-1]
    assert not is_soft(photo(0.01), NOTHING) and is_soft(photo(2.0), NOTHING)


def test_neither_contrast_nor_type_matter():
    image = np.rint(photo(0.6)).clip(0, 255).astype(np.uint8)
    expected = sharpness(image, NOTHING)
    assert sharpness(image.astype(np.uint16) * 200, NOTHING) == pytest.approx(expected)
    assert sharpness(image.astype(np.float32) / 255 - 3, NOTHING) == pytest.approx(expected, rel=1e-3)


def test_holes_do_not_count(monkeypatch):
    image, mask = photo(1.0), NOTHING.copy()
    mask[40:60, 50:90] = True
    expected = sharpness(image, mask)
    image[mask] = RANDOM.normal(0, 900, image[mask].shape)
    assert sharpness(image, mask) == expected
    monkeypatch.setattr(softness, "STRIP", 17)
    assert sharpness(image, mask) == pytest.approx(expected)


@pytest.mark.parametrize("shape", [(1, 1, 3), (2, 50, 1), (30, 30, 3)])
def test_nothing_to_judge_by(shape):
    assert sharpness(np.full(shape, 9), np.zeros(shape[:2], bool)) is None
    assert sharpness(RANDOM.normal(size=shape), np.ones(shape[:2], bool)) is None
