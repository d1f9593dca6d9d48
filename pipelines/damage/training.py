"""Training of the learned detector: steps on rendered damage, averaged weights, resuming after a kill."""

from __future__ import annotations

import csv
import dataclasses
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from pipelines.damage.examples import WINDOW, Examples
from pipelines.damage.network import build_network, save_network
from pipelines.portable.tables import drop_rows_after

WEIGHTS_FILE, METRICS_FILE, CHECKPOINTS = "detector.npz", "metrics.csv", "checkpoints"
DAMAGED_WEIGHT = 2.0  # of damaged pixels in the loss
WARM_UP = 100  # steps in which the learning rate rises
VALIDATED = 64  # windows
Progress = Callable[[int, dict[str, float]], None]  # steps done and their figures


@dataclasses.dataclass(frozen=True)
class DamageTrainingConfig:
    """Settings of a run.

    Args:
        steps: Steps of the whole run.
        windows: Photos in a step; windows of 256 x 256 pixels, of which each is cut into crops.
        crops: Side of the crops in pixels, which divides 256: one for each equal part of the run.
        learning_rate: Adam's; falls to zero along a cosine.
        average: Decay of the moving average of the weights, which is what is kept.
        checkpoint_steps: After so many steps the run can be resumed, and is validated.

    Raises:
        ValueError: If a value is out of range.
    """

    steps: int = 8000
    windows: int = 4
    crops: tuple[int, ...] = (128, 128, 256)
    learning_rate: float = 2e-3
    average: float = 0.998
    checkpoint_steps: int = 250

    def __post_init__(self) -> None:
        if min(self.steps, self.windows, self.checkpoint_steps) < 1:
            raise ValueError("steps, windows and checkpoint_steps must be at least 1")
        if not self.crops or any(crop < 16 or WINDOW % crop for crop in self.crops):
            raise ValueError(f"crops must divide {WINDOW} and be at least 16, found {list(self.crops)}")
        if not (self.learning_rate > 0 and 0 <= self.average < 1):
            raise ValueError("learning_rate must be above 0, and average from 0 to below 1")

    def crop(self, step: int) -> int:
        """Side of the crops in step `step`, counted from 0."""
        return self.crops[step * len(self.crops) // self.steps]


class DamageTrainer:
    """Network, averaged weights and optimiser.

    Args:
        config: Settings.
    """

    def __init__(self, config: DamageTrainingConfig) -> None:
        self.config = config
        self.network, self.averaged = build_network(), build_network()
        self.averaged.set_weights(self.network.get_weights())
        rate = tf.keras.optimizers.schedules.CosineDecay(0.0, max(1, config.steps - WARM_UP),
                                                         warmup_target=config.learning_rate, warmup_steps=WARM_UP)
        self.optimizer = tf.keras.optimizers.Adam(rate)
        self.optimizer.build(self.network.trainable_variables)
        self.done = tf.Variable(0, dtype=tf.int64)
        self._train = tf.function(self._step, reduce_retracing=True)

    def step(self, images: np.ndarray, labels: np.ndarray) -> float:
        """One step; returns its loss. Arguments as `Examples.batch` returns them."""
        return float(self._train(tf.constant(images), tf.constant(labels)))

    def _step(self, images: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
        values = tf.cast(images, tf.float32) / 127.5 - 1.0
        with tf.GradientTape() as tape:
            loss = damage_loss(self.network(values, training=True), labels)
        variables = self.network.trainable_variables
        self.optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables))
        self.done.assign_add(1)
        count = tf.cast(self.done, tf.float32)
        decay = tf.minimum(self.config.average, count / (count + 10.0))  # the first weights are soon forgotten
        for average, weight in zip(self.averaged.weights, self.network.weights):
            average.assign_sub((1.0 - decay) * (average - weight))
        return loss


