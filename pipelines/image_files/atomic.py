"""Files that appear whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: str | os.PathLike[str]) -> Iterator[Path]:
    """Give a temporary file in the folder of `path` to write to; it takes that name when the block ends well.

    Whatever goes wrong inside (an error, a full disk, Ctrl-C), the file that stood at `path` before is
    untouched and the temporary one is gone. A symbolic link is followed, so that it stays one. The
    permissions are those of any new file (umask).

    Args:
        path: The final name; its folder must exist.

    Yields:
        An empty file, hidden, in the same folder: only there is the renaming atomic.

    Raises:
        OSError: If the folder cannot be written to.
    """
    final = os.path.realpath(path)
    temporary = _new_name(os.path.dirname(final))
    try:
        _create(temporary)
        yield temporary
        with temporary.open("rb") as file:
            os.fsync(file.fileno())
        os.replace(temporary, final)
    except BaseException:
        temporary.unlink(missing_ok=True)
        raise


def check_folder(folder: Path) -> None:
    """Try whether a file can be made in `folder`: permissions alone do not tell, least of all to root.

    Raises:
        OSError: If it cannot.
    """
    temporary = _new_name(folder)
    try:
        _create(temporary)
    finally:
        temporary.unlink(missing_ok=True)


def _new_name(folder: str | os.PathLike[str]) -> Path:
    # Not derived from the final name, which may already be as long as the file system allows.
    return Path(folder, f".{secrets.token_hex(8)}.tmp")


def _create(path: Path) -> None:
    os.close(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o666))
