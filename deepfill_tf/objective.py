"""What the v2 networks are trained for: reconstruction, and to deceive an SN-PatchGAN discriminator."""

from __future__ import annotations

import functools
from typing import Any, NamedTuple, Optional

import tensorflow as tf

from deepfill_tf.config import DeepFillConfig
from deepfill_tf.discriminator import build_discriminator
from deepfill_tf.losses import discriminator_loss, generator_loss, reconstruction_loss

Losses = dict[str, tf.Tensor]


class Batch(NamedTuple):
    """What one network update looks at.

    Args:
        images: float32 (B, H, W, 3), RGB in [-1, 1].
        masks: float32 (B, H, W, 1), 1 = hole.
        edges: float32 (B, H, W, 1), 1 = edge, for guided networks.
        seed: int32 (2,), for what else is random in the update.
    """

    images: tf.Tensor
    masks: tf.Tensor
    edges: Optional[tf.Tensor]
    seed: tf.Tensor

    def network_inputs(self) -> list[tf.Tensor]:
        """The inputs of a generator."""
        return [self.images, self.masks] if self.edges is None else [self.images, self.masks, self.edges]

    def pasted(self, refined: tf.Tensor) -> tf.Tensor:
        """The completed images: `refined` in the hole, the known pixels elsewhere."""
        return refined * self.masks + self.images * (1.0 - self.masks)


class PatchGanObjective(tf.Module):
    """The losses of DeepFill v2, and the discriminator that one of them needs.

    An objective tells a `Trainer` what to minimise: `critic_loss` by `critic_variables`, `loss` by the generator.

    Args:
        config: Weights of the losses, kind of spectral normalisation, guided or not.

    Reference:
        Yu et al. 2019, arXiv:1806.03589, section 3.3; `build_graph_with_losses` in the official inpaint_model.py.

    Differs from the reference:
        The generator's step shows the discriminator only completed images, where the reference adds the real ones:
        nothing in the discriminator mixes images, so that the loss is the same.
    """

    def __init__(self, config: DeepFillConfig) -> None:
        super().__init__(name="patch_gan_objective")
        self.adversarial_weight = config.adversarial_weight
        self.reconstruction_loss = functools.partial(
            reconstruction_loss, hole_weight=config.hole_weight, known_weight=config.known_weight,
            squared=config.reconstruction == "l2")
        self.discriminator: Any = None
        if config.adversarial_weight:
            self.discriminator = build_discriminator(guided=config.guided, spectral_norm=config.spectral_norm)

    @property
    def critic_variables(self) -> list[tf.Variable]:
        """What `critic_loss` is minimised by; empty without an adversarial loss."""
        return [] if self.discriminator is None else self.discriminator.trainable_variables

    def critic_loss(self, batch: Batch, refined: tf.Tensor) -> tuple[tf.Tensor, Losses]:
        """The discriminator's loss for what the generator made of `batch`, and the figures to report."""
        real_and_fake = [tf.concat([part, other], axis=0) for part, other
                         in zip([batch.images, *batch.network_inputs()[1:]],
                                [batch.pasted(refined), *batch.network_inputs()[1:]])]
        real, fake = tf.split(self.discriminator(real_and_fake, training=True), 2)
        loss = discriminator_loss(real, fake)
        return loss, {"discriminator_loss": loss}

    def loss(self, batch: Batch, coarse: tf.Tensor, refined: tf.Tensor) -> tuple[tf.Tensor, Losses]:
        """The generator's loss, and the figures to report."""
        figures = {"coarse_loss": self.reconstruction_loss(batch.images, coarse, batch.masks),
                   "refined_loss": self.reconstruction_loss(batch.images, refined, batch.masks)}
        total = tf.add_n(list(figures.values()))
        if self.discriminator is not None:
            logits = self.discriminator([batch.pasted(refined), *batch.network_inputs()[1:]], training=True)
            figures["adversarial_loss"] = generator_loss(logits)
            total += self.adversarial_weight * figures["adversarial_loss"]
        return total, figures
