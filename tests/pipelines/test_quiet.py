"""What is dropped, what is passed on, and that stderr is as before afterwards."""

from __future__ import annotations

import os
import subprocess
import sys
import warnings

import pytest

from pipelines.quiet import HARMLESS_WARNINGS, harmless_lines_dropped, ignore_harmless_warnings

TIME = b"2026-01-01 00:00:00.000001: "
HARMLESS = (
    TIME + b"E external/local_xla/xla/stream_executor/cuda/cuda_dnn.cc:9261] Unable to register cuDNN factory"
    b": Attempting to register factory for plugin cuDNN when one has already been registered\n"
    + TIME + b"W tensorflow/compiler/tf2tensorrt/utils/py_utils.cc:38] TF-TRT Warning: Could not find "
    b"TensorRT\n"
)
REAL = TIME + b"W tensorflow/core/gpu_device.cc:2256] Cannot dlopen some GPU libraries.\n"


def test_harmless_lines_are_dropped_and_real_ones_passed_on(capfd):
    with harmless_lines_dropped():
        os.write(2, HARMLESS + REAL + HARMLESS)
    assert capfd.readouterr().err == REAL.decode()


def test_a_line_without_an_end_is_passed_on(capfd):
    with harmless_lines_dropped():
        os.write(2, HARMLESS + b"F cpu_feature_guard.cc] no AVX")
    assert capfd.readouterr().err == "F cpu_feature_guard.cc] no AVX"


def test_what_was_written_before_an_exception_is_passed_on(capfd):
    with pytest.raises(ImportError, match="broken"), harmless_lines_dropped():
        os.write(2, HARMLESS + REAL)
        raise ImportError("broken")
    assert capfd.readouterr().err == REAL.decode()


def test_more_than_a_pipe_holds_is_passed_on(capfd):
    with harmless_lines_dropped():
        os.write(2, REAL * 10_000)
    assert capfd.readouterr().err == REAL.decode() * 10_000


def test_output_of_child_processes_is_filtered_too(capfd):
    with harmless_lines_dropped():
        command = "echo 'TF-TRT Warning: Could not find TensorRT' >&2; echo real >&2"
        subprocess.run(["sh", "-c", command], check=True)
    assert capfd.readouterr().err == "real\n"


def test_no_descriptor_stays_open_and_stderr_is_the_same():
    before = os.fstat(2), set(os.listdir("/proc/self/fd"))
    with harmless_lines_dropped():
        assert not os.path.sameopenfile(1, 2)
    after = os.fstat(2), set(os.listdir("/proc/self/fd"))
    assert before == after


def run(code: str, **streams) -> subprocess.CompletedProcess:
    """Run `code`, which prints "done" at its end, in a process of its own."""
    prelude = "import os, sys\nfrom pipelines.quiet import harmless_lines_dropped\n"
    return subprocess.run([sys.executable, "-c", f"{prelude}{code}\nprint('done')"], text=True, check=True,
                          stdout=subprocess.PIPE, env={**os.environ, "PYTHONUNBUFFERED": ""}, **streams)


def test_pythons_own_output_keeps_its_order():
    code = """
sys.stderr.write("before ")
with harmless_lines_dropped():
    os.write(2, b"library ")
    sys.stderr.write("within ")
os.write(2, b"after")"""
    assert run(code, stderr=subprocess.PIPE).stderr == "before library within after"


def test_a_closed_stderr_is_no_obstacle():
    # Had the descriptor been reopened, the next file would not get its number.
    code = """
os.close(2)
with harmless_lines_dropped():
    pass
assert os.open(os.devnull, os.O_WRONLY) == 2"""
    assert run(code).stdout == "done\n"


def test_a_reader_that_has_left_is_no_obstacle():
    read_end, write_end = os.pipe()
    os.close(read_end)
    try:
        finished = run("with harmless_lines_dropped():\n    os.write(2, b'real')", stderr=write_end)
    finally:
        os.close(write_end)
    assert finished.stdout == "done\n"


def test_without_room_for_a_temporary_file_everything_is_passed_on(capfd, monkeypatch):
    def no_room():
        raise OSError("no space left on device")

    monkeypatch.setattr("tempfile.TemporaryFile", no_room)
    with harmless_lines_dropped():
        os.write(2, HARMLESS)
    assert capfd.readouterr().err == HARMLESS.decode()


def test_harmless_warnings_are_ignored_and_others_are_not():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        ignore_harmless_warnings()
        warnings.warn("\n\nTensorFlow Addons (TFA) has ended development and ...", stacklevel=1)
        warnings.warn("pkg_resources is deprecated as an API. See ...", stacklevel=1)
        warnings.warn("a real one", stacklevel=1)
    assert len(HARMLESS_WARNINGS) == 2
    assert [str(warning.message) for warning in caught] == ["a real one"]
