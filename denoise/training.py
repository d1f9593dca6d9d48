"""A training run: best weights, resuming after a kill, the clock, progress."""

from __future__ import annotations

import dataclasses
import json
import math
import os
import shutil
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf

from denoise.config import DenoiserConfig

CONFIG_FILE, WEIGHTS_FILE, RESUME_FOLDER, LOG_FOLDER = "config.json", "weights_best.h5", "resume", "logs"
Progress = Callable[[int, int, dict], None]  # steps done, steps planned, losses


@dataclasses.dataclass(frozen=True)
class TrainingSummary:
    """How a training run ended.

    Args:
        steps: Steps done, those before a resume included.
        planned_steps: Steps that the configuration asks for.
        stopped_by: "steps" (all done), "time" (the clock cut it short) or "patience" (no more progress).
        best_epoch: Epoch whose weights are kept, from 1; 0 where none was better than the start.
        validation_loss: Of those weights, in normalised units.
        seconds: Wall-clock time of this run.
        start: Index of the denoiser that it began from; None for random weights.
        start_loss: Validation loss at the start; infinite for random weights.
    """

    steps: int
    planned_steps: int
    stopped_by: str
    best_epoch: int
    validation_loss: float
    seconds: float
    start: int | None = None
    start_loss: float = math.inf


def save_config_atomically(settings: dict[str, Any], folder: Path) -> None:
    """Write CSBDeep's config.json into `folder`, which is made if it is not there."""
    folder.mkdir(parents=True, exist_ok=True)
    temporary = folder / f".{CONFIG_FILE}.partial"
    temporary.write_text(json.dumps(settings), encoding="utf-8")
    os.replace(temporary, folder / CONFIG_FILE)


def save_weights_atomically(model: tf.keras.Model, path: Path) -> None:
    """Write Keras weights (HDF5) beside `path`, then rename: a kill leaves the old file or the new one."""
    # the suffix hides the unfinished file from n2v, which would load any *.h5
    temporary = path.with_suffix(".partial")
    model.save_weights(str(temporary), save_format="h5")
    os.replace(temporary, path)


