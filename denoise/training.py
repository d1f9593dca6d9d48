"""What watches a training run: best weights, resuming after a kill, the clock, progress."""

from __future__ import annotations

import dataclasses
import math
import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import tensorflow as tf

Progress = Callable[[int, int, dict], None]  # steps done, steps planned, losses


@dataclasses.dataclass(frozen=True)
class TrainingSummary:
    """How a training run ended.

    Args:
        steps: Steps done, those before a resume included.
        planned_steps: Steps that the configuration asks for.
        stopped_by: "steps" (all done), "time" (the clock cut it short) or "patience" (no more progress).
        best_epoch: Epoch whose weights are kept, from 1.
        validation_loss: Of those weights, in normalised units.
        seconds: Wall-clock time of this run.
    """

    steps: int
    planned_steps: int
    stopped_by: str
    best_epoch: int
    validation_loss: float
    seconds: float


def save_weights_atomically(model: tf.keras.Model, path: Path) -> None:
    """Write Keras weights (HDF5) beside `path`, then rename: a kill leaves the old file or the new one."""
    temporary = path.with_name(f".{path.stem}.partial{path.suffix}")
    model.save_weights(str(temporary))
    os.replace(temporary, path)


class RunKeeper(tf.keras.callbacks.Callback):
    """Keeps the best weights, stops on time or lack of progress, and makes a run resumable after each epoch.

    Args:
        planned_steps: Steps of the whole run.
        steps_per_epoch: Steps of an epoch.
        patience: Epochs without progress before stopping; 0 never stops.
        seconds: Upper bound on the time, or None.
        weights_file: Where the best weights go, or None to keep them in memory only.
        resume_folder: Where the resume point goes, or None.
        plateau: The callback that lowers the learning rate, whose state belongs to the resume point, or None.
        progress: Called after each step, or None.
    """

    def __init__(self, *, planned_steps: int, steps_per_epoch: int, patience: int, seconds: float | None,
                 weights_file: Path | None, resume_folder: Path | None,
                 plateau: tf.keras.callbacks.ReduceLROnPlateau | None, progress: Progress | None) -> None:
        super().__init__()
        self.planned_steps, self.steps_per_epoch, self.patience = planned_steps, steps_per_epoch, patience
        self.weights_file, self.resume_folder = weights_file, resume_folder
        self.plateau, self.progress = plateau, progress
        self.started = time.monotonic()
        self.deadline = math.inf if seconds is None else self.started + seconds
        self.stopped_by = "steps"
        self.steps = 0
        self.losses: dict[str, float] = {}
        self.best_weights: list | None = None
        # everything that a resumed run must know, in one checkpoint with weights and optimiser: written as a whole
        self.state = {"epoch": tf.Variable(0, dtype=tf.int64), "best_epoch": tf.Variable(0, dtype=tf.int64),
                      "best": tf.Variable(math.inf, dtype=tf.float64),
                      "plateau_best": tf.Variable(math.inf, dtype=tf.float64),
                      "plateau_wait": tf.Variable(0, dtype=tf.int64)}
        self.manager: tf.train.CheckpointManager | None = None

    def begin(self, model: tf.keras.Model, *, resume: bool) -> int:
        """Go back to the last resume point, if asked to and if there is one. Returns the epoch to go on with."""
        if self.resume_folder is None:
            return 0
        if not resume:
            shutil.rmtree(self.resume_folder, ignore_errors=True)
        model.optimizer.build(model.trainable_variables)  # else its slots would be restored after the first step
        checkpoint = tf.train.Checkpoint(model=model, optimizer=model.optimizer, **self.state)
        self.manager = tf.train.CheckpointManager(checkpoint, str(self.resume_folder), max_to_keep=1)
        if self.manager.latest_checkpoint is not None:
            checkpoint.restore(self.manager.latest_checkpoint).assert_consumed()
        self.steps = int(self.state["epoch"]) * self.steps_per_epoch
        return int(self.state["epoch"])

    def on_train_begin(self, logs: dict | None = None) -> None:
        if self.plateau is not None and int(self.state["epoch"]) > 0:
            self.plateau.best = float(self.state["plateau_best"])
            self.plateau.wait = int(self.state["plateau_wait"])

    def on_train_batch_end(self, batch: int, logs: dict | None = None) -> None:
        self.steps += 1
        self.losses["loss"] = float((logs or {}).get("loss", math.nan))
        if self.progress is not None:
            self.progress(self.steps, self.planned_steps, dict(self.losses))
        if time.monotonic() >= self.deadline and self.steps < self.planned_steps:
            self.stopped_by, self.model.stop_training = "time", True

    def on_epoch_end(self, epoch: int, logs: dict | None = None) -> None:
        loss = float((logs or {}).get("val_loss", math.nan))
        self.losses["val_loss"] = loss
        if loss < float(self.state["best"]):
            self.state["best"].assign(loss)
            self.state["best_epoch"].assign(epoch + 1)
            self.best_weights = self.model.get_weights()
            if self.weights_file is not None:
                save_weights_atomically(self.model, self.weights_file)
        if 0 < self.patience <= epoch + 1 - int(self.state["best_epoch"]) and self.stopped_by == "steps":
            self.stopped_by, self.model.stop_training = "patience", True
        if self.stopped_by == "time":  # an epoch cut short is done again on resuming
            return
        self.state["epoch"].assign(epoch + 1)
        if self.plateau is not None:
            self.state["plateau_best"].assign(float(self.plateau.best))
            self.state["plateau_wait"].assign(int(self.plateau.wait))
        if self.manager is not None:
            self.manager.save(checkpoint_number=epoch + 1)

    def end(self, model: tf.keras.Model) -> None:
        """Give the model its best weights."""
        if self.best_weights is not None:
            model.set_weights(self.best_weights)
        elif self.weights_file is not None and self.weights_file.exists():  # found before the resume
            model.load_weights(str(self.weights_file))
        else:
            raise ValueError("training diverged: the loss was not a number; lower train_learning_rate")

    def summary(self) -> TrainingSummary:
        """How the run ended."""
        return TrainingSummary(steps=self.steps, planned_steps=self.planned_steps, stopped_by=self.stopped_by,
                               best_epoch=int(self.state["best_epoch"]), validation_loss=float(self.state["best"]),
                               seconds=time.monotonic() - self.started)
