"""What this machine has: free memory and speed."""

from __future__ import annotations

import re
import resource
import time
from pathlib import Path

MARGIN = 0.85  # of the free memory may be used


def parse_bytes(text: str) -> int:
    """Bytes that "6G", "800M" or a plain number mean.

    Raises:
        ValueError: If `text` is none of these.
    """
    match = re.fullmatch(r"(\d+(?:\.\d+)?)\s*([KMGT]?)i?B?", text.strip(), re.IGNORECASE)
    if match is None or float(match[1]) <= 0:
        raise ValueError(f"expected a size such as 6G or 800M, received: {text}")
    return int(float(match[1]) * 1024 ** " KMGT".index(match[2].upper() or " "))


def free_bytes() -> int:
    """Memory that this process may still take, in bytes: the least of what Linux and its control group leave, less a
    margin, and what it holds already."""
    found = [line.split() for line in Path("/proc/meminfo").read_text(encoding="utf-8").splitlines()]
    free = next(int(words[1]) * 1024 for words in found if words[0] == "MemAvailable:")
    held = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1]) * 4096
    group = Path("/sys/fs/cgroup/memory.max")
    most = group.read_text(encoding="utf-8").strip() if group.exists() else "max"
    allowed = int(most) if most.isdecimal() else free + held
    return int(MARGIN * min(free + held, allowed))


def peak_bytes() -> int:
    """The most memory that this program has held; getrusage's would begin with that of the program that started it."""
    for line in Path("/proc/self/status").read_text(encoding="utf-8").splitlines():
        if line.startswith("VmHWM:"):
            return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024  # a Linux that does not tell


def product_rate(side: int = 1024) -> float:
    """Floating-point operations a second of this machine's matrix product in float32, by NumPy."""
    import numpy as np

    matrix = np.ones((side, side), np.float32)
    matrix @ matrix
    start = time.perf_counter()
    matrix @ matrix
    return 2 * side**3 / (time.perf_counter() - start)