class RunKeeper(tf.keras.callbacks.Callback):
    """Keeps the best weights, stops on time or lack of progress, and makes a run resumable after each epoch.

    Args:
        config: Settings of the run.
        folder: Where best weights, resume point and log go; None keeps the best weights in memory only.
        seconds: Upper bound on the time, counted from here, or None.
        progress: Called after each step, or None.
    """

    def __init__(self, config: DenoiserConfig, folder: Path | None, *, seconds: float | None,
                 progress: Progress | None) -> None:
        super().__init__()
        self.config, self.folder, self.progress = config, folder, progress
        self.started = time.monotonic()
        self.deadline = math.inf if seconds is None else self.started + seconds
        self.stopped_by, self.steps = "steps", 0
        self.losses: dict[str, float] = {}
        self.best_weights: list | None = None
        self.start: int | None = None
        self.start_loss = math.inf
        self.plateau: tf.keras.callbacks.ReduceLROnPlateau | None = None
        self.manager: tf.train.CheckpointManager | None = None
        # what a resumed run must know goes into one checkpoint with weights and optimiser, written as a whole
        self.epoch, self.best_epoch, self.plateau_wait = (tf.Variable(0, dtype=tf.int64) for _ in range(3))
        self.best, self.plateau_best = (tf.Variable(math.inf, dtype=tf.float64) for _ in range(2))

    def start_from(self, start: int, loss: float) -> None:
        """Count the weights that the model has when `fit` begins as the best so far.

        Args:
            start: Which of several they are.
            loss: Their validation loss.
        """
        self.start, self.start_loss = start, loss

    def fit(self, model: tf.keras.Model, batch: Callable[[int], Any], validation: tuple, *,
            callbacks: Sequence[tf.keras.callbacks.Callback], resume: bool) -> None:
        """Train a compiled model and leave it with its best weights.

        Args:
            model: Compiled with the loss to minimise.
            batch: Gives the batch of each step of the run.
            validation: Inputs and targets.
            callbacks: What else watches the run.
            resume: Go on from the folder's last finished epoch, if it has one.

        Raises:
            ValueError: If the loss never was a number.
        """
        self.plateau = next((callback for callback in callbacks
                             if isinstance(callback, tf.keras.callbacks.ReduceLROnPlateau)), None)
        callbacks = [*callbacks, self]
        if self.folder is not None:
            self._restore(model, self.folder / RESUME_FOLDER, resume)
            if self.config.train_tensorboard:
                log = str(self.folder / LOG_FOLDER)
                callbacks.append(tf.keras.callbacks.TensorBoard(log, write_graph=False, profile_batch=0))
        first_epoch = int(self.epoch)
        if self.start is not None and first_epoch == 0:
            self._keep(model, 0, self.start_loss)
        self.steps = first_epoch * self.config.train_steps_per_epoch
        if self._is_out_of_patience():
            self.stopped_by = "patience"
        elif self.steps < self.config.steps:
            model.fit((batch(step) for step in range(self.steps, self.config.steps)),
                      validation_data=validation, validation_batch_size=self.config.train_batch_size,
                      initial_epoch=first_epoch, epochs=self.config.train_epochs,
                      steps_per_epoch=self.config.train_steps_per_epoch, callbacks=callbacks, verbose=0)
        if self.best_weights is not None:
            model.set_weights(self.best_weights)
        elif self.folder is not None and first_epoch > 0:
            model.load_weights(str(self.folder / WEIGHTS_FILE))
        else:
            raise ValueError("training diverged: the loss was not a number; lower train_learning_rate")

    def _restore(self, model: tf.keras.Model, folder: Path, resume: bool) -> None:
        if not resume:
            shutil.rmtree(folder, ignore_errors=True)
        model.optimizer.build(model.trainable_variables)  # else its state would wait for the first step
        checkpoint = tf.train.Checkpoint(
            model=model, optimizer=model.optimizer, epoch=self.epoch, best=self.best,
            best_epoch=self.best_epoch, plateau_best=self.plateau_best, plateau_wait=self.plateau_wait)
        self.manager = tf.train.CheckpointManager(checkpoint, str(folder), max_to_keep=1)
        if self.manager.latest_checkpoint is not None:
            try:
                checkpoint.restore(self.manager.latest_checkpoint).assert_existing_objects_matched()
            except (AssertionError, ValueError, tf.errors.OpError) as error:
                reason = " ".join(str(error).split())
                raise ValueError(f"{folder}: the run cannot be resumed: {reason}") from error

    def _keep(self, model: tf.keras.Model, epoch: int, loss: float) -> None:
        self.best.assign(loss)
        self.best_epoch.assign(epoch)
        self.best_weights = model.get_weights()
        if self.folder is not None:
            save_weights_atomically(model, self.folder / WEIGHTS_FILE)

    def _is_out_of_patience(self) -> bool:
        """Whether the finished epochs have brought nothing for too long, with some still to come."""
        waited = int(self.epoch) - int(self.best_epoch)
        return 0 < self.config.patience <= waited and int(self.epoch) < self.config.train_epochs

    def on_train_begin(self, logs: dict | None = None) -> None:
        if self.plateau is not None and int(self.epoch) > 0:  # Keras has just reset it
            self.plateau.best, self.plateau.wait = float(self.plateau_best), int(self.plateau_wait)

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self.steps += 1
        self.losses["loss"] = float((logs or {}).get("loss", math.nan))
        if self.progress is not None:
            self.progress(self.steps, self.config.steps, dict(self.losses))
        if time.monotonic() >= self.deadline and self.steps < self.config.steps:
            self.stopped_by, self.model.stop_training = "time", True

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        loss = float((logs or {}).get("val_loss", math.nan))
        self.losses["val_loss"] = loss
        if loss < float(self.best):
            self._keep(self.model, epoch + 1, loss)
        if self.stopped_by == "time":  # an epoch that the clock cut short is done again on resuming
            return
        self.epoch.assign(epoch + 1)
        if self._is_out_of_patience():
            self.stopped_by, self.model.stop_training = "patience", True
        if self.plateau is not None:
            self.plateau_best.assign(float(self.plateau.best))
            self.plateau_wait.assign(int(self.plateau.wait))
        if self.manager is not None:
            self.manager.save(checkpoint_number=epoch + 1)

    def summary(self) -> TrainingSummary:
        """How the run ended."""
        return TrainingSummary(steps=self.steps, planned_steps=self.config.steps, stopped_by=self.stopped_by,
                               best_epoch=int(self.best_epoch), validation_loss=float(self.best),
                               seconds=time.monotonic() - self.started, start=self.start,
                               start_loss=self.start_loss)
