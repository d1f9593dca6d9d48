import numpy as np
import pytest
from PIL import Image

from pipelines.errors import InputError
from pipelines.images import read_sketch

LINES = np.zeros((8, 12), np.uint8)
LINES[3] = 255
LINES[4] = 160


def save(path, pixels):
    Image.fromarray(pixels).save(path)
    return path


@pytest.mark.parametrize("pixels", [
    LINES, np.stack([LINES, LINES // 2, LINES // 3], axis=-1),
    np.stack([0 * LINES, 0 * LINES, 0 * LINES, LINES], axis=-1)], ids=["grey", "coloured", "transparent"])
def test_grey_levels_of_a_sketch(pixels, tmp_path):
    levels = read_sketch(save(tmp_path / "sketch.png", pixels), (8, 12))
    assert levels.dtype == np.uint8
    np.testing.assert_array_equal(levels, LINES)


def test_an_empty_sketch_is_one(tmp_path):
    assert not read_sketch(save(tmp_path / "sketch.png", 0 * LINES), (8, 12)).any()


@pytest.mark.parametrize("pixels, message", [
    (LINES[:5], "is a sketch of 12 x 5 pixels for a picture of 12 x 8 pixels; give a sketch of the picture's size"),
    (255 - LINES, "is a sketch of which 75% are white; draw white lines on black"),
    (LINES // 255, "holds only the values 0 and 1")])
def test_what_is_no_sketch_is_one_line(pixels, message, tmp_path):
    with pytest.raises(InputError, match=message) as caught:
        read_sketch(save(tmp_path / "sketch.png", pixels), (8, 12))
    assert str(caught.value).startswith(str(tmp_path / "sketch.png")) and "\n" not in str(caught.value)
