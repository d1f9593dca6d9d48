"""Reads TIFF files with tifffile: single pictures and stacks, with the tags that say more than the pixels."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from PIL.TiffImagePlugin import TiffImageFile
from tifffile import COMPRESSION, PHOTOMETRIC

from pipelines.errors import InputError
from pipelines.image_files import exif, tiff_tags
from pipelines.image_files.colours import Bilevel, Colours, Inks, Numbers, Palette
from pipelines.image_files.details import TiffDetails
from pipelines.image_files.formats import Format
from pipelines.image_files.picture import DTYPES, Decoded
from pipelines.image_files.size_limit import check_size

# Its log says in other words, and on several lines, what becomes our one line.
logging.getLogger("tifffile").setLevel(logging.CRITICAL)

# Fax compressions and samples that do not fill bytes are beyond tifffile without imagecodecs, and with it
# for some pairs of versions only.
_FAX = (COMPRESSION.CCITTRLE, COMPRESSION.CCITT_T4, COMPRESSION.CCITT_T6)
_DECODED_TO_RGB = (COMPRESSION.JPEG, COMPRESSION.OJPEG)
# Fewest bytes of file per byte of samples that a stack may have before its size counts against the limit:
# noise hardly compresses, so real stacks stay far above it.
_LEAST_DENSITY = 0.01


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
        details = tiff_tags.details_of(file, series)
        if page.compression in _FAX or page.bitspersample not in (1, 8, 16, 32, 64):
            samples = _samples_by_pillow(path, [part.index for part in series.pages])
        else:
            samples = _channels_last(series.asarray(), page, details)
        orientation = int(page.tags.valueof(exif.ORIENTATION, 1))
        profile = page.tags.valueof(34675)
        described_by_software = file.is_imagej or file.is_ome or file.is_shaped
    exif_data = None if details.is_big else exif.from_tiff(path, with_description=not described_by_software)
    return Decoded(samples, colours, orientation if 1 <= orientation <= 8 else 1, profile,
                   exif.normalised(exif_data)[1], tiff_tags.dpi_of(details), details)


def _only_series(path: Path, file: tifffile.TiffFile) -> Any:
    """The one picture or stack that is not a preview or a mask of another."""
    len(file.pages)  # counting them first, tifffile notices pages that go round in circles; else it never ends
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
    if kind == "YCBCR" and channels == 3 and dtype == np.uint8 and page.compression in _DECODED_TO_RGB:
        return None
    if kind == "SEPARATED" and channels in (4, 5) and dtype.name in ("uint8", "uint16"):
        return Inks(page.tags.valueof(34675))
    if kind == "PALETTE" and channels == 1 and dtype.name in ("uint8", "uint16"):
        if np.shape(page.colormap) != (3, 2**page.bitspersample):
            raise ValueError("a palette without a colour for each index")
        return Palette((np.asarray(page.colormap).T >> 8).astype(np.uint8))
    raise InputError(path, f"has {channels} {dtype} samples per pixel of the kind {kind}, not supported",
                     "save it as gray or RGB")


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


def _samples_by_pillow(path: Path, pages: Sequence[int]) -> np.ndarray:
    """(N, H, W, C) of the pages, white as the highest value, fewer than 8 bits spread over the range of 8."""
    planes = []
    with path.open("rb") as file, TiffImageFile(file, str(path)) as image:
        for index in pages:
            image.seek(index)
            planes.append(np.asarray(image))
    samples = np.stack(planes)
    return samples.reshape((*samples.shape[:3], -1))
