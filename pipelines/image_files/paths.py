"""Which files a FILE | DIR | GLOB argument means, and what to call what is made of each."""

from __future__ import annotations

import glob
import os
from pathlib import Path

from pipelines.errors import InputError
from pipelines.image_files.formats import SUFFIXES


def list_images(pattern: str | os.PathLike[str]) -> list[Path]:
    """The image files that `pattern` means.

    Args:
        pattern: A file, taken whatever its suffix; a folder, searched with its sub-folders (not through
            symbolic links); or a pattern with `*`, `?`, `[...]` or `**`. Hidden files and folders and files
            of other suffixes are left out of the latter two.

    Returns:
        Paths, sorted, at least one.

    Raises:
        InputError: If nothing is there, or a folder cannot be read.
    """
    path = Path(pattern)
    try:
        if path.is_dir():
            return _non_empty(pattern, _walk(path), "the folder holds no images")
        if os.path.lexists(path):
            return [path]
        if glob.has_magic(str(pattern)):
            found = [Path(match) for match in glob.iglob(str(pattern), recursive=True)]
            return _non_empty(pattern, found, "no image matches the pattern")
    except OSError as error:
        raise InputError(error.filename or path, f"cannot be read ({error.strerror})",
                         "check its permissions") from error
    raise InputError(pattern, "no such file or folder", "check the path")


def mirrored_name(path: Path, pattern: str | os.PathLike[str]) -> Path:
    """The name, below an output folder, that keeps apart what the input keeps apart.

    Args:
        path: One that `list_images(pattern)` gave.
        pattern: The same as there.

    Returns:
        `path` relative to the folder that was given or, for a pattern, to the last folder without wildcards.
    """
    base = Path(pattern)
    if not base.is_dir():
        parts = [] if os.path.lexists(base) else base.parts
        names = next((index for index, part in enumerate(parts) if glob.has_magic(part)), None)
        base = path.parent if names is None else Path(*parts[:names])
    return path.relative_to(base)


def _walk(folder: Path) -> list[Path]:
    found = []
    for current, folders, files in os.walk(folder, onerror=_raise):
        folders[:] = [name for name in folders if not name.startswith(".")]
        found += [Path(current, name) for name in files]
    return found


def _raise(error: OSError) -> None:
    raise error


def _non_empty(pattern: str | os.PathLike[str], found: list[Path], problem: str) -> list[Path]:
    images = sorted({path for path in found if path.suffix.lower() in SUFFIXES
                     and not path.name.startswith(".") and not path.is_dir()})
    if not images:
        raise InputError(pattern, problem, f"give files that end with {', '.join(SUFFIXES)}")
    return images
