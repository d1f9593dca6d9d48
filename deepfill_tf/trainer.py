"""Train the generator to reconstruct, restartably."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Optional

import tensorflow as tf

from deepfill_tf.config import DeepFillConfig
from deepfill_tf.data import training_batches
from deepfill_tf.generator import build_generator
from deepfill_tf.losses import reconstruction_loss


def learning_rate(config: DeepFillConfig, step: int) -> float:
    """The rate of the `step`-th step, counted from 0."""
    warm = min(1.0, (step + 1) / max(config.warmup_steps, 1))
    if config.decay == "constant":
        return config.learning_rate * warm
    return config.learning_rate * warm * max(0.02, 0.5 + 0.5 * math.cos(math.pi * step / config.steps))


class GeneratorTrainer:
    """Generator, optimiser, averaged weights and their checkpoints.

    Args:
        config: Settings of the run.
        folder: Where the checkpoints are; those that are there are gone on from.
        seed: Of the initial weights and of the data.
        start: A generator whose weights a new run starts from.
    """

    def __init__(self, config: DeepFillConfig, folder: Path, *, seed: int,
                 start: Optional[tf.keras.Model] = None) -> None:
        tf.keras.utils.set_random_seed(seed)
        if config.bfloat16:
            tf.config.optimizer.set_experimental_options({"auto_mixed_precision_onednn_bfloat16": True})
        self.config = config
        self.seed = seed
        self.generator = build_generator(initialization=config.initialization)
        if start is not None:
            self.generator.set_weights(start.get_weights())
        self.averaged = tf.keras.models.clone_model(self.generator)
        self.averaged.set_weights(self.generator.get_weights())
        self.optimizer = tf.keras.optimizers.legacy.Adam(
            config.learning_rate, config.beta_1, config.beta_2, epsilon=1e-8)
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False)
        checkpoint = tf.train.Checkpoint(generator=self.generator, averaged=self.averaged, optimizer=self.optimizer,
                                         step=self.step)
        self.checkpoints = tf.train.CheckpointManager(checkpoint, str(folder), max_to_keep=2)
        self.checkpoints.restore_or_initialize()

    @tf.function
    def _train_step(self, images, masks, rate):
        self.optimizer.learning_rate.assign(rate)
        with tf.GradientTape() as tape:
            coarse, refined = self.generator([images, masks], training=True)
            coarse_loss = reconstruction_loss(images, coarse, masks, self.config.hole_weight)
            refined_loss = reconstruction_loss(images, refined, masks, self.config.hole_weight)
            loss = coarse_loss + refined_loss
        variables = self.generator.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
        # Early on the average must not remember the initial weights.
        decay = tf.minimum(self.config.average_decay, tf.cast(self.step + 1, tf.float32)
                           / tf.cast(self.step + 10, tf.float32))
        for average, variable in zip(self.averaged.variables, self.generator.variables):
            average.assign(decay * average + (1.0 - decay) * variable)
        self.step.assign_add(1)
        return {"coarse_loss": coarse_loss, "refined_loss": refined_loss}

    def run(self, paths: Sequence[Path]) -> Iterator[tuple[int, dict[str, float]]]:
        """Train to the last step; yields (steps done, losses) after each and saves on the way.

        Raises:
            FloatingPointError: If a loss is not finite; names the step and the last good checkpoint.
        """
        first = int(self.step)
        batches = training_batches(paths, self.config, seed=self.seed, first_step=first)
        for step, (images, masks) in enumerate(batches, start=first):
            losses = self._train_step(images, masks, tf.constant(learning_rate(self.config, step), tf.float32))
            figures = {name: float(value) for name, value in losses.items()}
            if not all(map(math.isfinite, figures.values())):
                raise FloatingPointError(f"step {step + 1}: loss is not finite {figures}; "
                                         f"the last good checkpoint is {self.checkpoints.latest_checkpoint}")
            if (step + 1) % self.config.checkpoint_steps == 0 or step + 1 == self.config.steps:
                self.checkpoints.save(step + 1)
            yield step + 1, figures
