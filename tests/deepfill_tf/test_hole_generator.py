import numpy as np
import pytest
import tensorflow as tf

from deepfill_tf import build_generator
from deepfill_tf.hole_generator import HoleGenerator
from deepfill_tf.v1.generator import build_generator as build_v1
from tests.parity.generators import official_generator

HEIGHT, WIDTH = 104, 328


def hole(*places):
    mask = np.zeros([1, HEIGHT, WIDTH, 1], np.float32)
    for place in places:
        mask[0][place] = 1
    return mask


SCATTERED = (np.random.default_rng(0).random([1, HEIGHT, WIDTH, 1]) < 0.001).astype(np.float32)
HOLES = {"one pixel": hole((50, 61)), "corner": hole((0, 0)), "borders": hole((HEIGHT - 1, 40), (30, WIDTH - 1)),
         "large": hole((slice(10, 90), slice(64, 230))), "scattered": SCATTERED, "none": hole()}
IMAGE = np.random.default_rng(2).uniform(-1, 1, [1, HEIGHT, WIDTH, 3]).astype(np.float32)


@pytest.fixture(scope="module")
def generator():
    return official_generator("seedB")


@pytest.fixture(scope="module")
def restricted(generator):
    model = HoleGenerator(generator)
    return tf.function(lambda image, mask, working_bytes: model([image, mask], working_bytes=working_bytes),
                       input_signature=[tf.TensorSpec([None, None, None, 3]), tf.TensorSpec([None, None, None, 1]),
                                        tf.TensorSpec([], tf.int64)], autograph=False)


@pytest.mark.parametrize("mask", HOLES.values(), ids=HOLES)
def test_hole_is_that_of_the_whole_network(generator, restricted, mask):
    coarse, refined = (stage.numpy() for stage in generator([IMAGE, mask]))
    inside = mask[..., 0] > 0
    for working_bytes in (1, 2**40):  # the smallest tiles and single queries; everything at a time
        pasted, found = (stage.numpy() for stage in restricted(IMAGE, mask, working_bytes))
        np.testing.assert_array_equal(pasted[~inside], IMAGE[~inside])
        np.testing.assert_allclose(pasted[inside], coarse[inside], atol=1e-5)
        np.testing.assert_allclose(found[inside], refined[inside], atol=1e-5)


def test_what_the_hole_does_not_need_is_left_out(generator, restricted):
    _, refined = generator([IMAGE, HOLES["corner"]])
    _, found = restricted(IMAGE, HOLES["corner"], 1)
    np.testing.assert_array_equal(found[:, :, 200:], IMAGE[:, :, 200:])
    assert np.abs(refined - IMAGE)[:, :, 200:].max() > 0.1


def test_images_of_a_batch_keep_their_masks(generator, restricted):
    masks = np.concatenate([HOLES["corner"], HOLES["scattered"]])
    _, found = restricted(np.repeat(IMAGE, 2, axis=0), masks, 2**20)
    for index, mask in enumerate(masks):
        inside = mask[..., 0] > 0
        np.testing.assert_allclose(found[index][inside], generator([IMAGE, mask[np.newaxis]])[1][0][inside], atol=1e-5)


@pytest.mark.parametrize("build", [
    build_v1, lambda: build_generator(guided=True, initialization="looks-linear"),
    lambda: build_generator(hole_fill="tension-spline", initialization="looks-linear")],
    ids=["v1", "guided", "tension spline"])
def test_every_architecture(build):
    generator, mask = build(), HOLES["large"]
    inputs = [IMAGE, mask, *([HOLES["scattered"]] if len(generator.inputs) == 3 else [])]
    inside = mask[..., 0] > 0
    found = HoleGenerator(generator)(inputs, working_bytes=2**22)
    for stage, expected in zip(found, generator(inputs)):
        np.testing.assert_allclose(stage.numpy()[inside], expected.numpy()[inside], atol=1e-4)


def test_details_come_from_where_the_attention_borrows(generator):
    mask = HOLES["large"]
    *_, borrowed = HoleGenerator(generator)([IMAGE, mask], details=tf.ones([1, HEIGHT // 4, WIDTH // 4, 5]))
    assert borrowed.shape == (1, HEIGHT // 4, WIDTH // 4, 5)
    inner = borrowed.numpy()[0, 8:18, 25:50]
    # Four overlapping patches of ones, as far as their queries found usable keys, whose weights do not add up to more.
    assert 0.1 < inner.min() and inner.max() <= 1 + 1e-5


def test_its_variables_are_found(generator):
    assert len(HoleGenerator(generator).trainable_variables) == 84
