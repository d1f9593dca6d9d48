"""A training run: steps over data, and checkpoints from which it goes on exactly."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Optional

import numpy as np
import tensorflow as tf

from deepfill_tf.config import DeepFillConfig
from deepfill_tf.data import ImageSource, training_batches
from deepfill_tf.distribution import is_chief
from deepfill_tf.trainer import Trainer

KEPT_CHECKPOINTS = 2


class TrainingRun:
    """A trainer, its data and its checkpoints.

    A checkpoint holds weights, critics, optimisers, averages and the step. The place in the data and all random
    numbers follow from seed and step, so that nothing else is needed to go on as if nothing had happened.

    Args:
        config: Settings of the run.
        source: Where the images come from.
        folder: Where the checkpoints are; the run goes on from the last one. All workers must see it.
        seed: Of the initial weights and of everything random.
        strategy: The devices.
        start: A generator whose weights a new run starts from.

    Raises:
        ValueError: If the batch cannot be shared out evenly, or if XLA is asked for on several devices.
    """

    def __init__(self, config: DeepFillConfig, source: ImageSource, folder: Path, *, seed: int,
                 strategy: Optional[tf.distribute.Strategy] = None, start: Optional[tf.keras.Model] = None) -> None:
        self.config, self.source, self.seed = config, source, seed
        self.strategy = strategy or tf.distribute.get_strategy()
        check_devices(config, self.strategy)
        # TensorFlow 2.15's remapper gives up on the discriminator's gradient, and prints an error each time.
        tf.config.optimizer.set_experimental_options(
            {"auto_mixed_precision_onednn_bfloat16": config.precision == "onednn_bfloat16", "remapping": False})
        with self.strategy.scope():
            self.trainer = Trainer(config, seed=seed, start=start)
        # Only the chief saves: all variables are mirrored, so that it has them all.
        self._checkpoints = tf.train.CheckpointManager(tf.train.Checkpoint(trainer=self.trainer), str(folder),
                                                       max_to_keep=KEPT_CHECKPOINTS)
        self._checkpoints.restore_or_initialize()

    @property
    def step(self) -> int:
        """Steps done."""
        return int(self.trainer.step.numpy())

    def save(self) -> None:
        """Write a checkpoint of the present step.

        Raises:
            FloatingPointError: If weights are not finite: that would not be a good one.
        """
        values = [*self.trainer.trainable_variables, *self.trainer.average]
        if not all(np.isfinite(value.numpy()).all() for value in values):
            raise FloatingPointError(f"step {self.step}: weights are not finite; {self._last_good()}")
        if is_chief(self.strategy):
            self._checkpoints.save(self.step)

    def wait_for_others(self) -> None:
        """Return once all workers are here: one that leaves early counts as lost for the others."""
        @tf.function
        def meet():
            return self.strategy.run(lambda: tf.distribute.get_replica_context().all_reduce(
                tf.distribute.ReduceOp.SUM, tf.constant(0.0)))

        meet()

    def steps(self) -> Iterator[tuple[int, dict[str, float]]]:
        """Train to the last step; yields (steps done, losses) after each and saves on the way.

        A checkpoint follows the yield, so that whatever is made of a step is there before the run can go on from it.

        Raises:
            FloatingPointError: If a loss is not finite; names the step and the last good checkpoint.
        """
        first = self.step
        batches = iter(self.strategy.distribute_datasets_from_function(
            lambda context: training_batches(self.source, self.config, seed=self.seed, first_step=first,
                                             context=context)))
        train = self.trainer.make_train_function()
        for step in range(first + 1, self.config.steps + 1):
            losses = {name: float(value) for name, value in train(batches).items()}
            if not all(map(math.isfinite, losses.values())):
                raise FloatingPointError(f"step {step}: a loss is not finite ({_listed(losses)}); "
                                         f"{self._last_good()}")
            yield step, losses
            if step % self.config.checkpoint_steps == 0 or step == self.config.steps:
                self.save()

    def _last_good(self) -> str:
        last = self._checkpoints.latest_checkpoint
        return f"the last good checkpoint is {last}" if last else "there is no checkpoint yet"


def check_devices(config: DeepFillConfig, strategy: tf.distribute.Strategy) -> None:
    """Raise ValueError if the batch cannot be shared out evenly, or if XLA is asked for on several devices."""
    devices = strategy.num_replicas_in_sync
    if config.batch_size % devices:
        raise ValueError(f"`batch_size` should be a multiple of the {devices} devices. Received: {config.batch_size}")
    if devices > 1 and config.xla:
        raise ValueError(f"`xla` should be false on {devices} devices. Received: True")


def _listed(losses: dict[str, float]) -> str:
    return ", ".join(f"{name} {value:.4g}" for name, value in losses.items())
