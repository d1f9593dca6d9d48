"""Reads TIFF files with tifffile: single pictures and stacks, with the tags that say more than the pixels."""

from __future__ import annotations

import logging
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from PIL.TiffImagePlugin import TiffImageFile
from tifffile import COMPRESSION, PHOTOMETRIC, PLANARCONFIG

from pipelines.errors import InputError
from pipelines.image_files import exif
from pipelines.image_files.colours import Bilevel, Colours, Inks, Numbers, Palette
from pipelines.image_files.details import PageTags, TiffDetails
from pipelines.image_files.formats import Format
from pipelines.image_files.picture import DTYPES, Decoded
from pipelines.image_files.size_limit import check_size

# Its log says in other words, and on several lines, what becomes our one line.
logging.getLogger("tifffile").setLevel(logging.CRITICAL)

# Fax compressions and samples that do not fill bytes are beyond tifffile without imagecodecs, and with it
# for some pairs of versions only.
_FAX = (COMPRESSION.CCITTRLE, COMPRESSION.CCITT_T4, COMPRESSION.CCITT_T6)
_CENTIMETRES_PER_INCH = 2.54
# Fewest bytes of file per byte of samples that a stack may have before its size counts against the limit:
# noise hardly compresses, so real stacks stay far above it.
_LEAST_DENSITY = 0.01
_XMP = 700
# How the pixels are stored (the writer decides that anew), offsets into the file, what has an argument of
# its own in the writer, the orientation, and Photoshop's layers and previews of the picture as it was.
_NOT_COPIED = {*range(254, 260), 262, 263, 266, 270, 273, 274, *range(277, 285), 288, 289, *range(290, 294),
               296, *range(317, 326), 330, *range(338, 342), 347, *range(512, 522), *range(529, 533),
               34377, 34665, 34675, 34853, 37724, 40965}


def read(path: Path, file_format: Format, limit: int | None) -> Decoded:
    """Decode a TIFF file: one picture, or a stack of planes of one kind.

    Args:
        path: The file.
        file_format: TIFF.
        limit: Most pixels that it may have; None for any number.

    Returns:
        Samples (N, H, W, C), N planes in the order of the file's own axes.

    Raises:
        InputError: If it is too large, cut short, holds unlike pictures or samples that are not supported.
        Exception: Of any kind, when the file is damaged otherwise.
    """
    with tifffile.TiffFile(path) as file:
        series = _only_series(path, file)
        page = series.keyframe
        _check_extent(path, series, limit)
        colours = _colours(path, page)
        details = _details(file, series)
        if page.compression in _FAX or page.bitspersample not in (1, 8, 16, 32, 64):
            samples = _samples_by_pillow(path, details.order)
        else:
            samples = _channels_last(series.asarray(), page, details)
        orientation = int(page.tags.valueof(exif.ORIENTATION, 1))
        profile = page.tags.valueof(34675)
        described_by_software = file.is_imagej or file.is_ome or file.is_shaped
    exif_data = None if details.is_big else exif.from_tiff(path, with_description=not described_by_software)
    return Decoded(samples, colours, orientation if 1 <= orientation <= 8 else 1, profile,
                   exif.normalised(exif_data)[1], _dpi(details), details)


def _only_series(path: Path, file: tifffile.TiffFile) -> Any:
    """The one picture or stack that is not a preview or a mask of another."""
    found = [series for series in file.series
             if not (series.keyframe.is_reduced or series.keyframe.is_mask)] or list(file.series)
    if len(found) == 1 and found[0].is_multifile:
        raise InputError(path, "is one part of a picture spread over several files", "join them into one")
    if len(found) > 1:
        raise InputError(path, f"holds {len(found)} pictures of different sizes or kinds",
                         "split it into one file each")
    if not found:
        raise InputError(path, "holds no picture, or is cut short", "copy or export it again")
    if found[0].keyframe.imagedepth > 1:
        raise InputError(path, "keeps a whole volume in one page", "save each plane as a page of its own")
    return found[0]


