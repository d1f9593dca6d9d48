"""Losses: pure functions of tensors, each a float32 scalar.

Each is a mean over the tensors it is given. Under a distribution strategy those are one replica's.
"""

from __future__ import annotations

import tensorflow as tf
import tensorflow_gan


def reconstruction_loss(image: tf.Tensor, completed: tf.Tensor, mask: tf.Tensor, hole_weight: float = 0.0, *,
                        known_weight: float = 1.0, squared: bool = False) -> tf.Tensor:
    """Mean absolute difference over the full image, the hole counted more if wanted.

    Args:
        image, completed: (B, H, W, 3) in [-1, 1].
        mask: (B, H, W, 1), 1 = hole.
        hole_weight: Added to the weight 1 inside the hole; 0 is the official loss.
        known_weight: Weight outside the hole; 1 is the official loss.
        squared: Whether differences are squared; the official ones are absolute.

    Reference:
        `ae_loss` in the official inpaint_model.py, which counts the whole image alike.
    """
    difference = image - completed
    weights = known_weight + (1.0 + hole_weight - known_weight) * mask
    return tf.reduce_mean(weights * (tf.square(difference) if squared else tf.abs(difference)))


def discriminator_loss(real_logits: tf.Tensor, fake_logits: tf.Tensor) -> tf.Tensor:
    """Hinge loss: half the mean of `relu(1 - real)` and half the mean of `relu(1 + fake)`.

    Args:
        real_logits: (B, N), the discriminator's of real images.
        fake_logits: (B, N), of completed images.

    Returns:
        Zero if all real logits are at least 1 and all fake ones at most -1; 1 if all are zero.

    Reference:
        Yu et al. 2019, arXiv:1806.03589, section 3.3; `gan_hinge_loss` of neuralgym.
    """
    return tensorflow_gan.losses.wargs.wasserstein_hinge_discriminator_loss(
        real_logits, fake_logits, real_weights=0.5, generated_weights=0.5, loss_collection=None)


def generator_loss(fake_logits: tf.Tensor) -> tf.Tensor:
    """What the generator wants of the hinge: minus the mean of the logits.

    Args:
        fake_logits: (B, N), the discriminator's of completed images.

    Reference:
        Yu et al. 2019, arXiv:1806.03589, section 3.3; `gan_hinge_loss` of neuralgym.
    """
    return tensorflow_gan.losses.wargs.wasserstein_hinge_generator_loss(fake_logits, loss_collection=None)
