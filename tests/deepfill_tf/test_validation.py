import dataclasses
import math

import numpy as np
import pytest
import tensorflow as tf

from deepfill_tf.config import DeepFillConfig
from deepfill_tf.validation import Validation

CONFIG = DeepFillConfig(image_size=16, masks={"scratches": 1.0})


class Grey:
    """A generator that fills with mid grey."""

    def __init__(self, inputs=2):
        self.inputs = [None] * inputs

    def __call__(self, inputs):
        return tf.zeros_like(inputs[0]), tf.zeros_like(inputs[0])


def test_hole_psnr_is_that_of_the_hole_alone():
    flat = [np.full((20, 24, 3), 255, np.uint8)] * 3
    validation = Validation(flat, CONFIG)
    assert validation.images.shape == [3, 16, 16, 3] and validation.masks.shape == [3, 16, 16, 1]
    # An error of 1 in a range of 2, whatever the holes: 20 log10(2).
    assert validation.hole_psnr(Grey(), batch_size=2) == pytest.approx(20 * math.log10(2))


def test_the_same_holes_for_every_run_and_the_middle_of_each_picture():
    picture = np.zeros((20, 24, 3), np.uint8)
    picture[2:18, 4:20] = 255
    first, second = (Validation([picture], CONFIG) for _ in range(2))
    np.testing.assert_array_equal(first.images, np.ones((1, 16, 16, 3)))
    np.testing.assert_array_equal(first.masks, second.masks)


def test_guided_networks_get_the_drawn_edges_or_detected_ones():
    guided = dataclasses.replace(CONFIG, guided=True)
    drawn = np.zeros((16, 16, 4), np.uint8)
    drawn[5, :, 3] = 255
    validation = Validation([drawn], guided)
    np.testing.assert_array_equal(validation.edges[0, :, :, 0], drawn[..., 3] > 0)
    assert len(validation.inputs(0, 1)) == 3 and math.isfinite(validation.hole_psnr(Grey(3)))
    square = np.zeros((64, 64, 3), np.uint8)
    square[20:44, 20:44] = 255
    assert 50 < np.sum(Validation([square], dataclasses.replace(guided, image_size=64)).edges) < 200