def _check_extent(path: Path, series: Any, limit: int | None) -> None:
    page = series.keyframe
    check_size(path, (page.imagelength, page.imagewidth), limit)
    length = path.stat().st_size
    if limit is not None and series.nbytes * _LEAST_DENSITY > length:
        check_size(path, (series.size // (page.imagewidth * page.samplesperpixel), page.imagewidth), limit)
    if series.dataoffset is not None:
        end = series.dataoffset + series.nbytes
    else:
        end = max(offset + count for part in series.pages if part is not None
                  for offset, count in zip(part.dataoffsets, part.databytecounts))
    if end > length or None in list(series.pages):
        raise InputError(path, f"is cut short: {length} bytes, but pixels up to byte {end}",
                         "copy or export it again")


def _colours(path: Path, page: Any) -> Colours | None:
    """What the samples of a page mean; None for plain gray or RGB, with or without alpha."""
    channels, dtype = page.samplesperpixel, page.dtype
    kind = getattr(page.photometric, "name", str(page.photometric))
    if dtype is None or dtype.kind not in "biuf" or dtype in (np.int64, np.uint64):
        raise InputError(path, f"has samples of type {dtype}", "save it as uint8, uint16 or float32")
    has_alpha = channels in (2, 4) and (kind == "RGB" or page.extrasamples[-1:] in ((1,), (2,)))
    plain = channels - has_alpha in (1, 3)
    if kind in ("MINISBLACK", "MINISWHITE", "RGB") and plain:
        if dtype == bool and channels == 1:
            return Bilevel()
        if dtype != bool:
            return None if dtype.name in DTYPES else Numbers(has_alpha)
    if kind == "YCBCR" and channels == 3 and page.compression in (COMPRESSION.JPEG, COMPRESSION.OJPEG):
        return None  # decoded to RGB
    if kind == "SEPARATED" and channels in (4, 5) and dtype.name in ("uint8", "uint16"):
        return Inks(page.tags.valueof(34675))
    if kind == "PALETTE" and channels == 1 and dtype.name in ("uint8", "uint16"):
        return Palette((np.asarray(page.colormap).T >> 8).astype(np.uint8))
    raise InputError(path, f"has {channels} {dtype} samples per pixel of the kind {kind}, not supported",
                     "save it as gray or RGB")


def _details(file: tifffile.TiffFile, series: Any) -> TiffDetails:
    page = series.keyframe
    pages = [part.aspage() for part in series.pages]
    planar = page.planarconfig == PLANARCONFIG.SEPARATE and page.samplesperpixel > 1
    # tifffile writes a stack of 3 or 4 planes as one planar RGB page unless told otherwise; the name of the
    # axis then tells that they are planes all the same.
    planes_are_samples = planar and page.photometric == PHOTOMETRIC.RGB and series.axes[-3] != "S"
    orientation = page.tags.valueof(exif.ORIENTATION, 1)
    resolution = [page.tags.valueof(code) for code in (282, 283)]
    return TiffDetails(
        byte_order=file.byteorder, is_big=file.is_bigtiff,
        photometric=int(page.photometric), is_planar=planar,
        planes_per_page=page.samplesperpixel if planes_are_samples else 1,
        extra_samples=tuple(map(int, page.extrasamples)), compression=int(page.compression),
        predictor=int(page.predictor),
        colour_map=page.colormap, tile=(page.tilelength, page.tilewidth) if page.is_tiled else None,
        resolution=None if None in resolution else tuple(resolution[::-1 if orientation >= 5 else 1]),
        resolution_unit=int(page.tags.valueof(296, 2)),
        pages=tuple(_page_tags(file, part, orientation == 1) for part in pages),
        # OME-XML may number the planes in another order than that of the file
        order=tuple(int(index) for index in np.argsort([part.index for part in pages], kind="stable")))


def _page_tags(file: tifffile.TiffFile, page: Any, is_upright: bool) -> PageTags:
    copied = [tag for tag in page.tags if tag.code not in _NOT_COPIED and (is_upright or tag.code != _XMP)]
    raw = {}
    for tag in [*copied, page.tags.get(270)]:
        if tag is not None:
            file.filehandle.seek(tag.valueoffset)
            raw[tag.code] = file.filehandle.read(tag.valuebytecount)
    # Without further pages, tifffile's description of a stack says so; the planes get pages now.
    description = raw.get(270, b"").rstrip(b"\0").replace(b', "truncated": true', b"")
    return PageTags(description or None,
                    tuple((tag.code, int(tag.dtype), tag.count, raw[tag.code], False) for tag in copied))


def inverted(samples: np.ndarray) -> np.ndarray:
    """Black for white where 0 is white, which is only defined for bool and unsigned samples."""
    return ~samples if samples.dtype.kind in "bu" else samples


def _channels_last(samples: np.ndarray, page: Any, details: TiffDetails) -> np.ndarray:
    height, width, channels = page.imagelength, page.imagewidth, page.samplesperpixel
    if details.planes_per_page > 1:
        return samples.reshape(-1, height, width, 1)
    if details.is_planar:
        samples = np.moveaxis(samples.reshape(-1, channels, height, width), 1, -1)
    samples = samples.reshape(-1, height, width, channels)
    return inverted(samples) if page.photometric == PHOTOMETRIC.MINISWHITE else samples


def _samples_by_pillow(path: Path, order: tuple[int, ...]) -> np.ndarray:
    """(N, H, W, C) of the pages, white as the highest value, fewer than 8 bits spread over the range of 8."""
    planes = []
    with path.open("rb") as file, TiffImageFile(file, str(path)) as image:
        for index in np.argsort(order):
            image.seek(int(index))
            planes.append(np.asarray(image))
    samples = np.stack(planes)
    return samples.reshape((*samples.shape[:3], -1))


def _dpi(details: TiffDetails) -> tuple[float, float] | None:
    if details.resolution is None or details.resolution_unit not in (2, 3):
        return None
    if 0 in sum(details.resolution, ()):  # numerators and denominators
        return None
    horizontal, vertical = (numerator / denominator for numerator, denominator in details.resolution)
    per_inch = _CENTIMETRES_PER_INCH if details.resolution_unit == 3 else 1.0
    return horizontal * per_inch, vertical * per_inch
