"""Sketch files: where a guided inpainter should draw edges."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from pipelines.errors import InputError
from pipelines.image_files.masks import read_marks

_MOST_WHITE = 0.5  # lines never cover half of a picture; black lines on white paper do
_WHITE = 127


def read_sketch(path: str | os.PathLike[str], size: tuple[int, int]) -> np.ndarray:
    """Read a drawing of edges, or an edge map that a detector made.

    Args:
        path: White lines on black, or lines of one colour on a transparent layer; grey is allowed.
        size: Height and width of the picture.

    Returns:
        (H, W) uint8: grey levels, 255 = certainly an edge.

    Raises:
        InputError: If the file cannot be read, is of another size or mostly white.
    """
    path = Path(path)
    levels = read_marks(path, size, kind="sketch")
    white = (levels > _WHITE).mean()
    if white > _MOST_WHITE:
        raise InputError(path, f"is a sketch of which {white:.0%} are white", "draw white lines on black")
    return levels
