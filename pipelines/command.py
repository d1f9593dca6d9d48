"""What every `python -m pipelines.X` has in common: arguments, exit codes and one-line errors."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable, Sequence
from typing import Any, NoReturn

DONE, SOME_FAILED, BAD_INPUT = 0, 1, 2
INTERRUPTED, READER_GONE = 130, 141  # what a shell reports for SIGINT and SIGPIPE


class Parser(argparse.ArgumentParser):
    """An argument parser whose errors are one line, as all others are; it takes no abbreviated options."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(**{"allow_abbrev": False, **settings})

    def error(self, message: str) -> NoReturn:
        """Print the error, without the usage that argparse puts before it, and exit with 2."""
        report_error(f"{message}; {self.prog} --help lists the arguments")
        raise SystemExit(BAD_INPUT)


def add_common_arguments(parser: argparse.ArgumentParser) -> None:
    """Add `--seed` and `--debug`, which all commands share."""
    parser.add_argument("--seed", type=_seed, default=0, metavar="N",
                        help="seed of everything random (default: 0)")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")


def positive_number(text: str) -> float:
    """The type of an argument that is a number above 0."""
    value = float(text)
    if not 0 < value < float("inf"):
        raise argparse.ArgumentTypeError(f"expected a number above 0, received: {text}")
    return value


def report_error(error: BaseException | str) -> None:
    """Print `error` as one line on stderr, whatever its message looks like."""
    _print_line("error", error)


def report_warning(message: str) -> None:
    """Print `message` as one line on stderr: the work goes on, but not as its user may expect."""
    _print_line("warning", message)


def run(parser: argparse.ArgumentParser, work: Callable[[argparse.Namespace], int],
        argv: Sequence[str] | None = None) -> int:
    """Parse `argv`, do the work and turn what goes wrong into one line and an exit code.

    Args:
        parser: The command's parser, with the arguments of `add_common_arguments`.
        work: Does the work; returns 0 (all done) or 1 (some files failed, each already reported).
        argv: Arguments without the program name; None takes `sys.argv`.

    Returns:
        0 all done, 1 some files failed, 2 wrong arguments or bad input, 130 interrupted, 141 nobody reads
        what is printed.
    """
    arguments = parser.parse_args(argv)
    try:
        code = work(arguments)
        if sys.stdout is not None:
            sys.stdout.flush()  # a reader that has left shows here, and not while Python exits
        return code
    except KeyboardInterrupt:
        print("interrupted: finished files are kept, nothing half-written remains", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # `... | head`: the work was cut short by the reader's leaving
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # what Python still holds back must not fail again
        return READER_GONE
    except Exception as error:
        if arguments.debug:
            raise
        report_error(describe(error))
        return BAD_INPUT


def _seed(text: str) -> int:
    if not (text.isdecimal() and int(text) < 2**32):  # what NumPy takes
        raise argparse.ArgumentTypeError(f"a seed is a whole number from 0 to {2**32 - 1}, received: {text}")
    return int(text)


def describe(error: Exception) -> str:
    """The line for an error that reached the command: what is wrong, where, and what to do."""
    if "No space left on device" in str(error):  # TensorFlow counts it as another kind of exhausted resource
        return f"the disk is full: {error}; make room, or choose another --output"
    if isinstance(error, MemoryError) or type(error).__name__ == "ResourceExhaustedError":  # TensorFlow's own
        return "out of memory: the work needs more than there is; use a smaller picture or another --device"
    if isinstance(error, ImportError):
        return f"the installation is incomplete: {error}; run make setup"
    if isinstance(error, OSError) and error.filename is not None and error.strerror:
        return f"{os.fsdecode(error.filename)}: {error.strerror}; check the path and its permissions"
    if isinstance(error, (ValueError, OSError)) and str(error).strip():
        return str(error)
    return f"unexpected {type(error).__name__}: {error}; the program is at fault, --debug shows where"


def _print_line(kind: str, message: BaseException | str) -> None:
    line = " ".join(filter(None, map(str.strip, str(message).splitlines()))) or type(message).__name__
    print(f"{kind}: {line}", file=sys.stderr, flush=True)
