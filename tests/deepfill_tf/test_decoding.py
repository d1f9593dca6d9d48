import cv2
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from deepfill_tf.decoding import load_image, resize_short_side


def loaded(path, smallest=1):
    return load_image(tf.constant(str(path)), smallest).numpy()


@pytest.mark.parametrize("name", ["a.png", "a.bmp"])
def test_lossless_files_give_their_pixels(tmp_path, name):
    pixels = np.random.default_rng(0).integers(0, 256, (7, 9, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(tmp_path / name)
    np.testing.assert_array_equal(loaded(tmp_path / name), pixels)


def test_grey_transparent_and_deep_pictures_become_rgb_of_8_bits(tmp_path):
    Image.new("L", (3, 2), 77).save(tmp_path / "grey.jpg")
    Image.new("RGBA", (3, 2), (10, 20, 30, 40)).save(tmp_path / "clear.png")
    cv2.imwrite(str(tmp_path / "deep.png"), np.full((2, 3, 3), 0xABCD, np.uint16))
    assert np.unique(loaded(tmp_path / "grey.jpg").reshape(-1, 3), axis=0).tolist() == [[77, 77, 77]]
    assert np.unique(loaded(tmp_path / "clear.png").reshape(-1, 3), axis=0).tolist() == [[10, 20, 30]]
    assert np.unique(loaded(tmp_path / "deep.png")).tolist() == [0xAB]


def test_small_images_are_enlarged_and_others_are_not_touched(tmp_path):
    Image.new("L", (5, 9), 77).save(tmp_path / "tiny.png")
    assert loaded(tmp_path / "tiny.png", 16).shape == (29, 16, 3)
    assert set(np.unique(loaded(tmp_path / "tiny.png", 16))) == {77}
    assert loaded(tmp_path / "tiny.png", 5).shape == (9, 5, 3)


@pytest.mark.parametrize("height, width", [(400, 601), (601, 400), (299, 299), (1, 50)])
@pytest.mark.parametrize("side", [7, 288, 331])
def test_the_short_side_is_exact_and_the_aspect_kept(height, width, side):
    found = resize_short_side(tf.zeros([height, width, 3], tf.uint8), side)
    assert min(found.shape[:2]) == side
    exact = max(height, width) * side / min(height, width)
    assert exact - 1e-6 < max(found.shape[:2]) < exact + 1.01  # rounded up; float32 may overshoot a whole number


def test_fine_detail_is_averaged_when_a_picture_shrinks():
    board = np.indices((64, 64)).sum(axis=0) % 2 * 255
    found = resize_short_side(tf.constant(np.stack([board] * 3, axis=-1), tf.uint8), 16).numpy()
    assert 100 < found.min() and found.max() < 155  # without smoothing: 0 and 255
