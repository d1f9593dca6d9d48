"""What only a source's own format can hold, kept for writing that format again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

import numpy as np


@dataclass(frozen=True)
class PngDetails:
    """What goes unchanged from PNG to PNG: names and contents of chunks."""

    chunks: tuple[tuple[bytes, bytes], ...]


@dataclass(frozen=True)
class JpegDetails:
    """Options of Pillow's JPEG encoder that repeat how the source was encoded."""

    options: dict[str, Any]


@dataclass(frozen=True)
class PageTags:
    """Tags of one page of a TIFF file, as they stood in it.

    Args:
        description: ImageDescription, where ImageJ, OME and tifffile also keep the names of the axes.
        extra: Further tags as tifffile's `extratags`, their values as bytes in the file's own order.
    """

    description: bytes | None = None
    extra: tuple[tuple[int, int, int, bytes, bool], ...] = ()


@dataclass(frozen=True, eq=False)
class TiffDetails:
    """How a TIFF file is laid out. The defaults are for pictures that come from no TIFF file.

    Args:
        byte_order: "<" or ">".
        is_big: BigTIFF.
        photometric: PhotometricInterpretation; None leaves it to the samples.
        is_planar: Each channel in a plane of its own.
        planes_per_page: Above 1 where the planes of a stack are stored as the channels of a page.
        extra_samples: Meaning of the channels beyond the colours, as in the tag ExtraSamples.
        compression: As in the tag Compression.
        predictor: As in the tag Predictor.
        colour_map: (3, K) uint16, of a palette.
        tile: Height and width of the tiles, None for strips.
        resolution: Horizontal and vertical, each numerator and denominator.
        resolution_unit: 1 none, 2 inch, 3 centimetre.
        pages: Tags of each page, in the order of the samples; may be fewer than there are planes.
        order: Index into the samples of each page in the order of the file.
    """

    byte_order: Literal["<", ">"] = "<"
    is_big: bool = False
    photometric: int | None = None
    is_planar: bool = False
    planes_per_page: int = 1
    extra_samples: tuple[int, ...] = ()
    compression: int = 8  # Deflate
    predictor: int = 1
    colour_map: np.ndarray | None = None
    tile: tuple[int, int] | None = None
    resolution: tuple[Any, ...] | None = None
    resolution_unit: int = 1
    pages: tuple[PageTags, ...] = ()
    order: tuple[int, ...] = ()
