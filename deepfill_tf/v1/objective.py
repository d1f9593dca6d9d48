"""What DeepFill v1's networks are trained for: reconstruction, and to deceive two Wasserstein critics."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import tensorflow as tf

from deepfill_tf.config import DeepFillConfig
from deepfill_tf.random_numbers import uniform
from deepfill_tf.v1.boxes import corners_around, crop_boxes
from deepfill_tf.v1.discriminator import build_critics
from deepfill_tf.v1.losses import (critic_wasserstein_loss, discounted_loss, generator_wasserstein_loss,
                                   gradient_penalty, interpolate, known_area_loss)

if TYPE_CHECKING:
    from deepfill_tf.objective import Batch, Losses

COARSE_WEIGHT = 1.2      # of the coarse stage beside the refining one's 1, in both reconstruction losses
DISCOUNTED_WEIGHT = 1.2
KNOWN_AREA_WEIGHT = 1.2
PENALTY_WEIGHT = 10.0


class Critics(NamedTuple):
    """What `build_critics` returns."""

    whole: tf.keras.Model
    local: tf.keras.Model

    def views(self, corners: tf.Tensor, *pictures: tf.Tensor) -> Iterator[tuple]:
        """Each critic with what it sees of `pictures` (B, H, W, C): all, and the boxes at `corners` (B, 2)."""
        size = self.local.input_shape[1:3]
        yield (self.whole, *pictures)
        yield (self.local, *(crop_boxes(picture, corners, size) for picture in pictures))


def critics_loss(critics: Critics, images: tf.Tensor, completed: tf.Tensor, masks: tf.Tensor, corners: tf.Tensor,
                 shares: tf.Tensor) -> tuple[tf.Tensor, Losses]:
    """What both critics are to minimise.

    Args:
        critics: The two.
        images, completed: Real and completed pictures (B, H, W, 3) in [-1, 1].
        masks: (B, H, W, 1), 1 = hole.
        corners: int32 (B, 2), see `crop_boxes`.
        shares: (2, B) in [0, 1], random: how much of the completed picture is in the one where the slope of the
            global and of the local critic is measured.

    Returns:
        The sum over both critics, and the figures to report.

    Reference:
        Yu et al. 2018, arXiv:1801.07892, section 3.2; `d_loss` in the official inpaint_model.py, v1.0.0.
    """
    wasserstein, penalty = [], []
    for share, (critic, real, fake, hole) in zip(tf.unstack(shares), critics.views(corners, images, completed, masks)):
        wasserstein.append(critic_wasserstein_loss(*tf.split(critic(tf.concat([real, fake], axis=0)), 2)))
        penalty.append(gradient_penalty(critic, interpolate(real, fake, share), hole))
    figures = {"critic_loss": tf.add_n(wasserstein), "gradient_penalty": PENALTY_WEIGHT * tf.add_n(penalty)}
    return tf.add_n(list(figures.values())), figures


def deception_loss(critics: Critics, completed: tf.Tensor, corners: tf.Tensor) -> tf.Tensor:
    """What the generator wants of both critics: a float32 scalar, see `critics_loss` for the arguments.

    Reference:
        The adversarial part of `g_loss` in the official inpaint_model.py, v1.0.0.
    """
    return tf.add_n([generator_wasserstein_loss(critic(fake)) for critic, fake in critics.views(corners, completed)])


def reconstruction_losses(images: tf.Tensor, coarse: tf.Tensor, refined: tf.Tensor, masks: tf.Tensor,
                          corners: tf.Tensor, size: tuple[int, int]) -> Losses:
    """Errors of both stages.

    Args:
        images, coarse, refined: (B, H, W, 3) in [-1, 1].
        masks: (B, H, W, 1), 1 = hole.
        corners: int32 (B, 2), see `crop_boxes`.
        size: Height and width of the boxes.

    Returns:
        "discounted_loss", of the boxes, and "known_area_loss", of what is known; the coarse stage counts more.

    Reference:
        `l1_loss` and `ae_loss` in the official inpaint_model.py, v1.0.0.
    """
    boxes = crop_boxes(images, corners, size)
    discounted = [discounted_loss(boxes, crop_boxes(stage, corners, size)) for stage in (coarse, refined)]
    known = [known_area_loss(images, stage, masks) for stage in (coarse, refined)]
    return {"discounted_loss": COARSE_WEIGHT * discounted[0] + discounted[1],
            "known_area_loss": COARSE_WEIGHT * known[0] + known[1]}


class WassersteinObjective(tf.Module):
    """The losses of DeepFill v1, and its critics; used as `PatchGanObjective` is.

    The box is half as high and wide as the image and lies around the hole, whatever the hole's shape.

    Args:
        config: Size of the images, and weight of the adversarial loss: 0.001 in the official training.

    Reference:
        Yu et al. 2018, arXiv:1801.07892, section 3; `build_graph_with_losses` in the official inpaint_model.py,
        v1.0.0, with the weights of its configuration.

    Differs from the reference:
        Each image may have its own hole and box.
    """

    def __init__(self, config: DeepFillConfig) -> None:
        super().__init__(name="wasserstein_objective")
        self.adversarial_weight = config.adversarial_weight
        self.box_size = (config.image_size // 2, config.image_size // 2)
        self.critics: Any = None
        if config.adversarial_weight:
            self.critics = Critics(*build_critics((config.image_size, config.image_size), self.box_size))

    @property
    def critic_variables(self) -> list[tf.Variable]:
        """What `critic_loss` is minimised by; empty without an adversarial loss."""
        return [] if self.critics is None else [*self.critics.whole.trainable_variables,
                                                *self.critics.local.trainable_variables]

    def critic_loss(self, batch: Batch, refined: tf.Tensor) -> tuple[tf.Tensor, Losses]:
        """The critics' loss for what the generator made of `batch`, and the figures to report."""
        shares = uniform(batch.seed, [2, tf.shape(batch.images)[0]], 0.0, 1.0)
        return critics_loss(self.critics, batch.images, batch.pasted(refined), batch.masks,
                            corners_around(batch.masks, self.box_size), shares)

    def loss(self, batch: Batch, coarse: tf.Tensor, refined: tf.Tensor) -> tuple[tf.Tensor, Losses]:
        """The generator's loss, and the figures to report."""
        corners = corners_around(batch.masks, self.box_size)
        figures = reconstruction_losses(batch.images, coarse, refined, batch.masks, corners, self.box_size)
        total = (DISCOUNTED_WEIGHT * figures["discounted_loss"] + KNOWN_AREA_WEIGHT * figures["known_area_loss"])
        if self.critics is not None:
            figures["adversarial_loss"] = deception_loss(self.critics, batch.pasted(refined), corners)
            total += self.adversarial_weight * figures["adversarial_loss"]
        return total, figures
