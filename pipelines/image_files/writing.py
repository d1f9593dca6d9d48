"""A Picture's new pixels to a file: nothing lost, nothing half-written."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.errors import InputError
from pipelines.image_files import formats
from pipelines.image_files.atomic import check_folder, replacing
from pipelines.image_files.colours import Bilevel, Inks, Numbers, Palette, encode
from pipelines.image_files.picture import Picture

# Which samples that are not plain gray or RGB each format holds; for all others they become plain.
_KEPT_COLOURS: dict[formats.Format, tuple[type, ...]] = {
    formats.PNG: (Bilevel, Palette), formats.BMP: (Bilevel, Palette), formats.JPEG: (Inks,),
    formats.TIFF: (Bilevel, Palette, Inks, Numbers), formats.WEBP: ()}


def check_writable(path: str | os.PathLike[str], like: Picture) -> None:
    """Find out, before the work that leads to it, whether `write_picture` could write there.

    Args:
        path: The file to be written; its suffix says which format.
        like: The picture that was read, or one of the shape and type that will be written.

    Raises:
        InputError: If the format is unknown or cannot hold the picture; if the folder is missing or cannot be
            written to; if `path` is a folder, write-protected or the very file that `like` was read from.
    """
    path = Path(path)
    file_format = formats.by_suffix(path)
    obstacle = file_format.obstacle(like)
    if obstacle is not None:
        able = [other for other in formats.FORMATS if other.obstacle(like) is None]
        suffixes = " or ".join(suffix for other in able for suffix in other.suffixes)
        raise InputError(path, f"{file_format.name} cannot hold {obstacle}", f"end the name with {suffixes}")
    try:
        if path.is_dir():
            raise InputError(path, "is a folder where a file is to be written", "give the name of a file")
        if not path.parent.is_dir():
            raise InputError(path, f"there is no folder {path.parent}", "create it first")
        if path.exists():
            _check_replaceable(path, like)
        check_folder(Path(os.path.realpath(path)).parent)
    except OSError as error:
        raise _cannot_write(path, error) from error


def _check_replaceable(path: Path, like: Picture) -> None:
    if not path.is_file():  # renaming would put a file in the place of a device or a pipe
        raise InputError(path, "is not a regular file", "give the name of a file")
    if like.path is not None and like.path.exists() and os.path.samefile(path, like.path):
        raise InputError(path, "is the input itself, which is never overwritten", "choose another output")
    if not os.access(path, os.W_OK):  # renaming would not ask
        raise InputError(path, "is write-protected", "choose another output or change its permissions")


def write_picture(path: str | os.PathLike[str], pixels: np.ndarray, *, like: Picture) -> None:
    """Write new pixels in the manner of the picture that they were made from.

    Pixels that equal those of `like` keep the samples of the source file, in its own colour space, where the
    format holds them: CMYK stays CMYK, 1-bit stays 1-bit, and only what changed is converted. A picture with
    a palette keeps it only while nothing changed; otherwise it becomes RGB, since its palette lacks the new
    colours. Alpha, ICC profile, EXIF data and resolution are those of `like`. Formats other than JPEG are
    written without loss; JPEG with the tables and subsampling of a JPEG source, else at quality 95 and 4:4:4.
    The file appears whole or not at all.

    Args:
        path: The file to write; its suffix says which format.
        pixels: Same shape and dtype as `like.pixels`.
        like: The picture that `read_picture` gave, or any `Picture` of that shape.

    Raises:
        InputError: If the file cannot be written; see `check_writable`.
        ValueError: If shape or dtype differ from those of `like.pixels`.
    """
    path = Path(path)
    if pixels.shape != like.pixels.shape or pixels.dtype != like.pixels.dtype:
        raise ValueError(f"`pixels` must be {like.pixels.dtype} of shape {like.pixels.shape}, like the "
                         f"source; received {pixels.dtype} {pixels.shape}")
    check_writable(path, like)
    file_format = formats.by_suffix(path)
    samples, colours = _samples(file_format, pixels, like)
    if colours is None and like.stored is not None and isinstance(like.stored.colours, Inks):
        like = replace(like, icc_profile=None)  # the profile of the inks says nothing about RGB
    try:
        with replacing(path) as temporary:
            _encoder(file_format)(temporary, file_format, samples, colours, like)
    except (OSError, ValueError) as error:  # the latter for metadata that an encoder does not take
        raise _cannot_write(path, error) from error


def _encoder(file_format: formats.Format) -> Callable[..., None]:
    if file_format is formats.TIFF:
        from pipelines.image_files import tiff_writing  # slow to import, and few pictures need it

        return tiff_writing.write
    from pipelines.image_files import pillow_writing

    return pillow_writing.write


def _samples(file_format: formats.Format, pixels: np.ndarray, like: Picture) -> tuple[np.ndarray, Any]:
    """What to store, (N, H, W, C), and what it means."""
    if like.stored is not None and isinstance(like.stored.colours, _KEPT_COLOURS[file_format]):
        kept = encode(like.stored, _with_all_axes(pixels, like), _with_all_axes(like.pixels, like))
        if kept is not None:
            return kept, like.stored.colours
    samples = _with_all_axes(pixels, like)
    if like.alpha is not None:
        samples = np.concatenate([samples, like.alpha.reshape(*samples.shape[:3], 1)], axis=-1)
    return samples, None


def _with_all_axes(pixels: np.ndarray, like: Picture) -> np.ndarray:
    """(N, H, W, C), a view."""
    planes = len(pixels) if like.is_stack else 1
    return pixels.reshape(planes, *like.size, -1)


def _cannot_write(path: Path, error: Exception) -> InputError:
    return InputError(path, f"cannot be written ({getattr(error, 'strerror', None) or error})",
                      "check the folder's permissions and free space")
