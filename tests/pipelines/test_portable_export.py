"""A training step exported, run by JAX without TensorFlow, and brought back."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.compiler.xla.service import hlo_pb2

from pipelines.errors import InputError
from pipelines.portable.__main__ import main
from pipelines.portable.program import Program
from pipelines.portable.state_files import read_state
from pipelines.portable_export import export_program, write_runner
from pipelines.portable_import import import_state

# Of what training moves: sums are taken in another order, and rounded to float32. Found: 2e-4.
TOLERANCE = 1e-3
needs_jax = pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="no JAX for Python 3.9 goes along")
WITHOUT_TENSORFLOW = """
import runpy, sys
for name in ("tensorflow", "keras", "denoise", "weights", "cv2", "scipy.optimize"):
    sys.modules[name] = None
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


def tiny_trainer():
    path = Path(__file__).with_name("portable") / "tiny_trainer.py"
    specification = importlib.util.spec_from_file_location("tiny_trainer", path)
    module = importlib.util.module_from_spec(specification)
    specification.loader.exec_module(module)
    return module


TINY = tiny_trainer()
DATA = np.random.default_rng(0).integers(0, 256, (TINY.PICTURES, TINY.SIDE, TINY.SIDE, 3), dtype=np.uint8)


def export(trainer, folder, **changes):
    folder.mkdir()
    settings = {"function": trainer.run, "arguments": TINY.ARGUMENTS, "variables": trainer.variables(),
                "facts": {"batch_size": TINY.BATCH, "seed": TINY.SEED}, "weights": ["network/second", "network/bias"]}
    export_program(folder=folder, **{**settings, **changes})


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported")
    np.save(folder / "data.npy", DATA)
    export(TINY.TinyTrainer(), folder / "program")
    return folder


def run_without_tensorflow(exported, output, *arguments):
    return subprocess.run([sys.executable, "-c", WITHOUT_TENSORFLOW, str(exported / "program" / "portable.pyz"),
                           "--data", str(exported / "data.npy"), "--output", str(output), *arguments],
                          capture_output=True, text=True, cwd=exported)


def assert_moved_alike(before, expected, found):
    for name, start in before.items():
        moved = np.abs(expected[name].numpy() - start).max()
        assert moved > 0 or name == "frozen", name
        np.testing.assert_allclose(found[name], expected[name], rtol=0, atol=TOLERANCE * moved, err_msg=name)


@needs_jax
def test_jax_trains_as_tensorflow_does_and_training_goes_on_there(exported, tmp_path):
    for steps, report in (("2", "going on from step 0 "), ("1", "going on from step 2 ")):
        finished = run_without_tensorflow(exported, tmp_path / "run", "--steps", steps)
        assert finished.returncode == 0, finished.stderr
        assert report in finished.stdout
    trainer = TINY.TinyTrainer()
    before = {name: variable.numpy() for name, variable in trainer.variables().items()}
    results = trainer.run(DATA, tf.constant(TINY.SEED), 0, 2)
    trainer.run(DATA, tf.constant(TINY.SEED), 2, 1)
    restored = TINY.TinyTrainer()
    assert import_state(tmp_path / "run", restored.variables()) == 3
    assert_moved_alike(before, trainer.variables(), restored.variables())
    header, first, _ = (tmp_path / "run" / "losses.csv").read_text().splitlines()
    assert header == "step,images_per_second,again,loss"
    np.testing.assert_allclose([float(text) for text in first.split(",")[2:]], [results["again"], results["loss"]],
                               atol=1e-6)  # as printed
    assert list(read_state(tmp_path / "run" / "weights")[1]) == ["network/bias", "network/second"]
    for each in (trainer, restored):
        each.run(DATA, tf.constant(TINY.SEED), 3, 2)
    assert_moved_alike(before, trainer.variables(), restored.variables())


@needs_jax
def test_steps_can_be_taken_back(exported):
    _, state = read_state(exported / "program" / "state")
    program = Program(exported / "program", DATA, state)
    first = program.run(0, 2)
    after = program.state()
    program.run(2, 1)
    program.undo()
    np.testing.assert_equal(program.state(), after)  # and not overwritten by the steps after it
    assert np.abs(after["network/first"] - state["network/first"]).max() > 0
    assert Program(exported / "program", DATA, state).run(0, 2) == first


def test_the_manifest_tells_inputs_and_outputs_in_order(exported):
    manifest = json.loads((exported / "program" / "manifest.json").read_text())
    inputs, outputs = manifest["inputs"], manifest["outputs"]
    assert inputs[:2] == [{"name": "data", "role": "argument", "dtype": "uint8", "shape": [6, 12, 12, 3]},
                          {"name": "seed", "role": "argument", "dtype": "int32", "shape": [2]}]
    assert [(entry["name"], entry["role"]) for entry in outputs[:2]] == [("again", "result"), ("loss", "result")]
    read = {entry["name"] for entry in inputs if entry["role"] == "variable"}
    written = {entry["name"] for entry in outputs if entry["role"] == "variable"}
    named = set(TINY.TinyTrainer().variables())
    assert written == named - {"frozen"}
    assert {name for name in read - named if not name.startswith("constant/")} == set()
    assert {"batch_size": 2, "seed": [3, 5], "tensorflow": tf.__version__}.items() <= manifest.items()
    step, state = read_state(exported / "program" / "state")
    assert (step, set(state)) == (0, read)


