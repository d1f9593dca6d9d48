"""DeepFill v1's losses: pure functions of tensors, each a float32 scalar."""

from __future__ import annotations

import numpy as np
import tensorflow as tf
import tensorflow_gan

SMALLEST_SQUARE = 1e-12  # below it a slope counts as 1e-6 and has gradient 0 instead of NaN


def discount_weights(height: int, width: int, gamma: float = 0.9) -> tf.Tensor:
    """How much an error in the hole counts: the less, the farther from what is known.

    Args:
        height, width: Of the box in pixels.
        gamma: Weight lost with every pixel of distance, in (0, 1].

    Returns:
        float32 (height, width, 1) in (0, 1]: gamma to the power of the distance to the nearest border. As in
        the reference, top and left count from 0 and bottom and right from 1.

    Reference:
        Yu et al. 2018, arXiv:1801.07892, section 3.1 ("spatially discounted reconstruction loss").
    """
    rows, columns = (np.minimum(np.arange(side), side - np.arange(side)) for side in (height, width))
    distance = np.minimum(rows[:, np.newaxis], columns)
    return tf.constant(gamma**distance[..., np.newaxis], tf.float32)


def discounted_loss(image: tf.Tensor, completed: tf.Tensor, gamma: float = 0.9) -> tf.Tensor:
    """Mean absolute difference in the box, each pixel weighed by `discount_weights`.

    Args:
        image, completed: (B, h, w, 3) in [-1, 1], cut to the box; h and w are static.
        gamma: See `discount_weights`.

    Reference:
        `l1_loss` in the official inpaint_model.py, v1.0.0.
    """
    weights = discount_weights(image.shape[1], image.shape[2], gamma)
    return tf.reduce_mean(weights * tf.abs(image - completed))


def known_area_loss(image: tf.Tensor, completed: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """Mean absolute difference outside the hole.

    Args:
        image, completed: (B, H, W, 3) in [-1, 1].
        mask: (B or 1, H, W, 1), 1 = hole; something must be known.

    Reference:
        `ae_loss` in the official inpaint_model.py, v1.0.0.
    """
    known = 1.0 - mask
    return tf.reduce_mean(known * tf.abs(image - completed)) / tf.reduce_mean(known)


def critic_wasserstein_loss(real_scores: tf.Tensor, fake_scores: tf.Tensor) -> tf.Tensor:
    """Mean of the fake scores minus mean of the real ones, both (B, 1).

    Reference:
        Arjovsky et al. 2017, arXiv:1701.07875; `gan_wgan_loss` of neuralgym.
    """
    return tensorflow_gan.losses.wargs.wasserstein_discriminator_loss(
        real_scores, fake_scores, loss_collection=None)


def generator_wasserstein_loss(fake_scores: tf.Tensor) -> tf.Tensor:
    """Minus the mean of the fake scores (B, 1).

    Reference:
        Arjovsky et al. 2017, arXiv:1701.07875; `gan_wgan_loss` of neuralgym.
    """
    return tensorflow_gan.losses.wargs.wasserstein_generator_loss(fake_scores, loss_collection=None)


def interpolate(real: tf.Tensor, fake: tf.Tensor, shares: tf.Tensor) -> tf.Tensor:
    """Images (B, h, w, 3) between real and fake ones; `shares` (B,) is how much of the fake one, in [0, 1]."""
    return real + tf.reshape(shares, [-1, 1, 1, 1]) * (fake - real)


def gradient_penalty(critic: tf.keras.Model, images: tf.Tensor, mask: tf.Tensor) -> tf.Tensor:
    """How far the critic's slope at `images` is from 1, where there is a hole: mean of `(slope - 1) ** 2`.

    Args:
        critic: From (B, h, w, 3) to (B, 1).
        images: (B, h, w, 3), between real and completed ones, see `interpolate`.
        mask: (B or 1, h, w, 1), 1 = hole. Only the gradient of the pixels in it makes up the slope.

    Reference:
        Yu et al. 2018, arXiv:1801.07892, section 3.2, formula 5, after Gulrajani et al. 2017, arXiv:1704.00028;
        `gradients_penalty` of neuralgym. tensorflow-gan's takes no mask.
    """
    with tf.GradientTape() as tape:
        tape.watch(images)
        scores = critic(images)
    squares = tf.reduce_sum(tf.square(tape.gradient(scores, images)) * mask, axis=[1, 2, 3])
    slopes = tf.sqrt(tf.maximum(squares, SMALLEST_SQUARE))
    return tf.reduce_mean(tf.square(slopes - 1.0))
