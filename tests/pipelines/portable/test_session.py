"""Sessions, with a program that only counts."""

import os
import signal
import time

import numpy as np
import pytest

from pipelines.portable.session import Session
from pipelines.portable.state_files import Problem, read_state


class CountingProgram:
    """Its state is the number of steps; it says at which step the loss or the state breaks."""

    manifest = {"batch_size": 4, "weights": ["weight"]}

    def __init__(self, *, loss_breaks=10**9, state_breaks=10**9, on_call=lambda: None):
        self.loss_breaks, self.state_breaks, self.on_call = loss_breaks, state_breaks, on_call
        self.calls, self.weight, self.before = [], 0.0, 0.0

    def run(self, first_step, count):
        self.on_call()
        self.calls.append((first_step, count))
        last = first_step + count
        self.before, self.weight = self.weight, np.inf if last >= self.state_breaks else float(last)
        return {"loss": float("nan") if last >= self.loss_breaks else last / 2}

    def undo(self):
        self.weight = self.before

    def state(self):
        return {"weight": np.array([self.weight], np.float32), "other": np.zeros(2)}


def session(program, output, *, step=0, save_every=1000.0):
    return Session(program, step, output, steps_per_call=3, save_every=save_every, file_bytes=10_000)


def rows(output):
    return [line.split(",") for line in (output / "losses.csv").read_text().splitlines()]


def test_steps_are_done_logged_and_written(tmp_path, capsys):
    program = CountingProgram()
    assert session(program, tmp_path / "run").run(steps=7) is None
    assert program.calls == [(0, 3), (3, 3), (6, 1)]
    header, *table = rows(tmp_path / "run")
    assert header == ["step", "images_per_second", "loss"]
    assert [(row[0], row[2]) for row in table] == [("3", "1.500000"), ("6", "3.000000"), ("7", "3.500000")]
    assert capsys.readouterr().out.splitlines()[-1].startswith("step 7: loss 3.5000, ")
    for name, arrays in (("state", ["weight", "other"]), ("weights", ["weight"])):
        step, state = read_state(tmp_path / "run" / name)
        assert (step, list(state), state["weight"]) == (7, arrays, 7.0)


def test_states_are_written_on_the_way(tmp_path):
    found = []
    program = CountingProgram(on_call=lambda: found.append((tmp_path / "state" / "state.json").exists()
                                                           and read_state(tmp_path / "state")[0]))
    session(program, tmp_path, save_every=0.0).run(steps=9)
    assert found == [False, 3, 6]


def test_time_ends_it_before_a_call_would_be_late(tmp_path):
    program = CountingProgram(on_call=lambda: time.sleep(0.2))
    started = time.monotonic()
    session(program, tmp_path).run(until=started + 0.5)
    assert time.monotonic() - started >= 0.2
    assert 1 <= len(program.calls) <= 2
    assert read_state(tmp_path / "state")[0] == 3 * len(program.calls)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_it_after_the_call(tmp_path, number):
    before = signal.getsignal(number)
    program = CountingProgram(on_call=lambda: os.kill(os.getpid(), number))
    assert session(program, tmp_path).run() == number
    assert program.calls == [(0, 3)]
    assert read_state(tmp_path / "state")[0] == 3
    assert signal.getsignal(number) is before


def test_a_loss_that_is_not_finite_ends_it_with_the_last_good_state(tmp_path):
    with pytest.raises(Problem, match="between the steps 4 and 6 .*the state of step 3 stands"):
        session(CountingProgram(loss_breaks=5), tmp_path).run(steps=9)
    step, state = read_state(tmp_path / "state")
    assert (step, state["weight"]) == (3, 3.0)
    assert [row[0] for row in rows(tmp_path)] == ["step", "3"]


def test_a_state_that_is_not_finite_is_not_written(tmp_path):
    with pytest.raises(Problem, match="weight is no longer finite at step 6; the state of step 3 stands"):
        session(CountingProgram(state_breaks=5), tmp_path, save_every=0.0).run(steps=9)
    assert read_state(tmp_path / "state")[0] == 3
    with pytest.raises(Problem, match="nothing was written"):
        session(CountingProgram(state_breaks=1), tmp_path / "b").run(steps=9)


def test_going_on_forgets_what_was_logged_after_the_state(tmp_path):
    session(CountingProgram(), tmp_path).run(steps=6)
    with (tmp_path / "losses.csv").open("a") as file:
        file.write("9,1.0,7.0\n12,1.")  # cut off
    session(CountingProgram(), tmp_path, step=6).run(steps=3)
    assert [(row[0], row[2]) for row in rows(tmp_path)] == [
        ("step", "loss"), ("3", "1.500000"), ("6", "3.000000"), ("9", "4.500000")]