def test_the_program_says_nothing_of_the_machine_and_overwrites_nothing(exported):
    program = (exported / "program" / "program.hlo").read_bytes()
    module = hlo_pb2.HloModuleProto.FromString(program)
    assert not module.input_output_alias.entries
    assert "copy" not in {instruction.opcode for computation in module.computations
                          for instruction in computation.instructions}  # JAX 0.11 cannot convert it
    assert b".py" not in program
    assert b"XLA_Args" not in program


def test_the_runner_is_the_same_whenever_it_is_written(tmp_path):
    write_runner(tmp_path / "a.pyz")
    names = set(zipfile.ZipFile(tmp_path / "a.pyz").namelist())
    assert {"__main__.py", "pipelines/portable/program.py", "deepfill_tf/packed_images.py"} <= names
    assert not [name for name in names if "export" in name]


@pytest.mark.parametrize("data, arguments, problem", [
    (DATA[:5], [], r"data: the program takes uint8 \[6, 12, 12, 3\], received uint8 \[5, 12, 12, 3\]; "),
    (DATA, ["--state", "nowhere"], "nowhere/state.json: cannot be read"),
    (DATA, ["--state", "other"], "network/first: the program takes float32 .*, received none; "),
])
def test_what_does_not_fit_is_one_line(exported, tmp_path, monkeypatch, capsys, data, arguments, problem):
    monkeypatch.chdir(tmp_path)
    np.save("data.npy", data)
    Path("other").mkdir()
    Path("other", "state.json").write_text('{"step": 0, "files": []}')
    assert main(["--program", str(exported / "program"), "--data", "data.npy", "--output", "run", "--steps", "1",
                 *arguments]) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert re.search(f"^error: {problem}", line), line
    assert not Path("run").exists()


def test_a_variable_that_is_written_needs_a_name(tmp_path):
    trainer = TINY.TinyTrainer()
    variables = trainer.variables()
    del variables["average"]
    with pytest.raises(ValueError, match="should name all that `function` writes. Received: none for constant/"):
        export(trainer, tmp_path / "a", variables=variables)


def test_a_value_that_must_be_known_is_not_built_in(tmp_path):
    variable = tf.Variable(tf.zeros([2]))

    @tf.function(jit_compile=True)
    def function(count):
        variable.assign_add(tf.ones([2]))
        return {"loss": tf.reduce_sum(tf.zeros(count))}

    with pytest.raises(ValueError, match="should compile for unknown values of its arguments. .*compile-time"):
        export(TINY.TinyTrainer(), tmp_path / "a", function=function, variables={"a": variable},
               arguments={"count": tf.TensorSpec([], tf.int32)})


def test_an_argument_that_was_built_in_is_noticed(tmp_path):
    variable = tf.Variable(tf.zeros([2]))

    @tf.function(jit_compile=True)
    def function(size):
        return {"loss": tf.reduce_sum(variable.assign_add(tf.ones([2]))) + tf.reduce_sum(tf.ones(size))}

    class WithValues:
        get_concrete_function = function.get_concrete_function

        @staticmethod
        def experimental_get_compiler_ir(*_):
            return function.experimental_get_compiler_ir(tf.constant(3))  # a value instead of a shape

    with pytest.raises(ValueError, match="should have the inputs .*built in and missing"):
        export(TINY.TinyTrainer(), tmp_path / "a", function=WithValues, variables={"a": variable},
               arguments={"size": tf.TensorSpec([], tf.int32)})


def test_a_captured_tensor_is_refused(tmp_path):
    tensor, variable = tf.random.uniform([200]), tf.Variable(tf.zeros([200]))

    @tf.function(jit_compile=True)
    def function(count):
        return {"loss": tf.reduce_sum(variable.assign_add(tensor)) * count}

    with pytest.raises(ValueError, match="should capture variables only"):
        export(TINY.TinyTrainer(), tmp_path / "a", function=function, variables={"a": variable},
               arguments={"count": tf.TensorSpec([], tf.float32)})


def test_a_state_of_other_variables_is_not_imported(exported):
    trainer = TINY.TinyTrainer()
    before = trainer.first.numpy()
    trainer.first.assign(before + 1.0)
    for changes, found in (({"network/second": tf.Variable(tf.zeros([3]))}, r"float32 \[3\]"),
                           ({"step": tf.Variable(0)}, r"int32 \[\]")):
        with pytest.raises(InputError, match=f"holds {next(iter(changes))} as .*, the run has {found}"):
            import_state(exported / "program", {**trainer.variables(), **changes})
    np.testing.assert_array_equal(trainer.first, before + 1.0)  # nothing was assigned
    assert import_state(exported / "program", trainer.variables()) == 0
    np.testing.assert_array_equal(trainer.first, before)
