import numpy as np
import pytest
import tensorflow as tf

from deepfill_tf.v1.losses import (critic_wasserstein_loss, discount_weights, discounted_loss,
                                   generator_wasserstein_loss, gradient_penalty, interpolate, known_area_loss)
from tests.parity.generators import golden


def test_the_official_discount():
    np.testing.assert_allclose(discount_weights(32, 32)[..., 0], golden("v1_loss_64")["discount"], atol=1e-7)


def test_discount_of_a_box_that_is_no_square():
    np.testing.assert_allclose(discount_weights(3, 5, gamma=0.5)[..., 0],
                               [[1, 1, 1, 1, 1], [1, .5, .5, .5, .5], [1, .5, .5, .5, .5]])


def test_discounted_loss_of_two_pixels():
    image, completed = np.zeros([1, 2, 2, 1], np.float32), np.zeros([1, 2, 2, 1], np.float32)
    completed[0, 0, 0], completed[0, 1, 1] = 0.4, -0.8  # weights 1 and 0.9
    np.testing.assert_allclose(discounted_loss(image, completed), (0.4 + 0.9 * 0.8) / 4, rtol=1e-6)


def test_known_area_loss_ignores_the_hole_and_its_size():
    image, completed = np.zeros([1, 2, 2, 1], np.float32), np.full([1, 2, 2, 1], 0.5, np.float32)
    mask = np.zeros([1, 2, 2, 1], np.float32)
    mask[0, 0], completed[0, 0] = 1, 7
    np.testing.assert_allclose(known_area_loss(image, completed, mask), 0.5, rtol=1e-6)


def test_wasserstein_losses():
    real, fake = tf.constant([[1.0], [2.0]]), tf.constant([[4.0], [6.0]])
    assert float(critic_wasserstein_loss(real, fake)) == 3.5
    assert float(generator_wasserstein_loss(fake)) == -5.0


def test_interpolation_starts_at_the_real_picture():
    real, fake = tf.zeros([3, 2, 2, 3]), tf.ones([3, 2, 2, 3])
    np.testing.assert_allclose(interpolate(real, fake, tf.constant([0.0, 0.3, 1.0]))[:, 0, 0, 0], [0, 0.3, 1])


@pytest.mark.parametrize("cells, slope", [(4, 6.0), (1, 3.0), (0, 0.0)])
def test_penalty_of_a_linear_critic(cells, slope):
    """The slope of 3 * (sum of pixels) is 3 * sqrt(pixels in the hole); with none it is 0, and so is its gradient."""
    dense = tf.keras.layers.Dense(1, kernel_initializer=tf.keras.initializers.Constant(3.0))
    critic = tf.keras.Sequential([tf.keras.layers.Flatten(input_shape=[2, 2, 1]), dense])
    mask = tf.reshape(tf.constant([1.0] * cells + [0.0] * (4 - cells)), [1, 2, 2, 1])
    with tf.GradientTape() as tape:
        penalty = gradient_penalty(critic, tf.random.stateless_normal([5, 2, 2, 1], [0, 1]), mask)
    gradient = tape.gradient(penalty, dense.kernel)[:, 0]
    np.testing.assert_allclose(penalty, (slope - 1) ** 2, rtol=1e-5)
    in_hole = np.arange(4) < cells
    np.testing.assert_allclose(gradient, np.where(in_hole, 2 * (slope - 1) * 3 / max(slope, 1), 0), rtol=1e-5)
