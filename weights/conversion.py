"""From a foreign checkpoint to a generator's file: every variable found, fitting and used; BGR made RGB."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from weights.checkpoint import V1_CONV17, Checkpoint
from weights.errors import WeightsError
from weights.generator_file import ARCHITECTURES, build_architecture, check_output, leaf_name, save_generator
from weights.tensorflow_checkpoint import open_tensorflow_checkpoint
from weights.torch_file import is_torch_file
from weights.torch_state import open_torch_state

CHANNELS = ("bgr", "rgb")
COLOUR_INPUTS = ("conv1", "xconv1", "pmconv1")  # their first three input channels are the picture
COLOUR_OUTPUTS = ("conv17", "allconv17")
NAMES_SHOWN = 6


@dataclass(frozen=True)
class Conversion:
    """What was converted.

    Args:
        checkpoint: The source.
        architecture: "deepfill_v2" or "deepfill_v1".
        guided: Whether the network takes the user's edges too.
        variables, parameters: How many were written.
        channels: Colour order of the source, "bgr" or "rgb"; the written one is RGB.
    """

    checkpoint: Checkpoint
    architecture: str
    guided: bool
    variables: int
    parameters: int
    channels: str


def convert_checkpoint(source: str | os.PathLike[str], output: str | os.PathLike[str], *,
                       channels: str = "bgr") -> Conversion:
    """Convert the official TensorFlow 1 checkpoint, or the PyTorch port's state dict, into a .h5 file.

    Args:
        source: Prefix, .index file or folder of a checkpoint of either version, or a file of `torch.save` of v2;
            guided or not.
        output: Ends in .h5; replaced only when everything is converted.
        channels: Colour order that the source's network works in. The official one works in BGR (OpenCV's
            order), and so does a state dict that was merely transposed from it.

    Raises:
        WeightsError: If the source cannot be read, is another network or does not fit in every variable, or
            the output cannot be written.
        ValueError: If `channels` is unknown.

    Reference:
        Names and shapes: inpaint_model.py of the official generative_inpainting, v2.0.0 and v1.0.0.
    """
    if channels not in CHANNELS:
        raise ValueError(f"`channels` should be one of {CHANNELS}. Received: {channels!r}")
    check_output(output)
    path = Path(source)
    open_checkpoint = open_torch_state if is_torch_file(path) else open_tensorflow_checkpoint
    checkpoint = open_checkpoint(path)
    architecture, guided = _recognise(checkpoint)
    model = build_architecture(architecture, guided=guided)
    variables = {f"{layer.name}/{leaf_name(weight)}": weight
                 for layer in model.layers for weight in layer.weights}
    _check_names_and_shapes(checkpoint, variables, ARCHITECTURES[architecture])
    arrays = {weight: checkpoint.read(checkpoint.own_name(weight)) for weight in variables}
    _check_numbers(checkpoint, arrays)
    for weight, variable in variables.items():
        variable.assign(swap_red_and_blue(weight, arrays[weight]) if channels == "bgr" else arrays[weight])
    save_generator(model, output, attributes={"licence": checkpoint.licence, "source": checkpoint.source})
    return Conversion(checkpoint, architecture, guided, len(variables), model.count_params(), channels)


def swap_red_and_blue(weight: str, array: np.ndarray) -> np.ndarray:
    """Turn a BGR network's weight into an RGB one's, or back.

    Args:
        weight: Its name, "conv1/kernel".
        array: Kernel (height, width, in, out) or bias (out,).
    """
    layer, _, leaf = weight.partition("/")
    if layer in COLOUR_INPUTS and leaf == "kernel":
        return np.concatenate([array[:, :, 2::-1], array[:, :, 3:]], axis=2)
    if layer in COLOUR_OUTPUTS:
        return array[..., ::-1]
    return array


def _recognise(checkpoint: Checkpoint) -> tuple[str, bool]:
    """Architecture, and whether it is guided, by shapes alone: both versions have the same names."""
    if checkpoint.shapes.get(checkpoint.own_name("conv17/kernel")) == V1_CONV17:
        return "deepfill_v1", False
    shape = checkpoint.shapes.get(checkpoint.own_name("conv1/kernel"), ())
    return "deepfill_v2", len(shape) == 4 and shape[2] == 6


def _check_names_and_shapes(checkpoint: Checkpoint, variables: dict[str, tf.Variable], title: str) -> None:
    expected = {checkpoint.own_name(weight): tuple(variable.shape) for weight, variable in variables.items()}
    found = checkpoint.shapes
    if not expected.keys() & found.keys():
        raise WeightsError(checkpoint.path, f"no {title} generator in this {checkpoint.kind}: expected "
                           f"names like {next(iter(expected))}, found {_listed(sorted(found)) or 'nothing'}",
                           "give a checkpoint of the generator")
    misshapen = [f"{name} (expected {_sides(expected[name])}, found {_sides(found[name])})"
                 for name in sorted(expected.keys() & found.keys()) if expected[name] != found[name]]
    problems = [f"{len(names)} {what}: {_listed(names)}" for what, names in (
        ("missing", sorted(expected.keys() - found.keys())),
        ("extra", sorted(found.keys() - expected.keys())),
        ("misshapen", misshapen)) if names]
    if problems:
        raise WeightsError(checkpoint.path, f"does not fit the generator's {len(expected)} variables: "
                           f"{'; '.join(problems)}", f"give a complete checkpoint of {title}")


def _check_numbers(checkpoint: Checkpoint, arrays: dict[str, np.ndarray]) -> None:
    wrong = [checkpoint.own_name(weight) for weight, array in arrays.items()
             if array.dtype.kind != "f" or not np.isfinite(array).all()]
    if wrong:
        raise WeightsError(checkpoint.path, f"{len(wrong)} not of finite floating-point numbers: "
                           f"{_listed(wrong)}", "download it again, or take an earlier checkpoint")


def _listed(names: Sequence[str]) -> str:
    more = len(names) - NAMES_SHOWN
    return ", ".join(names[:NAMES_SHOWN]) + (f" and {more} more" if more > 0 else "")


def _sides(shape: tuple[int, ...]) -> str:
    return "x".join(map(str, shape)) or "no array"
