import numpy as np
import pytest
import tensorflow as tf

from deepfill_tf.layers.query_tiles import LIVE_MAPS, lay_tiles, map_recomputed, tile_sides


@pytest.mark.parametrize("grid, queries, expected", [
    ((32, 32), 10**6, (32, 32)),
    ((32, 32), 400, (16, 16)),    # 20 x 20 would fit, but two of 16 cover the side as well
    ((4, 100), 200, (4, 50)),     # what a short side leaves goes to the long one
    ((100, 4), 200, (50, 4)),
    ((7, 5), 0, (1, 1))])         # one query is always allowed
def test_tiles_fit_and_cover(grid, queries, expected):
    budget = queries * LIVE_MAPS * 4 * 2 * grid[0] * grid[1] + 1
    assert tile_sides(grid, 2, budget) == expected
    unknown = tuple(tf.constant(side) for side in grid)
    assert [int(side) for side in tile_sides(unknown, tf.constant(2), budget)] == list(expected)


def test_tiles_add_up_where_they_overlap():
    tiles = tf.ones([2, 1, 2, 2, 1]) * tf.reshape(tf.constant([1.0, 10.0]), [2, 1, 1, 1, 1])
    laid = lay_tiles(tiles, tf.constant([[0, 0], [1, 1]]), (3, 4))
    np.testing.assert_array_equal(laid[0, ..., 0], [[1, 1, 0, 0], [1, 11, 10, 0], [0, 10, 10, 0]])


@pytest.mark.parametrize("compiled", [False, True])
def test_recomputed_gradient_equals_the_kept_one(compiled):
    items = tf.constant([1, 2, 3])
    weights, values = tf.constant([0.5, -1.0]), tf.constant([[1.0, 2.0], [3.0, 4.0]])

    def product(item, weights, values):
        return tf.linalg.matvec(values, tf.sin(weights * tf.cast(item, tf.float32)))

    @tf.function(jit_compile=compiled)
    def gradients(mapped):
        with tf.GradientTape() as tape:
            tape.watch([weights, values])
            loss = tf.reduce_sum(mapped(weights, values)**2)
        return tape.gradient(loss, [weights, values])

    expected = gradients(lambda *arguments: tf.stack([product(item, *arguments) for item in (1, 2, 3)]))
    found = gradients(lambda *arguments: map_recomputed(product, items, arguments))
    for one, other in zip(found, expected):
        np.testing.assert_allclose(one, other, rtol=1e-5)
