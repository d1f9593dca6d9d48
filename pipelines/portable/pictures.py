"""Packed pictures, read without TensorFlow."""

from __future__ import annotations

import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from pipelines.portable.state_files import Problem


def read_pictures(paths: Sequence[str]) -> np.ndarray:
    """Pictures of one size from files and folders, one after the other: uint8 (N, S, S, 3), RGB.

    Args:
        paths: Each a .npy or .npz file with an array of pictures, an .npz file with the JPEG files of
            `deepfill_tf.packing` (needs Pillow), or a folder of .npz files.

    Raises:
        Problem: If one cannot be read, or they do not go together.
    """
    files = [file for path in map(Path, paths) for file in (_in_order(path) if path.is_dir() else [path])]
    if not files:
        raise Problem(f"{', '.join(paths)}: no packed pictures; give .npy or .npz files")
    pictures = [_read(file) for file in files]
    kinds = {(str(array.dtype), array.shape[1:]) for array in pictures}
    if len(kinds) != 1 or pictures[0].dtype != np.uint8 or pictures[0].ndim != 4:
        raise Problem(f"{', '.join(paths)}: pictures should be uint8 (N, S, S, 3), all of one size, received "
                      f"{sorted(kinds, key=str)}; pack them anew")
    return np.concatenate(pictures)


def _in_order(folder):
    return sorted(folder.glob("*.npz"), key=lambda path: (len(path.name), path.name))  # 2 before 10


def _read(path):
    try:
        content = np.load(path)
        if isinstance(content, np.ndarray):
            return content
        with content:
            arrays = dict(content)
    except (OSError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise Problem(f"{path}: holds no packed pictures ({error}); give .npy or .npz files") from error
    if {"jpeg", "offsets"} <= set(arrays):
        return _read_jpeg(path)
    if len(arrays) != 1:
        raise Problem(f"{path}: holds the arrays {', '.join(arrays) or 'of none'}; pack pictures as one array")
    return next(iter(arrays.values()))


def _read_jpeg(path):
    from deepfill_tf.packed_images import read_packed  # needs no TensorFlow

    try:
        return read_packed([path])
    except (ImportError, OSError, ValueError, KeyError) as error:
        raise Problem(f"{path}: its pictures cannot be decoded ({error}); install Pillow, or pack them anew") from error
