"""The blur of edges, measured, and masks grown by it."""

import cv2
import numpy as np
import pytest

from pipelines.damage.growth import LEAST, MOST, edge_blur, grow, growth_for


def bar(blur):
    """A white bar on gray, blurred, and its mask."""
    mask = np.zeros((80, 80), bool)
    mask[30:50, 20:60] = True
    image = np.where(mask, 0.9, 0.3).astype(np.float32)
    return (cv2.GaussianBlur(image, (0, 0), blur) if blur else image), mask


@pytest.mark.parametrize("blur", [0.8, 1.5, 2.5])
def test_a_known_blur_is_measured(blur):
    # Sobel's kernel is a blur of its own
    assert edge_blur(*bar(blur)) == pytest.approx(np.hypot(blur, 0.7), rel=0.15)


def test_masks_grow_with_the_blur():
    grown = [growth_for(*bar(blur)) for blur in (0, 1.2, 2, 3.5)]
    assert grown == sorted(grown) and grown[0] == LEAST and grown[-1] == MOST and grown[1] < grown[3]


def test_without_edges_it_grows_least():
    assert growth_for(np.full((9, 9), 0.5, np.float32), np.zeros((9, 9), bool)) == LEAST
    assert growth_for(np.full((1, 1), 0.5, np.float32), np.ones((1, 1), bool)) == LEAST


def test_growing():
    mask = np.zeros((7, 7), bool)
    mask[3, 3] = True
    assert grow(mask, 0) is mask
    assert grow(mask, 2).sum() == 25
