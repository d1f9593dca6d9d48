"""A progress bar for the denoiser's training."""

from __future__ import annotations

import sys
from typing import Any

from tqdm import tqdm


class StepBar:
    """Shown while it is entered, on a terminal only; `title` stands before it."""

    def __init__(self) -> None:
        self.title = ""
        self._bar: Any = None

    def show(self, done: int, planned: int, *_: Any) -> None:
        """Move the bar; what `denoise.Denoiser.train` calls after each step."""
        if self._bar is None:
            self._bar = tqdm(total=planned, desc=f"{self.title}: learning its noise", unit="step", leave=False,
                             disable=not sys.stderr.isatty(), file=sys.stderr)
        self._bar.update(done - self._bar.n)

    def __enter__(self) -> StepBar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
