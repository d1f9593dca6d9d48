"""One session of a training run: steps, figures, pictures and weights, until it ends or is stopped."""

from __future__ import annotations

import collections
import contextlib
import shutil
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional

from pipelines.errors import InputError
from pipelines.quiet import harmless_lines_dropped
from pipelines.training_log import TrainingLog

if TYPE_CHECKING:
    from deepfill_tf.training_run import TrainingRun
    from deepfill_tf.validation import Validation

WEIGHTS_FILE, BEST_FILE, SAVED_MODEL = "generator.h5", "best.h5", "generator"
DRAWN = 4  # pictures in a grid


def train(run: TrainingRun, folder: Path, examples: Validation, *, validates: bool) -> float:
    """Train to the last step as the one process that writes files.

    Args:
        run: Goes on from its last checkpoint.
        folder: Of the run; ends with the tables and pictures of `TrainingLog`, generator.h5 (averaged weights),
            best.h5 (those of the best validation) and generator/ (a SavedModel).
        examples: Pictures to draw, and to validate on.
        validates: Whether `examples` were set aside; otherwise there is no best.h5.

    Returns:
        Seconds that it took.

    Raises:
        InputError: If a loss or a weight is not finite.
    """
    from tqdm import tqdm

    from weights import save_generator

    started = before = time.perf_counter()
    config, generator = run.config, None
    with TrainingLog(folder, run.step) as log, _stop_between_steps() as stopped, _told_if_not_finite(folder), tqdm(
            total=config.steps, initial=run.step, unit="step", disable=None, file=sys.stderr) as bar:
        # What is made of a step is there before its checkpoint: `run.steps` saves when it is asked for the next one.
        for step, losses in run.steps():
            rate = config.batch_size / (time.perf_counter() - before)
            log.losses(step, {**losses, "images_per_second": rate})
            shown = {**{name.removesuffix("_loss"): f"{value:.4f}" for name, value in losses.items()},
                     "images/s": f"{rate:.3g}"}
            bar.set_postfix(shown, refresh=False)
            bar.update()
            draws, measures, keeps = (step % steps == 0 or step == config.steps for steps in (
                config.summary_steps, config.validation_steps, config.checkpoint_steps))
            keeps = keeps or stopped()
            if draws or measures or keeps:
                generator = run.trainer.copy_average(generator)
            if draws:
                log.pictures(step, _picture(generator, examples))
            if measures and validates and log.validated(step, examples.hole_psnr(generator)):
                save_generator(generator, folder / BEST_FILE)
            if keeps:
                save_generator(generator, folder / WEIGHTS_FILE)
                log.flush()
                if bar.disable:  # no terminal: a line for the log
                    print(f"step {step} of {config.steps}: {', '.join(map(' '.join, shown.items()))}", flush=True)
            if stopped():
                run.save()
                raise KeyboardInterrupt
            before = time.perf_counter()
        run.wait_for_others()
    _save_model(run.trainer.copy_average(generator), folder / SAVED_MODEL)
    return time.perf_counter() - started


def follow(run: TrainingRun) -> None:
    """Train as a worker that writes nothing.

    Raises:
        InputError: If a loss or a weight is not finite.
    """
    with _told_if_not_finite(None):
        collections.deque(run.steps(), maxlen=0)  # its losses are the chief's to tell
        run.wait_for_others()


@contextlib.contextmanager
def _told_if_not_finite(folder: Optional[Path]) -> Iterator[None]:
    try:
        yield
    except FloatingPointError as error:
        weights = None if folder is None else folder / WEIGHTS_FILE
        start = f", --start-from {weights}" if weights is not None and weights.exists() else ""
        raise InputError(folder or "this worker", str(error), f"begin a new run with a lower learning_rate{start}"
                         ) from error


def _save_model(generator: Any, folder: Path) -> None:
    from deepfill_tf.new_folder import new_folder

    shutil.rmtree(folder, ignore_errors=True)  # of the same run, that is gone on with
    with new_folder(folder) as partial, harmless_lines_dropped():
        generator.save(partial, save_format="tf")


def _picture(generator: Any, examples: Validation) -> Any:
    from deepfill_tf.flow import attention_offsets, flow_to_image
    from deepfill_tf.summary import summary_grid

    inputs = examples.inputs(0, DRAWN)
    coarse, refined = generator(inputs)
    return summary_grid(inputs[0], inputs[1], coarse, refined, flow_to_image(attention_offsets(generator, *inputs)))


@contextlib.contextmanager
def _stop_between_steps() -> Iterator[Callable[[], bool]]:
    """Let Ctrl-C and SIGTERM wait for the end of the step, so that it can be kept; a second one does not wait.

    Yields:
        Whether somebody has asked to stop.
    """
    if threading.current_thread() is not threading.main_thread():  # which alone may handle signals
        yield lambda: False
        return
    received: list[int] = []
    # What is ignored, as SIGINT is in the background of a shell, stays so.
    handlers = {number: handler for number in (signal.SIGINT, signal.SIGTERM)
                if (handler := signal.getsignal(number)) is not signal.SIG_IGN}

    def handle(number, frame):
        if received:
            raise KeyboardInterrupt
        received.append(number)
        print("stopping after this step; once more stops at once", file=sys.stderr, flush=True)

    for number in handlers:
        signal.signal(number, handle)
    try:
        yield lambda: bool(received)
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
