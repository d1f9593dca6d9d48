"""What is finished, line by line: a kill costs the picture that was in work, and nothing else."""

from __future__ import annotations

import json
import os
from pathlib import Path
from typing import Any

from pipelines.errors import InputError
from pipelines.image_files.atomic import replacing

Key = tuple[str, ...]


class Records:
    """A file of JSON lines, each a key and what was found for it.

    Args:
        path: Made when the first record comes. A last line that was cut short is dropped.

    Raises:
        InputError: If the file is something else.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._found: dict[Key, dict[str, Any]] = {}
        lines = path.read_bytes().splitlines(keepends=True) if path.exists() else []
        if lines and not lines[-1].endswith(b"\n"):
            with path.open("r+b") as file:
                file.truncate(sum(map(len, lines[:-1])))
            lines.pop()
        try:
            for line in lines:
                record = json.loads(line)
                self._found[tuple(record["key"])] = record["values"]
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(path, f"is no list of results ({error})", "choose another --output") from error

    def __contains__(self, key: Key) -> bool:
        return key in self._found

    def __getitem__(self, key: Key) -> dict[str, Any]:
        return self._found[key]

    def get(self, key: Key) -> dict[str, Any] | None:
        """What was found for `key`, if it is finished."""
        return self._found.get(key)

    def add(self, key: Key, values: dict[str, Any]) -> None:
        """Keep what was found for `key`; it is on the disk when this returns."""
        line = json.dumps({"key": list(key), "values": values}) + "\n"
        with self.path.open("ab") as file:
            file.write(line.encode())
            file.flush()
            os.fsync(file.fileno())
        self._found[key] = values


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file, whole or not at all; the same content gives the same bytes."""
    write_text(path, json.dumps(content, indent=1, sort_keys=True, allow_nan=False) + "\n")


def write_text(path: Path, text: str) -> None:
    """Write a text file, whole or not at all."""
    with replacing(path) as temporary:
        temporary.write_text(text, encoding="utf-8")