def damage_loss(probabilities: tf.Tensor, labels: tf.Tensor) -> tf.Tensor:
    """Cross-entropy of the kinds, in which damaged pixels weigh more, because they are few.

    Args:
        probabilities: (B, H, W, 8), see `network.build_network`.
        labels: (B, H, W) integers, 0 = undamaged.
    """
    weights = tf.where(labels > 0, DAMAGED_WEIGHT, 1.0)
    return tf.reduce_mean(weights * tf.keras.losses.sparse_categorical_crossentropy(labels, probabilities))


def train(config: DamageTrainingConfig, examples: Examples, validation: Examples | None, folder: Path,
          progress: Progress) -> dict[str, float]:
    """Train to the last step, from the last checkpoint in `folder` if there is one.

    Args:
        config: Settings.
        examples: To learn from.
        validation: To measure with, or None.
        folder: Ends with detector.npz (averaged weights), metrics.csv and checkpoints/.
        progress: Called after each step.

    Returns:
        The last figures.

    Raises:
        FloatingPointError: If the loss is not finite.
    """
    trainer = DamageTrainer(config)
    checkpoint = tf.train.Checkpoint(network=trainer.network, averaged=trainer.averaged,
                                     optimizer=trainer.optimizer, done=trainer.done)
    manager = tf.train.CheckpointManager(checkpoint, str(folder / CHECKPOINTS), max_to_keep=1)
    if manager.latest_checkpoint is not None:
        checkpoint.restore(manager.latest_checkpoint).assert_existing_objects_matched()
    drop_rows_after(folder / METRICS_FILE, int(trainer.done))
    figures: dict[str, float] = {}
    losses: list[float] = []
    for step, (images, labels) in enumerate(_batches(config, examples, int(trainer.done)), int(trainer.done) + 1):
        losses.append(trainer.step(images, labels))
        if not np.isfinite(losses[-1]):
            raise FloatingPointError(f"the loss of step {step} is not finite")
        if step % config.checkpoint_steps == 0 or step == config.steps:
            figures = {"loss": float(np.mean(losses)), **({} if validation is None else
                                                          validate(trainer.averaged, validation))}
            losses = []
            _add_row(folder / METRICS_FILE, {"step": step, **figures})
            save_network(trainer.averaged, folder / WEIGHTS_FILE)
            manager.save(checkpoint_number=step)
        progress(step, {"loss": float(np.mean(losses)) if losses else figures["loss"], **{
            name: value for name, value in figures.items() if name != "loss"}})
    return figures


def validate(network: tf.keras.Model, examples: Examples) -> dict[str, float]:
    """Pixel-wise precision, recall and F1 of damaged or not, without tolerance, on VALIDATED windows."""
    hits = found = damaged = 0
    for number in range(VALIDATED):
        images, labels = examples.batch(number, 1, WINDOW)
        marked = network(images.astype(np.float32) / 127.5 - 1.0, training=False).numpy()[..., 0] < 0.5
        hits += int((marked & (labels > 0)).sum())
        found += int(marked.sum())
        damaged += int((labels > 0).sum())
    return {"precision": hits / max(found, 1), "recall": hits / max(damaged, 1),
            "f1": 2 * hits / max(found + damaged, 1)}


def _batches(config: DamageTrainingConfig, examples: Examples, done: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """The batches of the remaining steps, each made while the one before it is learned from."""
    def make(step: int) -> tuple[np.ndarray, np.ndarray]:
        return examples.batch(step, config.windows, config.crop(step))

    with ThreadPoolExecutor(1) as pool:
        upcoming = [pool.submit(make, step) for step in range(done, min(done + 2, config.steps))]
        for step in range(done, config.steps):
            batch = upcoming.pop(0).result()
            if step + 2 < config.steps:
                upcoming.append(pool.submit(make, step + 2))
            yield batch


def _add_row(path: Path, row: dict[str, Any]) -> None:
    is_new = not path.exists()
    with path.open("a", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, row)
        if is_new:
            writer.writeheader()
        writer.writerow({name: f"{value:.6g}" for name, value in row.items()})
