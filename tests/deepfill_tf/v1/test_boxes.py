import numpy as np
import pytest
import tensorflow as tf

from deepfill_tf.masks import random_box
from deepfill_tf.v1.boxes import corners_around, crop_boxes
from tests.parity.generators import golden


def mask_of(height, width, *rectangles):
    masks = np.zeros([len(rectangles), height, width, 1], np.float32)
    for mask, (top, left, bottom, right) in zip(masks, rectangles):
        mask[top:bottom, left:right] = 1
    return masks


def test_the_official_box_is_found_again():
    arrays = golden("v1_loss_64")
    mask = arrays["mask"].reshape(1, 64, 64, 1).astype(np.float32)
    assert mask.sum() < 32 * 32  # jitter has made the hole smaller than the box
    np.testing.assert_array_equal(corners_around(mask, (32, 32))[0], arrays["bbox"][:2])


@pytest.mark.parametrize("seed", range(5))
def test_the_box_of_every_random_hole(seed):
    """Without jitter the hole is the box."""
    mask = random_box(tf.constant([seed, 0]), 40, 56, box=(20, 28), jitter=(0, 0)).numpy()
    rows, columns = np.nonzero(mask[..., 0])
    np.testing.assert_array_equal(corners_around(mask[np.newaxis], (20, 28))[0], [rows[0], columns[0]])


def test_boxes_stay_in_the_picture_and_cover_the_middle():
    masks = mask_of(12, 20, (0, 0, 1, 1), (11, 19, 12, 20), (4, 2, 8, 18), (0, 0, 0, 0))
    np.testing.assert_array_equal(corners_around(masks, (6, 10)), [[0, 0], [6, 10], [3, 5], [3, 5]])


def test_crops():
    images = np.random.default_rng(0).standard_normal([2, 9, 11, 3]).astype(np.float32)
    each = crop_boxes(images, tf.constant([[1, 2], [5, 0]]), (4, 6))
    np.testing.assert_array_equal(each, [images[0, 1:5, 2:8], images[1, 5:9, :6]])
    np.testing.assert_array_equal(crop_boxes(images, tf.constant([1, 2]), (4, 6)), images[:, 1:5, 2:8])


def test_crops_around_holes_in_a_graph():
    """Where an optimiser of graphs, which neither eager execution nor XLA runs, can go wrong."""
    masks = mask_of(12, 20, (1, 2, 7, 12), (0, 0, 1, 1), (11, 19, 12, 20))

    @tf.function
    def crop(masks):
        return crop_boxes(masks, corners_around(masks, (6, 10)), (6, 10))

    np.testing.assert_array_equal(crop(tf.constant(masks)), [masks[0, 1:7, 2:12], masks[1, :6, :10], masks[2, 6:, 10:]])


def test_crops_have_a_static_size_when_compiled():
    @tf.function(jit_compile=True, input_signature=[tf.TensorSpec([2, 9, 11, 3]), tf.TensorSpec([2, 2], tf.int32)])
    def crop(images, corners):
        cut = crop_boxes(images, corners, (4, 6))
        if cut.shape != [2, 4, 6, 3]:
            raise ValueError(f"unknown sizes: {cut.shape}")
        return cut

    images = np.random.default_rng(0).standard_normal([2, 9, 11, 3]).astype(np.float32)
    corners = tf.constant([[1, 2], [5, 5]])
    np.testing.assert_array_equal(crop(images, corners), crop_boxes(images, corners, (4, 6)))
