"""Areas painted over in one colour."""

import numpy as np
import pytest

from pipelines.damage import marked_by_colour
from pipelines.errors import InputError
from pipelines.images import Picture


def painted(dtype=np.uint8):
    image = np.random.default_rng(0).integers(0, 200, (20, 30, 3)).astype(float)
    image[5:9, 10:20] = (250, 10, 5)
    return (image * {np.uint16: 257, np.float32: 1 / 255}.get(dtype, 1)).astype(dtype)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_strokes_and_their_rims_are_the_mask(dtype):
    expected = np.zeros((20, 30), bool)
    expected[5:9, 10:20] = True
    np.testing.assert_array_equal(marked_by_colour(Picture(painted(dtype)), (255, 0, 0), 20, 0), expected)
    expected[4:10, 9:21] = True
    np.testing.assert_array_equal(marked_by_colour(Picture(painted(dtype)), (255, 0, 0), 20), expected)


def test_gray_pictures_and_stacks():
    stack = np.full((2, 6, 8), 90, np.uint8)
    stack[1, 2, 3] = 255
    mask = marked_by_colour(Picture(stack, is_stack=True), (255, 255, 255), 5, 0)
    assert mask.sum() == 1 and mask[2, 3]


def test_what_cannot_be():
    with pytest.raises(InputError, match="no pixel within 20 of the colour 0,255,0; give"):
        marked_by_colour(Picture(painted()), (0, 255, 0), 20)
    with pytest.raises(InputError, match="no other pixels"):
        marked_by_colour(Picture(np.zeros((4, 4, 3), np.uint8)), (0, 0, 0), 0)
