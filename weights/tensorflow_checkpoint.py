"""The official TensorFlow 1 checkpoint, made for inference or left by a training."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import tensorflow as tf

from weights.checkpoint import Checkpoint, split_enlarging
from weights.errors import WeightsError, one_line

LICENCE = "CC BY-NC 4.0, for non-commercial use only (the licence of the official code and weights)"
SOURCE = "official TensorFlow checkpoint of DeepFill (generative_inpainting)"
DOWNLOAD = "download it again, the .index and all .data files"
READ_ERRORS = (tf.errors.OpError, ValueError, RuntimeError, IndexError)  # the last: a truncated .data file
SCOPE = "inpaint_net"
# What a training leaves beside the generator. Slots first: a discriminator's slot counts as a slot.
_TRAINING = (("Adam slots", re.compile(rf"({SCOPE}|discriminator)/.+/Adam(_1)?")),
             ("discriminator variables", re.compile(r"discriminator/.+")),
             ("training scalars (rate, step, Adam powers)", re.compile(r"lr|global_step|beta[12]_power")))


def open_tensorflow_checkpoint(path: Path) -> Checkpoint:
    """Open a checkpoint.

    Args:
        path: Its prefix, one of its files, or the folder that holds it.

    Raises:
        WeightsError: If there is none, more than one to choose from, or it is damaged.
    """
    prefix = _prefix(path)
    try:
        reader = tf.train.load_checkpoint(str(prefix))
        shapes = {name: tuple(shape) for name, shape in reader.get_variable_to_shape_map().items()}
    except READ_ERRORS as error:
        raise WeightsError(prefix, f"not a readable TensorFlow checkpoint ({one_line(error)})",
                           DOWNLOAD) from error

    def read(name):
        try:
            return reader.get_tensor(name)
        except READ_ERRORS as error:
            raise WeightsError(prefix, f"{name} cannot be read ({one_line(error)})", DOWNLOAD) from error

    kinds = {name: _training_kind(name) for name in shapes}
    counts = Counter(kind for kind in kinds.values() if kind)
    return Checkpoint(
        path=prefix, kind="TensorFlow checkpoint", licence=LICENCE, source=SOURCE,
        shapes={name: shape for name, shape in shapes.items() if not kinds[name]},
        ignored=tuple(f"{count} {kind}" for kind, count in sorted(counts.items())),
        own_name=_own_name, read=read)


def _own_name(weight: str) -> str:
    layer, _, leaf = weight.partition("/")
    return "/".join((SCOPE, *split_enlarging(layer), leaf))


def _training_kind(name: str) -> str | None:
    """What of a training the variable is; None for one that should be the generator's."""
    return next((kind for kind, pattern in _TRAINING if pattern.fullmatch(name)), None)


def _prefix(path: Path) -> Path:
    """The prefix that the checkpoint's files share: "snap-0" of "snap-0.index"."""
    if not path.is_dir():
        prefix = path.with_name(re.sub(r"\.(index|meta|data-\d+-of-\d+)$", "", path.name))
        if not _index(prefix).is_file():
            found = "neither a TensorFlow checkpoint nor a PyTorch file" if path.exists() else "no such file"
            raise WeightsError(path, f"{found}, and there is no {_index(prefix).name} either",
                               "give a checkpoint's prefix, .index or folder, or a PyTorch state dict")
        return prefix
    state = tf.train.get_checkpoint_state(str(path)) if (path / "checkpoint").is_file() else None
    if state is not None:
        # The recorded path may be that of the machine where the checkpoint was made.
        named = path / Path(state.model_checkpoint_path.replace("\\", "/")).name
        if _index(named).is_file():
            return named
    indexes = sorted(path.glob("*.index"))
    if len(indexes) != 1:
        raise WeightsError(path, "no checkpoint in this folder" if not indexes else
                           f"{len(indexes)} checkpoints in this folder, and no record of the newest",
                           "give the .index file of one")
    return indexes[0].with_suffix("")


def _index(prefix: Path) -> Path:
    return prefix.with_name(prefix.name + ".index")
