import numpy as np
import tensorflow as tf

from deepfill_tf.losses import discriminator_loss, generator_loss, reconstruction_loss


def test_reconstruction_loss_by_hand():
    image = tf.constant([[0.0, 0.0], [0.5, 1.0]], shape=[1, 2, 2, 1])
    completed = tf.constant([[0.2, 0.0], [-0.5, 1.0]], shape=[1, 2, 2, 1])
    mask = tf.constant([[0.0, 0.0], [1.0, 1.0]], shape=[1, 2, 2, 1])
    np.testing.assert_allclose(reconstruction_loss(image, completed, mask), (0.2 + 1.0) / 4, rtol=1e-6)
    np.testing.assert_allclose(reconstruction_loss(image, completed, mask, 4.0), (0.2 + 5.0) / 4, rtol=1e-6)
    np.testing.assert_allclose(reconstruction_loss(image, completed, mask, 1.0, known_weight=0.5, squared=True),
                               (0.5 * 0.04 + 2.0) / 4, rtol=1e-6)


def test_hinge_losses_by_hand():
    real = tf.constant([[2.0, 0.5], [-1.0, 1.0]])  # relu(1 - real): 0, 0.5, 2, 0
    fake = tf.constant([[-2.0, 0.0], [1.0, -0.5]])  # relu(1 + fake): 0, 1, 2, 0.5
    np.testing.assert_allclose(discriminator_loss(real, fake), 0.5 * 2.5 / 4 + 0.5 * 3.5 / 4, rtol=1e-6)
    np.testing.assert_allclose(generator_loss(fake), 1.5 / 4, rtol=1e-6)


def test_hinge_losses_leave_nothing_in_the_graph_and_are_float32():
    @tf.function(input_signature=[tf.TensorSpec([None, None], tf.bfloat16)], jit_compile=True)
    def losses(logits):
        found = discriminator_loss(logits, logits), generator_loss(logits)
        assert not tf.compat.v1.get_collection(tf.compat.v1.GraphKeys.LOSSES)
        return found

    values = losses(tf.zeros([2, 4], tf.bfloat16))
    assert [value.dtype for value in values] == [tf.float32, tf.float32]
    assert [float(value) for value in values] == [1.0, 0.0]
