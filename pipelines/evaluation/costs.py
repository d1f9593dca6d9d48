"""Seconds and memory of a piece of work."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from pipelines.machine import peak_bytes

RESET = Path("/proc/self/clear_refs")


@contextmanager
def measured() -> Iterator[dict[str, float]]:
    """Time a block.

    Yields:
        A dictionary that has, once the block has ended, "seconds" and "peak_memory_megabytes": the most memory that
        this process held meanwhile, libraries and loaded networks included. Where the system cannot forget earlier
        peaks (other than Linux), the most that it ever held.
    """
    with suppress(OSError):
        RESET.write_text("5")
    found: dict[str, float] = {}
    started = time.perf_counter()
    yield found
    found["seconds"] = round(time.perf_counter() - started, 3)
    found["peak_memory_megabytes"] = round(peak_bytes() / 2**20)
