import numpy as np
import pytest
import tensorflow as tf
from scipy import sparse
from scipy.sparse.linalg import spsolve

from deepfill_tf.layers.tension_fill import TENSION, TensionFill
from tests.deepfill_tf.layers.layer_contract import assert_layer_contract

HEIGHT, WIDTH = 40, 56


@pytest.fixture(scope="module")
def image():
    rows, columns = np.mgrid[:HEIGHT, :WIDTH] / 10
    return np.stack([np.sin(rows + columns), np.cos(columns), rows / 4 - 1], axis=-1)[np.newaxis].astype(np.float32)


def holes(*windows):
    mask = np.zeros([1, HEIGHT, WIDTH, 1], np.float32)
    for rows, columns in windows:
        mask[:, slice(*rows), slice(*columns)] = 1
    return mask


def solved_exactly(image, mask):
    """The spline in tension by a sparse solver, which shares no code with the layer."""
    def second_difference(size):
        ends = np.full(size, -2.0)
        ends[[0, -1]] = -1  # mirrored border
        return sparse.diags([np.ones(size - 1), ends, np.ones(size - 1)], [-1, 0, 1])

    laplacian = (sparse.kron(second_difference(HEIGHT), sparse.eye(WIDTH))
                 + sparse.kron(sparse.eye(HEIGHT), second_difference(WIDTH))).tocsr()
    operator = (laplacian @ laplacian - TENSION**2 * laplacian)[np.flatnonzero(mask)]
    hole, known = np.flatnonzero(mask), np.flatnonzero(mask == 0)
    values = image.reshape(-1, 3).astype(float)
    values[hole] = spsolve(operator[:, hole].tocsc(), -operator[:, known] @ values[known])
    return values.reshape(image.shape)


def test_layer_contract(image, tmp_path):
    assert_layer_contract(TensionFill, [tf.constant(image), tf.constant(holes(((5, 9), (3, 30))))], tmp_path)


@pytest.mark.parametrize("window, tolerance", [
    (((10, 13), (5, 50)), 0.01),  # a scratch
    (((0, 4), (20, 50)), 0.04),   # at the border, with nothing known beyond
    (((8, 24), (12, 28)), 0.04),  # wide
])
def test_close_to_the_exact_solution(image, window, tolerance):
    mask = holes(window)
    exact, fill = solved_exactly(image, mask), TensionFill()(image, mask).numpy()
    assert np.abs(fill - exact).max() < tolerance


def test_planes_are_continued_through_thin_damage():
    plane = np.broadcast_to(np.mgrid[:HEIGHT, :WIDTH].sum(axis=0)[np.newaxis, ..., np.newaxis] / 100 - 0.5,
                            [1, HEIGHT, WIDTH, 3]).astype(np.float32)
    mask = holes(((10, 14), (5, 50)), ((20, 38), (30, 32)))
    np.testing.assert_allclose(TensionFill()(plane, mask), plane, atol=2e-3)


def test_known_pixels_stay_bit_by_bit_and_what_lies_under_the_hole_does_not_matter(image):
    mask = holes(((8, 24), (12, 28)))
    spoiled = np.where(mask > 0, np.nan, image).astype(np.float32)
    fill = TensionFill()(spoiled, mask).numpy()
    np.testing.assert_array_equal(fill, TensionFill()(image, mask))
    np.testing.assert_array_equal(np.where(mask > 0, 0, fill), np.where(mask > 0, 0, image))


@pytest.mark.parametrize("size", [(1, 2), (3, 40), (8, 1)])
def test_small_images_and_images_that_are_all_hole(size):
    image = np.full([1, *size, 3], 0.5, np.float32)
    assert not TensionFill()(image, np.ones([1, *size, 1], np.float32)).numpy().any()
    mask = np.ones([1, *size, 1], np.float32)
    mask[:, 0, 0] = 0
    np.testing.assert_allclose(TensionFill()(image, mask), image, atol=1e-5)


def test_every_image_of_a_batch_has_its_own_mask(image):
    masks = np.concatenate([holes(((8, 24), (12, 28))), holes(((10, 13), (5, 50)))])
    both = TensionFill()(np.repeat(image, 2, axis=0), masks).numpy()
    for index in range(2):
        np.testing.assert_allclose(both[index], TensionFill()(image, masks[index:index + 1])[0], atol=1e-5)


def test_xla_gives_the_same(image):
    mask = holes(((8, 24), (12, 28)))
    compiled = tf.function(TensionFill(), jit_compile=True)
    np.testing.assert_allclose(compiled(image, tf.constant(mask)), TensionFill()(image, mask), atol=1e-4)
