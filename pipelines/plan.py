"""What restoring a picture will take, and how it is done within the memory that there is; decided before any work."""

from __future__ import annotations

import dataclasses
import math
from typing import Optional

import cv2
import numpy as np

from pipelines.errors import InputError
from pipelines.machine import free_bytes, product_rate
from pipelines.windows import MARGIN

AUTO, NATIVE, PYRAMID = "auto", "native", "pyramid"
STRATEGIES = (AUTO, NATIVE, PYRAMID)

WIDEST = 128    # pixels: holes as wide as the network's training knows
FACTORS = (2, 4, 8, 16, 32)
MEGABYTE = 2**20
# Measured with benchmarks/bench_inference.py: the process with its networks; for each pixel of the picture; for each
# that is filled at a time, with images, features and keys of the attention; and what tiles may take at least and need
# at most.
BASE_BYTES, PICTURE_BYTES_PER_PIXEL, BYTES_PER_PIXEL = 920 * MEGABYTE, 100, 360
LEAST_WORKING_BYTES, MOST_WORKING_BYTES = 48 * MEGABYTE, 256 * MEGABYTE
SMALLEST_WINDOW = 512  # pixels
# Of the denoiser: up to so many pixels it takes the picture as a whole, beyond in tiles; what it takes itself,
# for each pixel that it sees, and for training; and the sides of what a tile sees, in pixels, with the margin around.
WHOLE_PIXELS = 600 * 800
DENOISER_BYTES, DENOISING_BYTES_PER_PIXEL, TRAINING_BYTES = 64 * MEGABYTE, 1100, 280 * MEGABYTE
LEAST_SEEN, MOST_SEEN, TILE_MARGIN = 256, 1024, 64

# Of DeepFill v2, in operations for each pixel, and how far beyond the hole the parts have to be computed, in pixels.
KEYS_ARITHMETIC, PAINTING_ARITHMETIC, PAINTING_REACH = 75e3, 694e3, 160
QUERIES_REACH, MATCH_ARITHMETIC = 24, 2 * (1.2 * 864 + 1.1 * 384)
EFFICIENCY = 0.6  # of the machine's rate for products


@dataclasses.dataclass(frozen=True)
class Plan:
    """How one picture is denoised, and its holes filled.

    Args:
        size: Height and width of the picture.
        wide: bool (H, W), the holes to be filled at a fraction of the size first; None if there are none.
        factor: That many times smaller; 1 if there are none.
        window: Side in pixels of the windows that the picture is filled in, one after another; None: as a whole, which
            is exact.
        working_bytes: What is in memory for tiles at a time.
        tile: Side in pixels of the tiles that the denoiser works in; None: the picture as a whole. They change nothing.
        peak_bytes: What the process is expected to need at most.
        operations: Floating-point operations of the inpainter.
    """

    size: tuple[int, int]
    wide: Optional[np.ndarray]
    factor: int
    window: Optional[int]
    working_bytes: int
    tile: Optional[int]
    peak_bytes: int
    operations: float

    @property
    def strategy(self) -> str:
        """"native" or "pyramid"."""
        return NATIVE if self.wide is None else PYRAMID

    @property
    def is_whole(self) -> bool:
        """Whether all holes are filled in one go."""
        return self.wide is None and self.window is None

    def describe(self) -> str:
        """In one line, for people; measures this machine's rate."""
        height, width = self.size
        how = self.strategy if self.wide is None else f"{self.strategy} (wide holes at 1/{self.factor} of the size)"
        where = "as a whole" if self.window is None else f"in windows of {self.window} x {self.window} pixels"
        seconds = self.operations / (EFFICIENCY * product_rate())
        return (f"{width} x {height} pixels, {how}, {where}, tiles within {self.working_bytes // MEGABYTE} MB; "
                f"expected: {self.peak_bytes / 2**30:.1f} GB at most, about {_rounded(seconds)} for the holes")


