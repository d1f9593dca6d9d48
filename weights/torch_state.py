"""The state dict of the widely used PyTorch port of DeepFill v2, whose networks carry the official names."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from weights.checkpoint import V1_CONV17, Checkpoint, split_enlarging
from weights.errors import WeightsError
from weights.torch_file import StoredTensor, open_torch_file

LICENCE = "CC BY-NC 4.0, for non-commercial use only, where they were made from the official weights"
SOURCE = "PyTorch port of DeepFill v2 (state dict with the official layer names)"
GENERATOR_KEY = "G"  # the port saves {"G": generator, "D": discriminator, "G_optim": ...}
LEAVES = {"kernel": "weight", "bias": "bias"}


def open_torch_state(path: Path) -> Checkpoint:
    """Open a state dict, alone or as the "G" of a training's file.

    Raises:
        WeightsError: If the file is damaged, wants something run or holds no state dict.
    """
    file = open_torch_file(path)
    state: Any = file.contents
    ignored: tuple[str, ...] = ()
    if isinstance(state, dict) and isinstance(state.get(GENERATOR_KEY), dict):
        ignored = tuple(repr(key) for key in state if key != GENERATOR_KEY)
        state = state[GENERATOR_KEY]
    if not isinstance(state, dict) or not any(isinstance(value, StoredTensor) for value in state.values()):
        raise WeightsError(path, "no state dict in it: expected names with tensors, or one under 'G'",
                           "save one: torch.save(generator.state_dict(), FILE)")
    if any(str(name).startswith("stage1.") for name in state):
        raise WeightsError(path, "the port's other network (stage1.*, stage2.*), which pads differently",
                           "give the file that was made for the port's TensorFlow-compatible network")
    shapes = {str(name): _shape(value) for name, value in state.items()}
    if shapes.get(_own_name("conv17/kernel")) == V1_CONV17:
        raise WeightsError(path, "a state dict of DeepFill v1, which is read from the official checkpoint only",
                           "give that, or a state dict of DeepFill v2")

    def read(name: str) -> np.ndarray:
        array = file.read(state[name])
        return array.transpose(2, 3, 1, 0) if array.ndim == 4 else array

    return Checkpoint(path=path, kind="PyTorch state dict", licence=LICENCE, source=SOURCE, shapes=shapes,
                      ignored=ignored, own_name=_own_name, read=read)


def _own_name(weight: str) -> str:
    layer, _, leaf = weight.partition("/")
    scopes = split_enlarging(layer)
    return ".".join((scopes[0], *["conv"] * len(scopes), LEAVES[leaf]))


def _shape(value: Any) -> tuple[int, ...]:
    """A tensor's shape in the official layout; () for what is no tensor, which fits no weight."""
    if not isinstance(value, StoredTensor):
        return ()
    shape = value.shape
    return (*shape[2:], shape[1], shape[0]) if len(shape) == 4 else shape
