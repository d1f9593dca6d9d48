"""Exit codes and the one line that stands for whatever went wrong."""

from __future__ import annotations

import os
import re
import subprocess
import sys

import pytest

from pipelines import command
from pipelines.errors import InputError


def parser() -> command.Parser:
    made = command.Parser(prog="python -m pipelines.example")
    made.add_argument("--input", required=True)
    command.add_common_arguments(made)
    return made


def run_raising(error: BaseException, *arguments: str) -> int:
    def work(_):
        raise error

    return command.run(parser(), work, ["--input", "x", *arguments])


@pytest.mark.parametrize("code", [0, 1])
def test_the_code_of_the_work_is_returned(code, capsys):
    assert command.run(parser(), lambda arguments: code, ["--input", "x"]) == code
    assert capsys.readouterr().err == ""


def test_arguments_reach_the_work():
    seen = []
    command.run(parser(), lambda arguments: seen.append(arguments) or 0, ["--input", "x", "--seed", "3"])
    assert (seen[0].input, seen[0].seed, seen[0].debug) == ("x", 3, False)


class ResourceExhaustedError(Exception):
    """Named like TensorFlow's error for a GPU without memory left."""


OUT_OF_MEMORY = "out of memory: the work needs more than there is; use a smaller picture or another --device"


@pytest.mark.parametrize("error, line", [
    (InputError("a.png", "it is empty", "give another"), "a.png: it is empty; give another"),
    (ValueError("two\n  lines \n\nand a third"), "two lines and a third"),
    (ValueError("a name  with two spaces"), "a name  with two spaces"),
    (FileNotFoundError(2, "No such file or directory", "a b.png"),
     "a b.png: No such file or directory; check the path and its permissions"),
    (PermissionError(13, "Permission denied", b"a.png"),
     "a.png: Permission denied; check the path and its permissions"),
    (OSError("the disk is gone"), "the disk is gone"),
    (MemoryError(), OUT_OF_MEMORY),
    (ResourceExhaustedError("OOM when allocating tensor\n with shape"), OUT_OF_MEMORY),
    (ModuleNotFoundError("No module named 'n2v'"),
     "the installation is incomplete: No module named 'n2v'; run make setup"),
    (KeyError("sigma"), "unexpected KeyError: 'sigma'; the program is at fault, --debug shows where"),
    (ValueError(), "unexpected ValueError: ; the program is at fault, --debug shows where"),
])
def test_an_error_is_one_line_and_exit_2(error, line, capsys):
    assert run_raising(error) == 2
    assert capsys.readouterr().err == f"error: {line}\n"


def test_debug_shows_the_traceback():
    with pytest.raises(InputError, match="empty"):
        run_raising(InputError("a.png", "it is empty", "give another"), "--debug")


def test_an_interrupt_is_one_line_and_exit_130(capsys):
    assert run_raising(KeyboardInterrupt()) == 130
    assert len(capsys.readouterr().err.splitlines()) == 1


WRONG_SEED = "argument --seed: a seed is a whole number from 0 to 4294967295"


@pytest.mark.parametrize("arguments, problem", [
    ([], "the following arguments are required: --input"),
    (["--input", "x", "--colour", "red"], "unrecognized arguments: --colour red"),
    (["--inp", "x"], "the following arguments are required: --input"),
    (["--input", "x", "--seed", "one"], f"{WRONG_SEED}, received: one"),
    (["--input", "x", "--seed", "-1"], f"{WRONG_SEED}, received: -1"),
    (["--input", "x", "--seed", "4294967296"], f"{WRONG_SEED}, received: 4294967296"),
])
def test_wrong_arguments_are_one_line_and_exit_2(arguments, problem, capsys):
    with pytest.raises(SystemExit) as stopped:
        command.run(parser(), lambda _: 0, arguments)
    assert stopped.value.code == 2
    remedy = "python -m pipelines.example --help lists the arguments"
    assert capsys.readouterr().err == f"error: {problem}; {remedy}\n"


@pytest.mark.parametrize("lines", [1, 100_000], ids=["noticed at the end", "noticed at work"])
def test_output_that_nobody_reads_is_not_success(lines):
    code = f"""
import sys
from pipelines import command
work = lambda _: print("a line\\n" * {lines}) or 0
sys.exit(command.run(command.Parser(), work, []))"""
    read_end, write_end = os.pipe()
    os.close(read_end)
    try:
        finished = subprocess.run([sys.executable, "-c", code], stdout=write_end, stderr=subprocess.PIPE,
                                  text=True, env={**os.environ, "PYTHONUNBUFFERED": ""})
    finally:
        os.close(write_end)
    assert finished.returncode == 141
    assert finished.stderr == ""


def test_a_warning_is_one_line(capsys):
    command.report_warning("first\nsecond")
    captured = capsys.readouterr()
    assert captured.out == ""
    assert re.fullmatch(r"warning: first second\n", captured.err)
