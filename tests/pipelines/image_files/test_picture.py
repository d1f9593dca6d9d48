"""What a Picture promises about itself."""

from __future__ import annotations

import numpy as np
import pytest

from pipelines.images import Picture


@pytest.mark.parametrize("dtype, values, expected", [
    ("uint8", [3, 7], (0, 255)), ("uint16", [3, 7], (0, 255)),
    ("uint16", [3, 4000], (0, 4095)), ("uint16", [3, 33000], (0, 65535)), ("float32", [0.2, 0.7], (0, 1)),
    ("float32", [-0.5, 0.5], (-0.5, 0.5)), ("float32", [3, 900], (3, 900)), ("float32", [5, 5], (5, 6))])
def test_value_range(dtype, values, expected):
    assert Picture(np.array([values], dtype)).value_range == expected


@pytest.mark.parametrize("pixels, is_stack", [
    (np.zeros((3, 4), np.int64), False), (np.zeros((3, 4, 2), np.uint8), False),
    (np.zeros((0, 4), np.uint8), False), (np.zeros((3, 4), np.uint8), True), (np.zeros(3, np.uint8), False)])
def test_picture_states_what_it_expects(pixels, is_stack):
    with pytest.raises(ValueError, match="received"):
        Picture(pixels, is_stack=is_stack)
    with pytest.raises(ValueError, match="`alpha` must be uint8 of shape"):
        Picture(np.zeros((3, 4), np.uint8), alpha=np.zeros((4, 3), np.uint8))


def test_axes_name_what_shapes_leave_open():
    cube = np.zeros((5, 4, 3), np.uint8)
    assert (Picture(cube).axes, Picture(cube).size) == ("YXC", (5, 4))
    assert (Picture(cube, is_stack=True).axes, Picture(cube, is_stack=True).size) == ("ZYX", (4, 3))
    assert Picture(cube[..., 0]).axes == "YX"
    assert Picture(cube[None], is_stack=True).axes == "ZYXC"
