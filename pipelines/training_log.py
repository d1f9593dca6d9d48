"""What a training run leaves to be looked at: tables, a plot, and TensorBoard's scalars and pictures."""

from __future__ import annotations

import csv
import math
from collections.abc import Mapping
from pathlib import Path
from types import TracebackType
from typing import IO, Optional

import numpy as np

from pipelines.image_files.atomic import replacing
from pipelines.portable.tables import drop_rows_after

METRICS_FILE, VALIDATION_FILE, PLOT_FILE, TENSORBOARD = "metrics.csv", "validation.csv", "metrics.png", "tensorboard"
STEP = "step"
POINTS, SMOOTHED = 100, 10  # most points in a plotted curve; fewest steps whose mean a point is


class TrainingLog:
    """Tables that are right after a kill as well: what a run wrote after its last checkpoint is dropped.

    Args:
        folder: Of the run.
        step: Steps done; rows of later ones are from a run that was killed, and those steps are done again.
    """

    def __init__(self, folder: Path, step: int) -> None:
        import tensorflow as tf

        self.folder = folder
        self.best: Optional[float] = None
        for name in (METRICS_FILE, VALIDATION_FILE):
            drop_rows_after(folder / name, step)
        for row in read_table(folder / VALIDATION_FILE):
            self.best = max(row["hole_psnr"], self.best if self.best is not None else row["hole_psnr"])
        self._files: dict[str, IO[str]] = {}
        self._summary = tf.summary
        self._writer = tf.summary.create_file_writer(str(folder / TENSORBOARD))

    def __enter__(self) -> TrainingLog:
        return self

    def __exit__(self, kind: Optional[type[BaseException]], error: Optional[BaseException],
                 traceback: Optional[TracebackType]) -> None:
        for file in self._files.values():
            file.close()
        self._writer.close()

    def losses(self, step: int, figures: Mapping[str, float]) -> None:
        """Keep the figures of a training step."""
        self._row(METRICS_FILE, step, figures)

    def validated(self, step: int, hole_psnr: float) -> bool:
        """Keep a validation's result; returns whether it is the best so far."""
        self._row(VALIDATION_FILE, step, {"hole_psnr": hole_psnr})
        best = math.isfinite(hole_psnr) and (self.best is None or hole_psnr > self.best)
        if best:
            self.best = hole_psnr
        return best

    def pictures(self, step: int, grid: np.ndarray) -> None:
        """Keep a picture, uint8 (H, W, 3)."""
        with self._writer.as_default():
            self._summary.image("input, coarse, refined, attention", grid[np.newaxis], step=step)

    def flush(self) -> None:
        """Bring everything to the disk and draw the plot."""
        self._writer.flush()
        plot(self.folder)

    def _row(self, name: str, step: int, figures: Mapping[str, float]) -> None:
        if name not in self._files:
            path = self.folder / name
            is_new = not path.exists() or not path.stat().st_size
            self._files[name] = path.open("a", buffering=1, newline="", encoding="utf-8")
            if is_new:
                csv.writer(self._files[name]).writerow([STEP, *figures])
        csv.writer(self._files[name]).writerow([step, *(f"{value:.6g}" for value in figures.values())])
        with self._writer.as_default():
            for figure, value in figures.items():
                self._summary.scalar(figure, value, step=step)


def read_table(path: Path) -> list[dict[str, float]]:
    """The rows of one of the tables, by column; none if there is no file yet."""
    if not path.exists():
        return []
    with path.open(newline="", encoding="utf-8") as file:
        return [{name: float(value) for name, value in row.items()} for row in csv.DictReader(file)]


def plot(folder: Path) -> None:
    """Draw metrics.png: every loss over the steps, smoothed, and the validation's PSNR."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    metrics, validation = read_table(folder / METRICS_FILE), read_table(folder / VALIDATION_FILE)
    if not metrics:
        return
    figure = Figure(figsize=(8, 5), layout="constrained")
    FigureCanvasAgg(figure)
    axes = figure.subplots()
    parts = np.array_split(np.arange(len(metrics)), min(POINTS, max(1, len(metrics) // SMOOTHED)))
    for name in metrics[0]:
        if name.endswith("_loss"):
            axes.plot([metrics[part[-1]][STEP] for part in parts],
                      [np.mean([metrics[index][name] for index in part]) for part in parts],
                      label=name.replace("_", " "))
    axes.set(xlabel="step", ylabel="loss")
    axes.legend(loc="upper left")
    if validation:
        psnr = axes.twinx()
        psnr.plot([row[STEP] for row in validation], [row["hole_psnr"] for row in validation], "k.-")
        psnr.set_ylabel("validation, hole PSNR in dB (black)")
    with replacing(folder / PLOT_FILE) as temporary:
        figure.savefig(temporary, format="png", dpi=100)
