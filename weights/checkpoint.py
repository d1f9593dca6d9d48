"""What a foreign checkpoint offers to the conversion, whatever its format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

V1_CONV17 = (3, 3, 16, 3)  # shape of v1's conv17/kernel, of which v2's has 12 inputs


@dataclass(frozen=True)
class Checkpoint:
    """Named arrays of a file, in the official layout: kernels are (height, width, in, out).

    Args:
        path: The file or checkpoint prefix.
        kind: What it is, in words.
        licence: Of the weights.
        source: Where they come from.
        shapes: Shape of every array that may be a weight of the generator, by the checkpoint's own names.
        ignored: What else is known and of no use here, in words: "192 Adam slots".
        own_name: The checkpoint's own name of a generator's weight: "conv1/kernel" -> "conv1.conv.weight".
        read: Reads an array by the checkpoint's own name.
    """

    path: Path
    kind: str
    licence: str
    source: str
    shapes: Mapping[str, tuple[int, ...]]
    ignored: tuple[str, ...]
    own_name: Callable[[str], str]
    read: Callable[[str], np.ndarray]


def split_enlarging(layer: str) -> tuple[str, ...]:
    """The scopes of a layer; that of an upsampling one holds its convolution's, as the official names do."""
    return (layer[:-len("_conv")], layer) if layer.endswith("_upsample_conv") else (layer,)
