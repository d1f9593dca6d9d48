"""Erased pixels are damage; what surrounds a thing that was cut out is not."""

import numpy as np

from pipelines.damage.transparency import is_erased, opaque, transparent
from pipelines.images import Picture


def erased(rows, stack=False):
    alpha = np.full((10, 12), 200, np.uint8)
    alpha[:rows] = 0
    pixels = np.zeros((10, 12), np.uint8)
    if stack:
        return Picture(np.stack([pixels] * 2), alpha=np.stack([alpha, np.maximum(alpha, 1)]), is_stack=True)
    return Picture(pixels, alpha=alpha)


def test_little_is_erased_and_much_cut_out():
    assert is_erased(transparent(erased(3))) and transparent(erased(3)).sum() == 36
    assert not is_erased(transparent(erased(5)))
    assert not is_erased(transparent(erased(0)))
    assert not transparent(Picture(np.zeros((4, 4), np.uint8))).any()


def test_of_a_stack_what_no_plane_shows():
    assert not transparent(erased(3, stack=True)).any()


def test_what_was_filled_becomes_visible():
    picture, mask = erased(3), np.zeros((10, 12), bool)
    mask[:2] = True
    alpha = opaque(picture, mask).alpha
    assert (alpha[:2] == 200).all() and (alpha[2] == 0).all() and (alpha[3:] == 200).all()
    assert (picture.alpha[:3] == 0).all()
    assert opaque(erased(5), mask).alpha[0, 0] == 0
