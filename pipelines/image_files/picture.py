"""What a picture is in memory, and what a decoder hands over to make one."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

DTYPES = ("uint8", "uint16", "float32")


@dataclass(frozen=True, eq=False)
class Picture:
    """A picture as the rest of the program sees it, with all that is needed to write it back unharmed.

    `Picture(pixels)` alone stands for a picture that comes from no file.

    Args:
        pixels: (H, W) gray or (H, W, 3) RGB; stacks (N, H, W) or (N, H, W, 3); uint8, uint16 or float32.
            Read-only when it comes from `read_picture`, since `write_picture` compares with it to find
            the pixels that changed.
        alpha: (H, W), stacks (N, H, W), same dtype; None without transparency.
        is_stack: The first axis counts planes. A field, because (N, H, 3) could be either.
        path: The file it was read from.
        icc_profile: The ICC profile's bytes.
        exif: EXIF data from the byte-order mark on, orientation 1 and without thumbnail.
        dpi: Horizontal and vertical resolution in pixels per inch.
        stored: The samples as they stand in the file, where `pixels` is a conversion of them.
        details: What only the source's own format can hold (quantisation tables, TIFF tags, ...).

    Raises:
        ValueError: If shape or dtype is none of the above.
    """

    pixels: np.ndarray
    alpha: np.ndarray | None = None
    is_stack: bool = False
    path: Path | None = None
    icc_profile: bytes | None = None
    exif: bytes | None = None
    dpi: tuple[float, float] | None = None
    stored: Stored | None = None
    details: Any = None

    def __post_init__(self) -> None:
        if self.pixels.dtype.name not in DTYPES:
            raise ValueError(f"`pixels` must be one of {', '.join(DTYPES)}; received {self.pixels.dtype}")
        shape = self.pixels.shape[int(self.is_stack):]
        if len(shape) not in (2, 3) or (len(shape) == 3 and shape[2] != 3) or 0 in self.pixels.shape:
            raise ValueError(f"`pixels` must be gray (H, W) or RGB (H, W, 3), a stack with one more axis in "
                             f"front; received {self.pixels.shape} with is_stack={self.is_stack}")
        expected = self.pixels.shape[:int(self.is_stack) + 2]
        if self.alpha is not None and (self.alpha.shape, self.alpha.dtype) != (expected, self.pixels.dtype):
            raise ValueError(f"`alpha` must be {self.pixels.dtype} of shape {expected}; "
                             f"received {self.alpha.dtype} {self.alpha.shape}")

    @property
    def size(self) -> tuple[int, int]:
        """Height and width in pixels."""
        height, width = self.pixels.shape[int(self.is_stack):][:2]
        return height, width

    @property
    def axes(self) -> str:
        """The axes of `pixels`: "YX", "YXC", "ZYX" or "ZYXC"; Z stands for whatever a stack counts."""
        is_colour = self.pixels.ndim - int(self.is_stack) == 3
        return "Z" * self.is_stack + "YX" + "C" * is_colour

    @property
    def frames(self) -> np.ndarray:
        """`pixels` as (N, H, W, C)."""
        return self.pixels.reshape(-1, *self.size, 3 if "C" in self.axes else 1)

    @cached_property
    def value_range(self) -> tuple[float, float]:
        """Values of black and white: (0, 255) for uint8; for uint16 the bits in use, at least eight, so that
        (0, 4095) for a 12-bit camera; for float32 (0, 1) when the data lie in it and otherwise their own minimum
        and maximum (never equal)."""
        if self.pixels.dtype == np.uint8:
            return 0.0, 255.0
        if self.pixels.dtype == np.uint16:
            return 0.0, float(2 ** max(8, int(self.pixels.max()).bit_length()) - 1)
        low, high = float(self.pixels.min()), float(self.pixels.max())
        if low >= 0 and high <= 1:
            return 0.0, 1.0
        return (low, high) if low < high else (low, low + 1.0)


@dataclass(frozen=True, eq=False)
class Stored:
    """Samples as a file holds them.

    Args:
        samples: (N, H, W, C), all channels of the file.
        colours: How they become pixels and back, one of `image_files.colours`.
    """

    samples: np.ndarray
    colours: Any


@dataclass(frozen=True, eq=False)
class Decoded:
    """What a decoder has found in a file.

    Args:
        samples: (N, H, W, C), upright only after `orientation` has been applied; C counts alpha too.
        colours: None for plain gray, gray + alpha, RGB or RGBA samples of a `DTYPES` type; otherwise one of
            `image_files.colours`.
        orientation: EXIF orientation, 1 to 8.
        icc_profile, exif, dpi, details: As in `Picture`, for the upright picture.
    """

    samples: np.ndarray
    colours: Any = None
    orientation: int = 1
    icc_profile: bytes | None = None
    exif: bytes | None = None
    dpi: tuple[float, float] | None = None
    details: Any = None
