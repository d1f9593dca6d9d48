"""A TensorFlow function as the HLO module that XLA would compile, with its inputs and outputs in order."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import tensorflow as tf
from tensorflow.compiler.xla import xla_data_pb2
from tensorflow.compiler.xla.service import hlo_pb2

from pipelines.exporting.operations import count_operations
from pipelines.portable.state_files import CONSTANT

PROGRAM_FILE = "program.hlo"
ELEMENT_TYPES = {"PRED": "bool", "F16": "float16", "F32": "float32", "F64": "float64",
                 **{f"{letter}{bits}": f"{name}{bits}" for letter, name in (("S", "int"), ("U", "uint"))
                    for bits in (8, 16, 32, 64)}}


@dataclasses.dataclass(frozen=True)
class HloProgram:
    """A program for whatever takes HLO modules; JAX turns them into StableHLO, which TensorFlow 2.15 cannot.

    Args:
        code: The HLO module before any optimisation for a device, serialized.
        inputs: Of each input in order its name, role ("argument" or "variable"), dtype and shape.
        outputs: The same of the outputs; roles are "result" and "variable".
        variables: What the variables among the inputs are, by name, in order.
        operations: Of its convolutions and matrix products, see `count_operations`.
    """

    code: bytes
    inputs: list[dict[str, Any]]
    outputs: list[dict[str, Any]]
    variables: dict[str, tf.Variable]
    operations: int

    def write(self, folder: Path) -> dict[str, Any]:
        """Write the module into a folder; returns what a manifest should tell: "program", "inputs" and "outputs"."""
        (folder / PROGRAM_FILE).write_bytes(self.code)
        return {"program": {"file": PROGRAM_FILE, "sha256": hashlib.sha256(self.code).hexdigest()},
                "operations": self.operations, "inputs": self.inputs, "outputs": self.outputs,
                "tensorflow": tf.__version__}


def hlo_program(function: Any, arguments: Mapping[str, tf.TensorSpec], variables: Mapping[str, tf.Variable]
                ) -> HloProgram:
    """Compile a function as far as every device has it in common.

    The program's inputs are the arguments, then the variables that the function reads or writes; its outputs are the
    results, then the variables that it writes.

    Args:
        function: A `tf.function` with `jit_compile=True` that takes the arguments by position and returns a
            dictionary of tensors. All that is random in it should come from stateless operations.
        arguments: Their names and full shapes, in order.
        variables: Under their names; at least all that the function writes.

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
    return HloProgram(_bare(module).SerializeToString(deterministic=True), inputs, outputs, captured,
                      count_operations(module))


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

    The runner keeps the old state until it has seen the losses, so it must not be overwritten. Copies, which JAX 0.11
    cannot turn into StableHLO, become reshapes to the same shape.
    """
    bare = hlo_pb2.HloModuleProto()
    bare.CopyFrom(module)
    for field in ("input_output_alias", "stack_frame_index"):
        bare.ClearField(field)
    for computation in bare.computations:
        for instruction in computation.instructions:
            instruction.ClearField("metadata")
            if instruction.opcode == "copy" and not instruction.shape.tuple_shapes:
                instruction.opcode = "reshape"
    return bare
