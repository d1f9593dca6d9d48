import numpy as np
import pytest
import tensorflow as tf

from deepfill_tf import masks
from tests.parity.generators import golden

MIX = {"scratches": 0.5, "box+brush": 0.3, "dust": 0.2}


def many(function, count, height=64, width=64):
    draw = tf.function(lambda seed: function(seed, height, width))
    return np.stack([draw(tf.constant([5, index])).numpy()[..., 0] for index in range(count)])


@pytest.mark.parametrize("kind", masks.KINDS)
def test_masks_are_pure_functions_of_the_seed(kind):
    draw = masks.KINDS[kind]
    first = draw(tf.constant([1, 2]), 48, 80).numpy()
    assert first.shape == (48, 80, 1)
    assert set(np.unique(first)) <= {0.0, 1.0}
    np.testing.assert_array_equal(first, draw(tf.constant([1, 2]), 48, 80))
    others = [draw(tf.constant([1, index]), 48, 80).numpy() for index in range(3, 8)]
    assert any((first != other).any() for other in others)


@pytest.mark.parametrize("kind", ["brush", "scratches", "dust", "box"])
def test_masks_are_the_same_in_every_compiler_and_in_tf_data(kind):
    draw = lambda seed: masks.KINDS[kind](seed, 64, 64)  # noqa: E731
    seed = tf.constant([3, 5])
    plain = tf.function(draw)(seed)
    np.testing.assert_array_equal(tf.function(draw, jit_compile=True)(seed), plain)
    np.testing.assert_array_equal(next(iter(tf.data.Dataset.from_tensors(seed).map(draw))), plain)


def test_strokes_by_hand():
    drawn = masks.draw_strokes(tf.constant([[2.0, 1.0], [0.0, 0.0]]), tf.constant([[2.0, 3.0], [4.0, 4.0]]),
                               tf.constant([1.0, -1.0]), 5, 5).numpy()[..., 0]
    np.testing.assert_array_equal(drawn, [[0, 0, 0, 0, 0], [0, 1, 1, 1, 0], [1, 1, 1, 1, 1], [0, 1, 1, 1, 0],
                                          [0, 0, 0, 0, 0]])  # the second has a negative radius: not drawn


def test_box_is_a_rectangle_within_the_official_limits():
    sizes = []
    for mask in many(masks.random_box, 60, 256, 256):
        rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
        assert mask[rows[0]:rows[-1] + 1, columns[0]:columns[-1] + 1].all()
        assert rows[-1] < 255 and columns[-1] < 255  # the last row and column are never covered
        sizes.append([len(rows), len(columns)])
    assert np.min(sizes) >= 96 and np.max(sizes) <= 128
    assert np.ptp(sizes) > 16


def test_box_larger_than_the_image_is_cut():
    assert masks.random_box(tf.constant([0, 0]), 20, 30).numpy().any()


def test_brush_covers_as_much_as_the_official_one():
    """Twelve official masks against sixty of ours: the means agree within their standard errors."""
    official = np.unpackbits(golden("masks_256x256_seed2018")["brush_packed"], axis=-1).mean(axis=(1, 2))
    ours = many(masks.brush_strokes, 60, 256, 256).mean(axis=(1, 2))
    error = np.hypot(official.std() / np.sqrt(len(official)), ours.std() / np.sqrt(len(ours)))
    assert abs(official.mean() - ours.mean()) < 3 * error
    assert 0.5 < ours.std() / official.std() < 2


@pytest.mark.parametrize("height, width", [(64, 192), (192, 64)])
def test_brush_reaches_everywhere_on_images_that_are_not_square(height, width):
    covered = many(masks.brush_strokes, 80, height, width).any(axis=0)
    assert covered.mean() > 0.99


@pytest.mark.parametrize("kind, low, high", [("scratches", 0.01, 0.08), ("dust", 0.003, 0.03),
                                             ("fine-brush", 0.03, 0.12), ("many-scratches", 0.07, 0.25),
                                             ("pixels", 0.2, 0.35)])
def test_hole_ratios(kind, low, high):
    """Means at 256 pixels, measured over 200 masks: scratches 3.2 %, dust 0.7 %, many scratches 14 %."""
    assert low < many(masks.KINDS[kind], 60, 256, 256).mean() < high


def test_scratches_are_as_thin_as_asked():
    thin = many(lambda *arguments: masks.scratches(*arguments, most=1, thinnest=1.0, thickest=1.0), 20)
    eroded = [tf.nn.erosion2d(mask[np.newaxis, ..., np.newaxis], tf.zeros([3, 3, 1]), [1] * 4, "VALID", "NHWC", [1] * 4)
              for mask in thin]
    assert thin.any() and not np.any(eroded)  # no 3 x 3 square fits into a line of one pixel


def test_mixture_draws_its_kinds_with_their_weights():
    ratios = many(lambda *arguments: masks.mixture(*arguments, {"box": 1.0, "dust": 3.0}), 120, 128,
                  128).mean(axis=(1, 2))
    boxes = (ratios > 0.1).mean()  # dust stays far below, a box fills at least 14 %
    assert 0.15 < boxes < 0.35
    union = many(lambda *arguments: masks.mixture(*arguments, {"scratches+dust": 1.0}), 10)
    assert union.mean() > 0


def test_mixture_is_the_same_in_every_compiler():
    draw = lambda seed: masks.mixture(seed, 64, 64, MIX)  # noqa: E731
    plain, compiled = tf.function(draw), tf.function(draw, jit_compile=True)
    for index in range(6):
        seed = tf.constant([index, 1])
        np.testing.assert_array_equal(compiled(seed), plain(seed))


@pytest.mark.parametrize("weights, message", [
    ({"scratch": 1.0}, "scratch.*known"), ({"box": -1.0}, "positive"), ({}, "positive")])
def test_impossible_mixtures_are_named(weights, message):
    with pytest.raises(ValueError, match=message):
        masks.mixture(tf.constant([0, 0]), 16, 16, weights)
