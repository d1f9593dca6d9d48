"""Folders that appear whole or not at all."""

from __future__ import annotations

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def new_folder(folder: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a hidden folder beside `folder` to write to; it takes that name when the block ends well.

    What a killed process has left under the hidden name is deleted by the next one.

    Args:
        folder: Must not exist, or be empty.

    Raises:
        ValueError: If there is something in it.
    """
    final = Path(folder).resolve()
    if final.exists() and (not final.is_dir() or any(final.iterdir())):
        raise ValueError(f"`folder` should be new or empty. Received: {os.fspath(folder)!r}, which is not")
    partial = final.with_name(f".{final.name}.partial")
    if partial.exists():
        shutil.rmtree(partial)
    partial.mkdir(parents=True)
    try:
        yield partial
        if final.exists():
            final.rmdir()  # the only kind that every system lets another folder take the place of
        os.replace(partial, final)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
