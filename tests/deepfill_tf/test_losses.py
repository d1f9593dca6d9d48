import numpy as np
import tensorflow as tf

from deepfill_tf.losses import reconstruction_loss


def test_reconstruction_loss_by_hand():
    image = tf.constant([[0.0, 0.0], [0.5, 1.0]], shape=[1, 2, 2, 1])
    completed = tf.constant([[0.2, 0.0], [-0.5, 1.0]], shape=[1, 2, 2, 1])
    mask = tf.constant([[0.0, 0.0], [1.0, 1.0]], shape=[1, 2, 2, 1])
    np.testing.assert_allclose(reconstruction_loss(image, completed, mask), (0.2 + 1.0) / 4, rtol=1e-6)
    np.testing.assert_allclose(reconstruction_loss(image, completed, mask, 4.0), (0.2 + 5.0) / 4, rtol=1e-6)
