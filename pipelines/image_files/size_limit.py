"""Decompression bombs: small files that unpack into more pixels than memory holds."""

from __future__ import annotations

from pathlib import Path

from pipelines.errors import InputError

PIXEL_LIMIT = 200_000_000


def check_size(path: Path, size: tuple[int, int], limit: int | None) -> None:
    """Refuse a picture by its declared size, before anything is decoded.

    Args:
        path: The file.
        size: Declared height and width.
        limit: Most pixels that it may have; None for any number.

    Raises:
        InputError: If a side is 0 or there are more pixels than `limit`.
    """
    height, width = size
    if height <= 0 or width <= 0:
        raise InputError(path, f"has a size of zero ({width} x {height} pixels)", "export it again")
    if limit is not None and height * width > limit:
        raise InputError(path, f"has {width} x {height} pixels, more than the limit of {limit:,}",
                         "if the file can be trusted, add --allow-large")
