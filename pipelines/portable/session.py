"""Training by an exported step: losses logged, states written, and ended in good order."""

from __future__ import annotations

import csv
import math
import signal
import time
from pathlib import Path
from typing import Optional

import numpy as np

from pipelines.portable.program import Program
from pipelines.portable.state_files import Problem, halved, write_state
from pipelines.portable.tables import drop_rows_after

STATE_FOLDER, WEIGHTS_FOLDER, LOSSES_FILE = "state", "weights", "losses.csv"


class Session:
    """Runs a program step after step, from Python's start until it is time to stop.

    Args:
        program: On its device.
        step: Steps done before.
        output: Folder to write: state/, weights/ (what the manifest calls weights, as float16) and losses.csv, a row
            a call: the last step, images a second, and the mean of each loss.
        steps_per_call: How many steps the device does between two rows; also how long a stop may take.
        save_every: Seconds from one state written to the next.
        file_bytes: Size in bytes that every file of a state stays below.
    """

    def __init__(self, program: Program, step: int, output: Path, *, steps_per_call: int, save_every: float,
                 file_bytes: int) -> None:
        self.step = step
        self._program, self._output, self._file_bytes = program, output, file_bytes
        self._steps_per_call, self._save_every = steps_per_call, save_every
        self._saved_step: Optional[int] = None
        self._saved_at = time.monotonic()
        self._signal: Optional[int] = None
        output.mkdir(parents=True, exist_ok=True)
        drop_rows_after(output / LOSSES_FILE, step)

    def run(self, *, steps: Optional[int] = None, until: float = math.inf) -> Optional[int]:
        """Train until the steps are done, the time has come or a signal asks to stop; the state is then written.

        Args:
            steps: How many more; None for no limit.
            until: On the clock of `time.monotonic`.

        Returns:
            The signal that asked to stop, if one did.

        Raises:
            Problem: If a loss is no longer finite; the last good state has then been written.
        """
        last_step = math.inf if steps is None else self.step + steps
        handlers = {number: signal.signal(number, self._remember) for number in (signal.SIGINT, signal.SIGTERM)}
        try:
            call_seconds = 0.0
            while self.step < last_step and time.monotonic() + call_seconds < until and self._signal is None:
                started = time.monotonic()
                self._call(int(min(self._steps_per_call, last_step - self.step)))
                call_seconds = time.monotonic() - started
                if time.monotonic() - self._saved_at >= self._save_every:
                    self._save()
            self._save()
        finally:
            for number, handler in handlers.items():
                signal.signal(number, handler)
        return self._signal

    def _call(self, count):
        started = time.monotonic()
        losses = self._program.run(self.step, count)
        if not all(map(math.isfinite, losses.values())):
            self._program.undo()
            self._save()
            raise Problem(f"{self._output}: a loss is no longer finite between the steps {self.step + 1} and "
                          f"{self.step + count} ({losses}); {self._what_stands()}")
        self.step += count
        rate = count * self._program.manifest["batch_size"] / (time.monotonic() - started)
        with (self._output / LOSSES_FILE).open("a", newline="", encoding="utf-8") as file:
            rows = csv.writer(file, lineterminator="\n")
            if not file.tell():
                rows.writerow(["step", "images_per_second", *losses])
            rows.writerow([self.step, f"{rate:.1f}", *(f"{loss:.6f}" for loss in losses.values())])
        print(f"step {self.step}: " + ", ".join(f"{name} {loss:.4f}" for name, loss in losses.items())
              + f", {rate:.1f} images/s", flush=True)

    def _save(self):
        self._saved_at = time.monotonic()
        if self.step == self._saved_step:
            return
        state = self._program.state()
        broken = [name for name, array in state.items() if not np.isfinite(array).all()]
        if broken:  # by the last update: the losses would only tell a step later
            raise Problem(f"{self._output}: {broken[0]} is no longer finite at step {self.step}; "
                          f"{self._what_stands()}")
        weights = {name: state[name] for name in self._program.manifest["weights"]}
        write_state(self._output / WEIGHTS_FOLDER, self.step, halved(weights), file_bytes=self._file_bytes)
        write_state(self._output / STATE_FOLDER, self.step, state, file_bytes=self._file_bytes)
        self._saved_step = self.step

    def _what_stands(self):
        stands = "nothing was written" if self._saved_step is None else f"the state of step {self._saved_step} stands"
        return f"{stands}; export the program anew with a lower learning rate"

    def _remember(self, number, _):
        self._signal = number
