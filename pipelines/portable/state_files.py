"""The state of a training run as files of bounded size, whole or not at all."""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

STATE_FILE = "state.json"
CONSTANT = "constant/"  # begins the names of variables that a program reads and a run has no names for
FILE_BYTES = 15_000_000
FILE_OVERHEAD, ARRAY_OVERHEAD = 100, 1000  # of an .npz file: its directory, and each array's header and names
Arrays = dict[str, np.ndarray]


class Problem(ValueError):
    """Something that was given cannot be used: the message says what, what is wrong, and what to do."""


def read_state(folder: Path) -> tuple[int, Arrays]:
    """Read what `write_state` wrote.

    Args:
        folder: Holds state.json.

    Returns:
        The number of steps done, and the arrays by name.

    Raises:
        Problem: If there is no state, or one of its files is missing or damaged.
    """
    record = read_record(folder / STATE_FILE)
    arrays: Arrays = {}
    for entry in record["files"]:
        with np.load(io.BytesIO(read_checked(folder / entry["file"], entry["sha256"]))) as file:
            arrays.update(file)
    return record["step"], arrays


def write_state(folder: Path, step: int, arrays: Mapping[str, np.ndarray], *, file_bytes: int = FILE_BYTES,
                compressed: bool = False) -> None:
    """Write arrays into .npz files; until all are there, the state of before stays the valid one.

    Args:
        folder: Made if need be.
        step: Steps done.
        arrays: By name.
        file_bytes: Size in bytes that every file stays below, unless it holds one array that does not.
        compressed: Smaller where much is zero, slower.
    """
    folder.mkdir(parents=True, exist_ok=True)
    save = np.savez_compressed if compressed else np.savez
    entries = []
    for number, part in enumerate(_parts(arrays, file_bytes)):
        buffer = io.BytesIO()
        save(buffer, **part)
        name = f"step{step:09d}-{number:02d}.npz"
        replace_file(folder / name, buffer.getvalue())
        entries.append({"file": name, "sha256": hashlib.sha256(buffer.getvalue()).hexdigest()})
    replace_file(folder / STATE_FILE, json.dumps({"step": step, "files": entries}, indent=1).encode())
    for path in set(folder.glob("step*.npz")) - {folder / entry["file"] for entry in entries}:
        path.unlink()


def halved(arrays: Mapping[str, np.ndarray]) -> Arrays:
    """The same with float32 as float16, half the size, three decimal digits; constants keep theirs."""
    return {name: array.astype(np.float16) if array.dtype == np.float32 and not name.startswith(CONSTANT) else array
            for name, array in arrays.items()}


def fitted(arrays: Mapping[str, np.ndarray], dtypes: Mapping[str, str]) -> Arrays:
    """What `halved` gave, with float32 again where `dtypes` has it."""
    return {name: array.astype(np.float32) if (str(array.dtype), dtypes.get(name)) == ("float16", "float32") else array
            for name, array in arrays.items()}


def read_record(path: Path) -> Any:
    """A JSON file's content; raises Problem if it cannot be read."""
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise Problem(f"{path}: cannot be read ({error}); give the folder that holds {path.name}") from error


def read_checked(path: Path, sha256: str) -> bytes:
    """A file's content; raises Problem unless its checksum is the one expected."""
    content = path.read_bytes() if path.is_file() else b""
    if hashlib.sha256(content).hexdigest() != sha256:
        raise Problem(f"{path}: missing or damaged; copy it again")
    return content


def _parts(arrays, file_bytes):
    part: Arrays = {}
    size = FILE_OVERHEAD
    for name, array in arrays.items():
        needed = array.nbytes + ARRAY_OVERHEAD
        if part and size + needed > file_bytes:
            yield part
            part, size = {}, FILE_OVERHEAD
        part[name] = array
        size += needed
    yield part


def replace_file(path: Path, content: bytes) -> None:
    """Write a file that appears under its name whole or not at all."""
    temporary = path.with_name(f".{path.name}.tmp")
    with temporary.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(temporary, path)
