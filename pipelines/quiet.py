"""Keeps TensorFlow's start-up chatter from the terminal, and nothing else."""

from __future__ import annotations

import contextlib
import os
import re
import sys
import tempfile
import warnings
from collections.abc import Iterator

# Lines that TensorFlow 2.15 writes on a machine where all is well. On every start: its three CUDA libraries
# register twice, and TensorRT, which nothing here uses, is not installed. (Its information lines are
# not listed here: the log level keeps them off.)
HARMLESS_LINES = re.compile(
    rb"Unable to register cu(DNN|FFT|BLAS) factory: Attempting to register factory for plugin"
    rb"|TF-TRT Warning: Could not find TensorRT"
    rb"|the compiled metrics have yet to be built"  # Keras 2.15, when it saves a model that was never compiled
)

# Python warnings of packages that are pinned because their successors do not run on TensorFlow 2.15: regular
# expressions that match from the start of the message.
HARMLESS_WARNINGS = (
    r"\s*TensorFlow Addons \(TFA\) has ended development",
    r"pkg_resources is deprecated as an API",  # imported by tensorflow-hub, which tensorflow-gan needs
)


def ignore_harmless_warnings() -> None:
    """Let `warnings` pass over `HARMLESS_WARNINGS`, for as long as the process runs."""
    for message in HARMLESS_WARNINGS:
        warnings.filterwarnings("ignore", message=message)


@contextlib.contextmanager
def harmless_lines_dropped() -> Iterator[None]:
    """Hold back what is written to file descriptor 2 meanwhile; then pass it on without `HARMLESS_LINES`.

    The descriptor itself is redirected, since C++ code writes to it past `sys.stderr`. What was held back is
    passed on when an exception ends the block, too. Where stderr is closed, or nothing can be held back,
    nothing changes.
    """
    with contextlib.ExitStack() as opened:
        held_back = None
        with contextlib.suppress(OSError):
            stderr = os.dup(2)
            opened.callback(os.close, stderr)
            held_back = opened.enter_context(tempfile.TemporaryFile())
        if held_back is None:
            yield
            return
        _flush()
        os.dup2(held_back.fileno(), 2)
        try:
            yield
        finally:
            _flush()
            os.dup2(stderr, 2)
            held_back.seek(0)
            kept = b"".join(line for line in held_back if not HARMLESS_LINES.search(line))
            with contextlib.suppress(OSError):  # the reader of stderr may be gone
                while kept:
                    kept = kept[os.write(2, kept):]


def _flush() -> None:
    """Keep the order of what Python has buffered and what goes straight to the descriptor."""
    if sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):  # closed, or its reader is gone
            sys.stderr.flush()
