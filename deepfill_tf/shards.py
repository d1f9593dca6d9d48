"""TFRecord shards as files: what they are called, what their index says, how many records they hold."""

from __future__ import annotations

import json
import os
import struct
from collections.abc import Sequence
from pathlib import Path
from typing import Any

ENCODED, NAME = "image/encoded", "image/filename"  # features of an example
INDEX_FILE = "records.json"
LENGTH_BYTES = 8
FRAME_BYTES = LENGTH_BYTES + 4 + 4  # of a record: length of the data, its checksum, that of the data


class ShardError(ValueError):
    """A shard that cannot be read; the message names it."""

    def __init__(self, shard: str | os.PathLike[str], problem: str) -> None:
        super().__init__(f"{os.fspath(shard)} is not a whole TFRecord shard of images: {problem}")


def write_index(folder: Path, shards: list[dict[str, Any]], **facts: Any) -> None:
    """Write what `count_records` reads; `shards` are mappings with "name", "count" and "bytes"."""
    text = json.dumps({**facts, "shards": shards}, indent=1)
    (folder / INDEX_FILE).write_text(text + "\n", encoding="utf-8")


def count_records(shards: Sequence[str | os.PathLike[str]]) -> list[int]:
    """Number of records in each shard: from the index beside it, else by going through the lengths of its records.

    Raises:
        ShardError: If a file is cut short, or longer or shorter than its index says.
    """
    paths = [Path(shard) for shard in shards]
    indices = {folder: _read_index(folder) for folder in {path.parent for path in paths}}
    return [_count_by_index(path, entry) if (entry := indices[path.parent].get(path.name)) else _count_by_lengths(path)
            for path in paths]


def _read_index(folder: Path) -> dict[str, dict[str, Any]]:
    index = folder / INDEX_FILE
    if not index.exists():
        return {}
    try:
        return {entry["name"]: entry for entry in json.loads(index.read_text(encoding="utf-8"))["shards"]}
    except (ValueError, LookupError, TypeError) as error:
        raise ValueError(f"{index} should be an index of TFRecord shards; without it they are counted") from error


def _count_by_index(shard: Path, entry: dict[str, Any]) -> int:
    size = shard.stat().st_size
    if size != entry["bytes"]:
        raise ShardError(shard, f"expected {entry['bytes']} bytes as {INDEX_FILE} says, found {size}")
    return entry["count"]


def _count_by_lengths(shard: Path) -> int:
    size, place, count = shard.stat().st_size, 0, 0
    with shard.open("rb") as file:
        while place < size:
            file.seek(place)
            length = file.read(LENGTH_BYTES)
            if len(length) == LENGTH_BYTES:
                place += FRAME_BYTES + struct.unpack("<Q", length)[0]
            if len(length) < LENGTH_BYTES or place > size:
                raise ShardError(shard, f"record {count + 1} ends beyond the file's {size} bytes")
            count += 1
    return count
