import numpy as np
import pytest
import tensorflow as tf

from deepfill_tf.tiles import SIDES, Scaled, map_tiles

CELLS = (70, 90)


def blur(image):
    """Depends on pixels up to 4 away, a cell of 4 x 4, and on the zeros beyond the border."""
    kernel = np.arange(81, dtype=np.float32).reshape(9, 9, 1, 1) / 81
    return tf.nn.conv2d(image, kernel, 1, "SAME")


def image(batch=1):
    random = np.random.default_rng(0)
    return tf.constant(random.random([batch, CELLS[0] * 4, CELLS[1] * 4, 1]), tf.float32)


def needed(*places, batch=1):
    cells = np.zeros([batch, *CELLS, 1], np.float32)
    for place in places:
        cells[place] = 1
    return tf.constant(cells)


def run(function, image, cells, largest, reach=1):
    traced = tf.function(lambda image, cells, largest: map_tiles(
        function, [Scaled(image, 4)], Scaled(tf.fill(tf.shape(image), -1.0), 4), cells, reach=reach, largest=largest))
    return traced(image, cells, tf.constant(largest)).numpy()


@pytest.mark.parametrize("largest", [1, 40 * 40, 10**9], ids=["smallest tiles", "some tiles", "one tile"])
def test_needed_cells_are_those_of_the_whole_image_whatever_the_tiles(largest):
    cells = needed(np.s_[0, 0, 0], np.s_[0, 69, 89], np.s_[0, 31:34, 40:60])
    found = run(blur, image(), cells, largest)
    inside = np.repeat(np.repeat(cells.numpy() > 0, 4, axis=1), 4, axis=2)
    np.testing.assert_allclose(found[inside], blur(image()).numpy()[inside], rtol=1e-5)


def test_too_small_a_reach_shows():
    cells = needed(np.s_[0, 32:64, 32:64])  # a tile, whose window ends with it
    whole = blur(image()).numpy()
    assert np.abs(run(blur, image(), cells, 1, reach=0) - whole)[:, 128:256, 128:256].max() > 0.1


def test_nothing_else_is_computed():
    seen = []

    def spy(window):
        seen.append(window.shape)
        return window

    cells = needed(np.s_[0, 3, 5])
    found = map_tiles(spy, [Scaled(image(), 4)], Scaled(-tf.ones_like(image()), 4), cells, reach=2,
                      largest=tf.constant(10**9)).numpy()
    side = 4 * SIDES[0]
    assert seen == [(1, side + 16, side + 16, 1)]
    np.testing.assert_array_equal(found[:, :side, :side], image()[:, :side, :side])
    assert (found[:, side:] == -1).all() and (found[:, :, side:] == -1).all()
    assert (run(blur, image(), needed(), 1) == -1).all()


def test_a_cell_that_any_image_of_a_batch_needs_is_computed_for_all():
    cells = needed(np.s_[1, 50, 80], batch=2)
    found = run(blur, image(batch=2), cells, 1)
    np.testing.assert_allclose(found[:, 200:204, 320:324], blur(image(batch=2))[:, 200:204, 320:324], rtol=1e-5)


@pytest.mark.parametrize("size", [(1, 1), (1, 50), (33, 2)])
def test_small_grids(size):
    picture = tf.random.stateless_uniform([1, size[0] * 4, size[1] * 4, 1], [0, 0])
    found = run(blur, picture, tf.ones([1, *size, 1]), 1)
    np.testing.assert_allclose(found, blur(picture), rtol=1e-5)
