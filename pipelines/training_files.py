"""Training pictures as files that are read faster, or carried more easily, than a folder of pictures."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from pipelines.command import report_warning
from pipelines.errors import InputError

if TYPE_CHECKING:
    from deepfill_tf.records import Written


def write_records(data: str, folder: str, *, seed: int) -> None:
    """Write what --data names as TFRecord shards in an order that depends on the seed.

    Raises:
        InputError: If there are no pictures, too many of them are corrupt, or the folder is in use.
    """
    from deepfill_tf.records import write_records as write

    _write(functools.partial(write, seed=seed), data, folder, "--write-records")


def write_packed(data: str, folder: str, *, side: int) -> None:
    """Write the middle squares of what --data names, `side` pixels wide, to a few files for `pipelines.portable`.

    Raises:
        InputError: As `write_records`.
    """
    from deepfill_tf.packing import pack_images

    if side < 1:
        raise InputError("--packed-side", f"should be at least 1, not {side}", "give the squares' side in pixels")
    _write(functools.partial(pack_images, side=side), data, folder, "--write-packed")


def _write(write: Callable[..., Written], data: str, folder: str, option: str) -> None:
    from tqdm import tqdm

    from deepfill_tf.sources import ImageFiles, open_source

    try:
        source: Any = open_source(data)
        if not isinstance(source, ImageFiles):
            raise ValueError("holds TFRecord shards already")
        with tqdm(total=source.count, unit="file", disable=None, file=sys.stderr) as bar:
            written = write(source.paths, folder, progress=bar.update)
    except (ValueError, OSError) as error:
        raise InputError(data, str(error), f"correct --data or {option}") from error
    for path, reason in written.corrupt:
        report_warning(f"{path}: {reason}; skipped")
    print(f"wrote {folder}: {written.count} pictures in {len(written.files)} files, {written.size / 1e6:.1f} MB")