def make_plan(mask: np.ndarray, *, strategy: str = AUTO, memory_limit: Optional[int] = None,
              window: Optional[int] = None, denoises: bool = False, trains: bool = False) -> Plan:
    """Choose how to denoise a picture and to fill its holes.

    Args:
        mask: bool (H, W), True = hole.
        strategy: "native": every hole at full size; "pyramid": all of them at a fraction of it first; "auto": those
            that are wider than 128 pixels.
        memory_limit: Bytes for the whole process; None: those that are free, less a margin.
        window: Side in pixels, at least 512, of windows to fill one after another: less work in large pictures, but
            other pixels, since a window sees no further; None: the picture as a whole, if it fits into the memory.
        denoises: Whether there is a denoiser.
        trains: Whether it is trained on the picture, or adapted to it.

    Raises:
        InputError: If the limit is too small for any way, or the window is.
    """
    limit = free_bytes() if memory_limit is None else memory_limit
    pixels, (height, width) = mask.size, mask.shape
    # In memory whatever the way: the process, the networks and the picture.
    fixed = BASE_BYTES + denoises * DENOISER_BYTES + PICTURE_BYTES_PER_PIXEL * pixels
    tile, denoising_bytes = _tile(mask.shape, fixed, limit, trains) if denoises else (None, 0)
    if window is not None and window < SMALLEST_WINDOW:
        raise InputError("--window", f"{window} pixels are too few", f"give at least {SMALLEST_WINDOW}")
    if window is not None and window >= max(height, width):
        window = None
    peak = fixed + (BYTES_PER_PIXEL - PICTURE_BYTES_PER_PIXEL) * pixels
    if window is not None or peak + LEAST_WORKING_BYTES > limit:
        left = limit - fixed - LEAST_WORKING_BYTES
        largest = int(math.sqrt(max(left, 0) / BYTES_PER_PIXEL)) // 8 * 8
        window = largest if window is None else min(window, largest)
        if window < SMALLEST_WINDOW:
            raise _too_few(limit, mask.shape, fixed + LEAST_WORKING_BYTES + BYTES_PER_PIXEL * SMALLEST_WINDOW**2)
        peak = fixed + BYTES_PER_PIXEL * window**2
    working = int(min(max(limit - peak, LEAST_WORKING_BYTES), MOST_WORKING_BYTES))
    wide, factor = _wide_holes(mask, strategy)
    return Plan((height, width), wide, factor, window, working, tile, max(peak + working, denoising_bytes),
                _operations(mask if wide is None else mask & ~wide, window))


def _tile(size, fixed, limit, trains):
    """Side of the denoiser's tiles, None where there is no need of them, and what the process takes meanwhile."""
    height, width = size
    least = max(min(LEAST_SEEN**2, height * width) * DENOISING_BYTES_PER_PIXEL, TRAINING_BYTES if trains else 0)
    if fixed + least > limit:
        raise _too_few(limit, size, fixed + least)
    seen = min((limit - fixed) // DENOISING_BYTES_PER_PIXEL, MOST_SEEN**2)  # pixels
    tile = None
    if height * width > min(seen, WHOLE_PIXELS):
        tile = math.isqrt(seen) - 2 * TILE_MARGIN
    taken = min(seen, height * width)
    return tile, fixed + max(taken * DENOISING_BYTES_PER_PIXEL, least)


def _too_few(limit, size, needed):
    height, width = size
    return InputError("--memory-limit", f"{limit / 2**30:.1f} GB are too few for {width} x {height} pixels",
                      f"give at least {math.ceil(needed / 2**30 * 10) / 10:.1f} GB, or a smaller picture")


def _wide_holes(mask: np.ndarray, strategy: str) -> tuple[Optional[np.ndarray], int]:
    """The holes to fill at a fraction of the size, and which; (None, 1) if there are none."""
    if strategy == NATIVE or not mask.any():
        return None, 1
    # Twice the distance to the rim: how wide a hole is where it is widest. The picture's border is no rim.
    distance = 2 * cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, 5)
    widest = float(distance.max())
    factor = next((factor for factor in FACTORS if widest / factor <= WIDEST), FACTORS[-1])
    if strategy == PYRAMID:
        return mask, factor
    if widest <= WIDEST:
        return None, 1
    # The wide parts with their corners, without the thin lines that run into them.
    to_core = cv2.distanceTransform((distance <= WIDEST).astype(np.uint8), cv2.DIST_L2, 5)
    return mask & (to_core <= 0.75 * WIDEST), factor


def _operations(mask, window):
    """Of the inpainter at full size, in windows or as a whole.

    What is needed of it is told roughly, from the mask at an eighth of its size.
    """
    if not mask.any():
        return 0.0
    small = cv2.dilate(mask.astype(np.uint8), np.ones((8, 8)))[::8, ::8]
    share = {reach: float(cv2.dilate(small, np.ones((2 * reach // 8 + 1,) * 2)).mean())
             for reach in (PAINTING_REACH, QUERIES_REACH)}
    patches, keys, overlap = mask.size / 64, mask.size / 64, 1.0
    if window is not None:
        keys, overlap = window**2 / 64, (window / (window - 2 * MARGIN))**2
    return overlap * (mask.size * (KEYS_ARITHMETIC + share[PAINTING_REACH] * PAINTING_ARITHMETIC)
                      + share[QUERIES_REACH] * patches * keys * MATCH_ARITHMETIC)


def _rounded(seconds):
    return f"{max(seconds, 1):.0f} s" if seconds < 90 else f"{seconds / 60:.0f} minutes"
