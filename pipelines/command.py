"""What every `python -m pipelines.X` has in common: arguments, exit codes and one-line errors."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence

DONE, SOME_FAILED, BAD_INPUT, INTERRUPTED = 0, 1, 2, 130


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--seed` and `--debug`, which all commands share."""
    parser.add_argument("--seed", type=int, default=0, metavar="N", help="seed of everything random (default: 0)")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")


def report_error(error: BaseException) -> None:
    """Print `error` as one line on stderr, whatever its message looks like."""
    line = " ".join(str(error).split()) or type(error).__name__
    print(f"error: {line}", file=sys.stderr, flush=True)


def run(parser: argparse.ArgumentParser, work: Callable[[argparse.Namespace], int],
        argv: Sequence[str] | None = None) -> int:
    """Parse `argv`, do the work and turn what goes wrong into one line and an exit code.

    Args:
        parser: The command's parser, with the arguments of `add_common_arguments`.
        work: Does the work; returns 0 (all done) or 1 (some files failed, each already reported).
        argv: Arguments without the program name; None takes `sys.argv`.

    Returns:
        0 all done, 1 some files failed, 2 wrong arguments or bad input, 130 interrupted.
    """
    arguments = parser.parse_args(argv)
    try:
        return work(arguments)
    except KeyboardInterrupt:
        print("interrupted: finished files are kept, nothing half-written remains", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # `... | head`: the reader has left, which is no fault of ours
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return DONE
    except (ValueError, OSError, MemoryError) as error:
        if arguments.debug:
            raise
        report_error(error)
        return BAD_INPUT
