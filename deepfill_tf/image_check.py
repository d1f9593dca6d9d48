"""Which files hold whole pictures: found out before a training, by the decoder that the training uses."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import repeat
from pathlib import Path
from typing import Optional, TypeVar

import tensorflow as tf

from deepfill_tf.decoding import decode

Result = TypeVar("Result")
Paths = Sequence["str | os.PathLike[str]"]
Progress = Callable[[int], object]  # given the number of pictures done since the last call, as tqdm's `update` is

ALLOWED_SHARE = 0.01
NAMED = 5  # corrupt files that a message names
IN_FLIGHT = 256  # files that wait for a thread or for their turn


class CorruptImagesError(ValueError):
    """More of the pictures are corrupt than chance explains; `corrupt` holds (path, reason) of those found."""

    def __init__(self, corrupt: Sequence[tuple[str, str]], count: int) -> None:
        self.corrupt = list(corrupt)
        super().__init__(f"{len(corrupt)} of {count} pictures are corrupt, more than {ALLOWED_SHARE:.0%}: "
                         f"{named(corrupt)}")


def named(corrupt: Sequence[tuple[str, str]]) -> str:
    """The first few of the corrupt files, pairs of (path, reason), and how many more there are."""
    first = "; ".join(f"{path} ({reason})" for path, reason in corrupt[:NAMED])
    return first + (f"; and {len(corrupt) - NAMED} more" if len(corrupt) > NAMED else "")


def check_images(paths: Paths, edges: Paths = (), *, progress: Optional[Progress] = None
                 ) -> tuple[list[str], list[tuple[str, str]]]:
    """Read and decode every file once, in parallel threads.

    Args:
        paths: Image files.
        edges: Empty, or one file for each of `paths`, of the same size; otherwise the picture counts as corrupt.
        progress: Called with the number of files done since its last call.

    Returns:
        The good paths and, of each corrupt file, (path, reason); both in the order of `paths`.

    Raises:
        CorruptImagesError: If more than 1 % are corrupt.
    """
    def sizes(files, report):
        return each_picture(files, lambda contents: decode(contents).shape, progress=report)

    good, corrupt = [], []
    drawn = sizes(edges, None) if edges else repeat(("", None, ""))
    for (path, size, reason), (drawing, edge_size, edge_reason) in zip(sizes(paths, progress), drawn):
        if size is not None and drawing and size != edge_size:
            reason = f"its edges {drawing}: " + (edge_reason or f"{edge_size[0]} x {edge_size[1]} pixels, expected "
                                                                f"{size[0]} x {size[1]}")
        if reason:
            corrupt.append((path, reason))
        else:
            good.append(path)
    refuse_many(corrupt, len(paths))
    return good, corrupt


def each_picture(paths: Paths, work: Callable[[bytes], Result], *, progress: Optional[Progress] = None
                 ) -> Iterator[tuple[str, Optional[Result], str]]:
    """Apply `work` to the contents of every file, in parallel threads, in order.

    Args:
        paths: Image files.
        work: Function of a file's bytes; an error of TensorFlow's in it means that the picture is corrupt.
        progress: Called with the number of files done since its last call.

    Yields:
        Path, what `work` returned, and "" - or path, None and the reason, if the file is corrupt or unreadable.
    """
    def attempt(path: str) -> tuple[Optional[Result], str]:
        try:
            return work(Path(path).read_bytes()), ""
        except OSError as error:
            return None, error.strerror or str(error)
        except tf.errors.OpError as error:
            return None, reason_of(error)

    names = [os.fspath(path) for path in paths]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        for start in range(0, len(names), IN_FLIGHT):
            some = names[start:start + IN_FLIGHT]
            for path, (result, reason) in zip(some, pool.map(attempt, some)):
                yield path, result, reason
                if progress is not None:
                    progress(1)


def refuse_many(corrupt: Sequence[tuple[str, str]], count: int) -> None:
    """Raise CorruptImagesError if more than 1 % of `count` pictures are `corrupt`, pairs of (path, reason)."""
    if len(corrupt) > ALLOWED_SHARE * count:
        raise CorruptImagesError(corrupt, count)


def reason_of(error: tf.errors.OpError) -> str:
    """TensorFlow's message without the names of nodes and operations, on one line."""
    message = re.sub(r"\{\{.*?\}\}|\[(\[|Op:).*", "", error.message.strip().partition("\n")[0])
    return message.strip().rstrip(".")
