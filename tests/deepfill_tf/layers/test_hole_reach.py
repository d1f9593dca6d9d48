import numpy as np
import pytest
import tensorflow as tf

from deepfill_tf.layers.hole_reach import HoleReach
from tests.parity.generators import official_generator

HEIGHT, WIDTH = 96, 128


def hole(*places):
    mask = np.zeros([1, HEIGHT, WIDTH, 1], np.float32)
    for place in places:
        mask[0][place] = 1
    return mask


def scattered():
    return (np.random.default_rng(0).random([1, HEIGHT, WIDTH, 1]) < 0.001).astype(np.float32)


HOLES = {"one pixel": hole((50, 61)), "corner": hole((0, 0)), "borders": hole((HEIGHT - 1, 40), (30, WIDTH - 1)),
         "box": hole((slice(30, 50), slice(64, 90))), "scattered": scattered()}


@pytest.fixture(scope="module")
def generator():
    return official_generator("seedB")


@pytest.mark.parametrize("mask", HOLES.values(), ids=HOLES)
def test_reach_is_where_the_hole_has_a_gradient(generator, mask):
    random = np.random.default_rng(1)
    attended, imagined = (tf.constant(random.normal(size=[1, HEIGHT // 4, WIDTH // 4, 96]), tf.float32)
                          for _ in range(2))
    after = tf.keras.Model([generator.get_layer("contextual_attention").output,
                            generator.get_layer("xconv10_atrous").output], generator.outputs[1])
    with tf.GradientTape() as tape:
        tape.watch(attended)
        painted = tf.reduce_sum(after([attended, imagined]) * mask * random.normal(size=3))
    gradient = tape.gradient(painted, attended)
    np.testing.assert_array_equal(HoleReach()(mask)[..., 0] > 0, np.any(gradient, axis=-1))
