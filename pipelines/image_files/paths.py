"""Which files a FILE | DIR | GLOB argument means, and what to call what is made of each."""

from __future__ import annotations

import glob
import os
from collections.abc import Sequence
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


def output_paths(sources: Sequence[Path], pattern: str | os.PathLike[str], output: str, *,
                 suffix: str | None = None) -> list[Path]:
    """Where what is made of each source goes.

    Args:
        sources: What `list_images(pattern)` gave.
        pattern: The same as there.
        output: A file for a single input file; otherwise, or with a slash at its end, a folder.
        suffix: Of the names in a folder; None keeps those of the sources.

    Returns:
        A path for each source, all different; nothing is created.

    Raises:
        InputError: If several results need a folder and `output` is a file, or two would have one name.
    """
    folder = Path(output)
    is_file = os.path.lexists(pattern) and not Path(pattern).is_dir()
    if is_file and not folder.is_dir() and not output.endswith(os.sep):
        return [folder]
    if folder.exists() and not folder.is_dir():
        raise InputError(folder, "is a file, but several pictures need a folder", "give the name of a folder")
    names = [mirrored_name(source, pattern) for source in sources]
    targets = [folder / (name if suffix is None else name.with_suffix(suffix)) for name in names]
    known: dict[Path, Path] = {}
    for target, source in zip(targets, sources):
        if (other := known.setdefault(target, source)) != source:
            raise InputError(source, f"would have the same result as {other}: {target}", "rename one of the two")
    return targets


def counterpart(folder: Path, source: Path, pattern: str | os.PathLike[str]) -> Path:
    """The image in `folder` that goes with `source`: of its name, or of its stem with another suffix.

    Raises:
        InputError: If there is none, or more than one.
    """
    name = mirrored_name(source, pattern)
    if (folder / name).is_file():
        return folder / name
    found = [path for suffix in SUFFIXES for path in [folder / name.with_suffix(suffix)] if path.is_file()]
    if len(found) != 1:
        raise InputError(source, f"{len(found) or 'no'} files named {name.with_suffix('')} with another suffix in "
                         f"{folder}", "keep one for each picture")
    return found[0]


def make_folder(folder: Path) -> None:
    """Make a folder for results, with those it lies in.

    Raises:
        InputError: If it cannot be made.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InputError(folder, f"cannot be made ({error.strerror})", "choose another --output") from error


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
