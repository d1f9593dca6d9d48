"""python -m pipelines.portable: train by an exported step, with JAX and without TensorFlow."""

from __future__ import annotations

import argparse
import math
import os
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NoReturn

DONE, BAD_INPUT, SIGNALLED = 0, 2, 128  # plus the signal's number, as a shell reports it
SECONDS_TO_SAVE = 10


class _Parser(argparse.ArgumentParser):
    def error(self, message: str) -> NoReturn:
        print(f"error: {message}; --help lists the arguments", file=sys.stderr)
        raise SystemExit(BAD_INPUT)


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    started = time.monotonic()
    arguments = _parser().parse_args(argv)
    from pipelines.portable.state_files import Problem

    try:
        return _work(arguments, started)
    except (Problem, OSError) as error:
        if arguments.debug:
            raise
        line = " ".join(str(error).split())
    except RuntimeError as error:  # XLA's, such as one for lack of memory
        if arguments.debug:
            raise
        line = " ".join(str(error).split())[:300] + "; --debug shows where"
    print(f"error: {line}", file=sys.stderr)
    return BAD_INPUT


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(allow_abbrev=False, description="Train by an exported step: losses and images/s are printed and "
                     "written to losses.csv, the state to the folder state. The same command goes on from there. "
                     "Ctrl-C writes the state and ends.")
    parser.add_argument("--program", metavar="DIR", default=_own_folder(),
                        help="what python -m pipelines.export wrote (default: where portable.pyz lies)")
    parser.add_argument("--data", required=True, nargs="+", metavar="PACKED", help="packed pictures: .npz, .npy")
    parser.add_argument("--output", required=True, metavar="DIR", help="folder to write")
    parser.add_argument("--state", metavar="DIR", help="state to start from, the folder state or weights of another "
                        "run (default: the one in --output, or else the one in --program)")
    length = parser.add_mutually_exclusive_group(required=True)
    length.add_argument("--steps", type=_positive, metavar="N", help="do N more steps")
    length.add_argument("--seconds", type=float, metavar="S",
                        help="end before S seconds are over, loading, compiling and writing included")
    parser.add_argument("--steps-per-call", type=_positive, default=25, metavar="N", help="steps between two rows of "
                        "losses.csv (default: 25)")
    parser.add_argument("--save-every", type=float, default=180, metavar="S", help="seconds between states that are "
                        "written (default: 180)")
    parser.add_argument("--file-bytes", type=_positive, default=15_000_000, metavar="N",
                        help="size in bytes that every file of a state stays below (default: 15000000)")
    parser.add_argument("--debug", action="store_true", help="show the traceback of an error")
    return parser


def _work(arguments: argparse.Namespace, started: float) -> int:
    from pipelines.portable.pictures import read_pictures
    from pipelines.portable.program import Program
    from pipelines.portable.session import STATE_FOLDER, WEIGHTS_FOLDER, Session
    from pipelines.portable.state_files import CONSTANT, STATE_FILE, Problem, read_state

    if arguments.program is None:
        raise Problem("--program: missing; give the folder that python -m pipelines.export wrote")
    output, own_state = Path(arguments.output), Path(arguments.output, STATE_FOLDER)
    resumed = (own_state / STATE_FILE).exists()
    if resumed and arguments.state is not None:
        raise Problem(f"{own_state}: exists already; choose another --output, or leave --state out to go on")
    source = own_state if resumed else Path(arguments.state or Path(arguments.program, STATE_FOLDER))
    step, state = read_state(source)
    # Constants are the program's own. What the folder weights leaves out, Adam's moments, begins anew.
    own = {name: array for name, array in read_state(Path(arguments.program, STATE_FOLDER))[1].items()
           if name.startswith(CONSTANT) or source.name == WEIGHTS_FOLDER}
    program = Program(Path(arguments.program), read_pictures(arguments.data), {**own, **state})
    print(f"{program}: ready after {time.monotonic() - started:.1f} s, going on from step {step} ({source})",
          flush=True)
    session = Session(program, step, output, steps_per_call=arguments.steps_per_call,
                      save_every=arguments.save_every, file_bytes=arguments.file_bytes)
    until = math.inf if arguments.seconds is None else started + arguments.seconds - SECONDS_TO_SAVE
    number = session.run(steps=arguments.steps, until=until)
    print(f"wrote {output}: the state of step {session.step}, {session.step - step} steps in this session")
    return DONE if number is None else SIGNALLED + number


def _own_folder() -> str | None:
    """The folder of the archive that this runs from, if it is one beside a program."""
    archive = Path(sys.argv[0])
    return os.fspath(archive.parent) if archive.suffix == ".pyz" else None


def _positive(text: str) -> int:
    if not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"a positive whole number is needed, received: {text}")
    return int(text)


if __name__ == "__main__":
    sys.exit(main())
