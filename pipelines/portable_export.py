"""A compiled training step as files that JAX can run where TensorFlow does not: see `pipelines.portable`."""

from __future__ import annotations

import hashlib
import json
import zipfile
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow.compiler.xla import xla_data_pb2
from tensorflow.compiler.xla.service import hlo_pb2

from pipelines.portable.program import MANIFEST_FILE
from pipelines.portable.session import STATE_FOLDER
from pipelines.portable.state_files import CONSTANT, FILE_BYTES, halved, write_state

PROGRAM_FILE, RUNNER_FILE = "program.hlo", "portable.pyz"
RUNNER_MODULES = ("pipelines/__init__.py", "pipelines/portable/*.py", "deepfill_tf/__init__.py",
                  "deepfill_tf/packed_images.py")
RUNNER_MAIN = "import sys\n\nfrom pipelines.portable.__main__ import main\n\nsys.exit(main())\n"
ELEMENT_TYPES = {"PRED": "bool", "F16": "float16", "F32": "float32", "F64": "float64",
                 **{f"{letter}{bits}": f"{name}{bits}" for letter, name in (("S", "int"), ("U", "uint"))
                    for bits in (8, 16, 32, 64)}}


def export_program(function: Any, arguments: Mapping[str, tf.TensorSpec], variables: Mapping[str, tf.Variable],
                   folder: Path, *, facts: Mapping[str, Any], step: int = 0, weights: Iterable[str] = (),
                   file_bytes: int = FILE_BYTES, half: bool = False) -> None:
    """Write a function's program, a manifest of its inputs and outputs, its variables, and the runner.

    The program is the HLO module that XLA would compile, before any optimisation for a device, serialized; the runner
    turns it into StableHLO, which TensorFlow 2.15 cannot. Its inputs are the arguments, then the variables that the
    function reads or writes; its outputs are the results, then the variables that it writes.

    Args:
        function: A `tf.function` with `jit_compile=True` that takes the arguments by position and returns a
            dictionary of tensors. All that is random in it should come from stateless operations.
        arguments: Their names and full shapes, in order; `pipelines.portable` runs functions that take data, seed,
            first_step and count.
        variables: Under their names; at least all that the function writes. Others that it reads, such as the
            optimiser's settings, are exported as they are.
        folder: To write; made if need be.
        facts: What else the manifest should tell, as JSON; the runner needs `batch_size` and `seed`.
        step: Steps done.
        weights: Names of the variables without which training could not go on; the runner writes them apart, too, as
            float16.
        file_bytes: Size in bytes that every file of the state stays below.
        half: Whether the state is written as float16, which Adam's moments, once there are any, do not stand.

    Raises:
        ValueError: If the function writes a variable without a name or captures a tensor, or if the program's inputs
            or outputs are not those, since XLA builds in every value that it must know to compile.
    """
    concrete = function.get_concrete_function(*arguments.values())
    captured = _captured_variables(concrete, variables)
    module = hlo_pb2.HloModuleProto.FromString(_compiler_ir(function, arguments))
    shape = module.host_program_shape
    inputs = [*(_entry("argument", name, spec) for name, spec in arguments.items()),
              *(_entry("variable", name, variable) for name, variable in captured.items())]
    _check("inputs", inputs, shape.parameters)
    # XLA may keep the new value of a variable where the old one was: this tells which output is of which input.
    updated = {alias.output_shape_index[0]: alias.parameter_number for alias in module.input_output_alias.entries}
    outputs = [*(_entry("result", name, tensor) for name, tensor in sorted(concrete.structured_outputs.items())),
               *(inputs[number] for _, number in sorted(updated.items()))]
    _check("outputs", outputs, shape.result.tuple_shapes)
    for unnamed in (entry["name"] for entry in outputs if entry["name"].startswith(CONSTANT)):
        raise ValueError(f"`variables` should name all that `function` writes. Received: none for {unnamed}")
    program = _bare(module).SerializeToString(deterministic=True)
    manifest = {"program": {"file": PROGRAM_FILE, "sha256": hashlib.sha256(program).hexdigest()}, "inputs": inputs,
                "outputs": outputs, "weights": [name for name in captured if name in set(weights)],
                "tensorflow": tf.__version__, **facts}
    state = {name: variable.numpy() for name, variable in captured.items()}
    write_state(folder / STATE_FOLDER, step, halved(state) if half else state, file_bytes=file_bytes, compressed=True)
    (folder / PROGRAM_FILE).write_bytes(program)
    write_runner(folder / RUNNER_FILE)
    (folder / MANIFEST_FILE).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def write_runner(path: Path) -> None:
    """Write `pipelines.portable` as one file: `python portable.pyz --help`."""
    root = Path(__file__).resolve().parents[1]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for module in [module for pattern in RUNNER_MODULES for module in sorted(root.glob(pattern))]:
            archive.write(module, module.relative_to(root).as_posix())
        archive.writestr("__main__.py", RUNNER_MAIN)


def _captured_variables(concrete: Any, variables: Mapping[str, tf.Variable]) -> dict[str, tf.Variable]:
    """The variables that the function captures, in the order of its inputs, those without a name as constants."""
    known = {id(variable.handle): (name, variable) for name, variable in variables.items()}
    for number, variable in enumerate(concrete.graph.variables):
        known.setdefault(id(variable.handle), (f"{CONSTANT}{number}/{variable.name}", variable))
    for capture in concrete.captured_inputs:
        if id(capture) not in known:
            raise ValueError(f"`function` should capture variables only. Received: {capture}")
    return dict(known[id(capture)] for capture in concrete.captured_inputs)


def _compiler_ir(function: Any, arguments: Mapping[str, tf.TensorSpec]) -> bytes:
    try:
        return function.experimental_get_compiler_ir(*arguments.values())(stage="hlo_serialized")
    except (ValueError, tf.errors.OpError) as error:
        reason = str(error).partition("\n")[0]  # what follows is a stack trace
        raise ValueError("`function` should compile for unknown values of its arguments. Received: "
                         f"{reason}") from error


def _entry(role: str, name: str, tensor: Any) -> dict[str, Any]:
    return {"name": name, "role": role, "dtype": tensor.dtype.name, "shape": tensor.shape.as_list()}


def _check(what: str, entries: Sequence[dict[str, Any]], shapes: Sequence[Any]) -> None:
    """Raise ValueError unless the program has these inputs or outputs."""
    found = [(ELEMENT_TYPES.get(xla_data_pb2.PrimitiveType.Name(shape.element_type)), list(shape.dimensions))
             for shape in shapes]
    expected = [(entry["dtype"], entry["shape"]) for entry in entries]
    if found != expected:
        raise ValueError(f"`function` should have the {what} {expected}. Received: {found}; a value that XLA must "
                         "know to compile is built in and missing here")


def _bare(module: Any) -> Any:
    """Without what only matters where it was traced: names of operations and files, and the reuse of memory.

    The runner keeps the old state until it has seen the losses, so it must not be overwritten.
    """
    bare = hlo_pb2.HloModuleProto()
    bare.CopyFrom(module)
    for field in ("input_output_alias", "stack_frame_index"):
        bare.ClearField(field)
    for computation in bare.computations:
        for instruction in computation.instructions:
            instruction.ClearField("metadata")
    return bare
