"""What the tags of a TIFF file say besides its pixels."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import tifffile
from tifffile import PHOTOMETRIC, PLANARCONFIG

from pipelines.image_files import exif
from pipelines.image_files.details import PageTags, TiffDetails

_CENTIMETRES_PER_INCH = 2.54
_XMP = 700
# How the pixels are stored (the writer decides that anew), offsets into the file, what has an argument of
# its own in the writer, the orientation, and Photoshop's layers and previews of the picture as it was.
_NOT_COPIED = {*range(254, 260), 262, 263, 266, 270, 273, 274, *range(277, 285), 288, 289, *range(290, 294),
               296, *range(317, 326), 330, *range(338, 342), 347, *range(512, 522), *range(529, 533),
               34377, 34665, 34675, 34853, 37724, 40965}


def details_of(file: tifffile.TiffFile, series: Any) -> TiffDetails:
    """The layout and the tags of a picture or stack in an open TIFF file."""
    page = series.keyframe
    pages = [part.aspage() for part in series.pages]
    planar = page.planarconfig == PLANARCONFIG.SEPARATE and page.samplesperpixel > 1
    # tifffile writes a stack of 3 or 4 planes as one planar RGB page unless told otherwise; the name of the
    # axis then tells that they are planes all the same.
    planes_are_samples = planar and page.photometric == PHOTOMETRIC.RGB and series.axes[-3] != "S"
    orientation = page.tags.valueof(exif.ORIENTATION, 1)
    return TiffDetails(
        byte_order=file.byteorder, is_big=file.is_bigtiff, photometric=int(page.photometric),
        is_planar=planar,
        planes_per_page=page.samplesperpixel if planes_are_samples else 1,
        extra_samples=tuple(_one_of(meaning, (0, 1, 2), 0) for meaning in page.extrasamples),
        compression=int(page.compression), predictor=int(page.predictor),
        colour_map=page.colormap, tile=(page.tilelength, page.tilewidth) if page.is_tiled else None,
        resolution=_resolution(page, orientation),
        resolution_unit=_one_of(page.tags.valueof(296), (1, 2, 3), 2),
        pages=tuple(_page_tags(file, part, orientation == 1) for part in pages),
        # OME-XML may number the planes in another order than that of the file
        order=tuple(int(index) for index in np.argsort([part.index for part in pages], kind="stable")))


def _one_of(value: Any, allowed: tuple[int, ...], otherwise: int) -> int:
    """A tag's value, unless it is one that no writer would take."""
    return int(value) if value in allowed else otherwise


def _resolution(page: Any, orientation: int) -> tuple[tuple[int, int], ...] | None:
    values = tuple(page.tags.valueof(code) for code in (282, 283))
    if not all(isinstance(value, tuple) and len(value) == 2 and value[1] for value in values):
        return None
    return values[::-1] if orientation >= 5 else values


def _page_tags(file: tifffile.TiffFile, page: Any, is_upright: bool) -> PageTags:
    copied = [tag for tag in page.tags if tag.code not in _NOT_COPIED and (is_upright or tag.code != _XMP)]
    raw = {}
    for tag in [*copied, page.tags.get(270)]:
        if tag is not None:
            file.filehandle.seek(tag.valueoffset)
            raw[tag.code] = file.filehandle.read(tag.valuebytecount)
    # Without further pages, tifffile's description of a stack says so; the planes get pages now.
    description = re.sub(rb'"truncated": true, |, "truncated": true', b"", raw.get(270, b"").rstrip(b"\0"))
    return PageTags(description or None,
                    tuple((tag.code, int(tag.dtype), tag.count, raw[tag.code], False) for tag in copied))


def dpi_of(details: TiffDetails) -> tuple[float, float] | None:
    """Horizontal and vertical resolution in pixels per inch, where the file gives one in units of length."""
    if details.resolution is None or details.resolution_unit not in (2, 3):
        return None
    per_inch = _CENTIMETRES_PER_INCH if details.resolution_unit == 3 else 1.0
    horizontal, vertical = (per_inch * above / below for above, below in details.resolution)
    return (horizontal, vertical) if horizontal > 0 and vertical > 0 else None
