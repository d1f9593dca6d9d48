"""Writes TIFF files with tifffile, page by page as the source had them."""

from __future__ import annotations

import mmap
import struct
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import tifffile
from tifffile import COMPRESSION, EXTRASAMPLE, PHOTOMETRIC

from pipelines.image_files import exif
from pipelines.image_files.colours import Colours, Inks, Palette
from pipelines.image_files.details import PageTags, TiffDetails
from pipelines.image_files.formats import Format
from pipelines.image_files.picture import Picture
from pipelines.image_files.tiff_reading import inverted

_LOSSLESS = (COMPRESSION.NONE, COMPRESSION.LZW, COMPRESSION.ADOBE_DEFLATE, COMPRESSION.PACKBITS,
             COMPRESSION.LZMA, COMPRESSION.ZSTD)
_WITH_PREDICTOR = (COMPRESSION.LZW, COMPRESSION.ADOBE_DEFLATE, COMPRESSION.LZMA, COMPRESSION.ZSTD)
_BIG = 2**32 - 2**25  # bytes of samples from which offsets may no longer fit into 32 bits
_LONG = 4  # the type of a pointer to a directory


def write(path: Path, file_format: Format, samples: np.ndarray, colours: Colours | None,
          like: Picture) -> None:
    """Encode samples to a TIFF file.

    The pages, their order, descriptions and further tags are those of the source, so that whatever named
    its axes (ImageJ, OME-XML, tifffile's own description) names them still.

    Args:
        path: Written directly; the caller sees to it that a half-written file does no harm.
        file_format: TIFF.
        samples: (N, H, W, C).
        colours: What the samples mean; None for gray, gray + alpha, RGB or RGBA.
        like: The picture whose layout and metadata go along.

    Raises:
        OSError: If the file cannot be written.
    """
    details = like.details if isinstance(like.details, TiffDetails) else _details_of(like)
    is_big = details.is_big or samples.nbytes > _BIG
    arguments = _arguments(samples, colours, details)
    arguments["iccprofile"] = like.icc_profile
    pages = _pages(samples, details, arguments["photometric"])
    tags = details.pages + (PageTags(),) * (len(pages) - len(details.pages))
    order = details.order if len(details.order) == len(pages) else range(len(pages))
    # ome and imagej would make up a description; both would be guessed from the name of the file
    with tifffile.TiffWriter(path, bigtiff=is_big, byteorder=details.byte_order,
                             ome=False, imagej=False) as file:
        for index in order:
            file.write(pages[index], description=tags[index].description, extratags=tags[index].extra,
                       **arguments)
    if like.exif is not None and not is_big:
        _append_directories(path, like.exif)


def _details_of(like: Picture) -> TiffDetails:
    """The layout for a picture from a file of another format: what its EXIF data tell becomes TIFF tags."""
    details = TiffDetails()
    if like.dpi is not None:
        details = replace(details, resolution=like.dpi, resolution_unit=2)
    if like.exif is not None:
        found = [entry for entry in exif.directory(like.exif)[0] if entry.code in exif.DESCRIPTIVE_TAGS]
        values = {entry.code: like.exif[entry.value_position:][:entry.value_length] for entry in found}
        description = values.pop(270, None)
        tags = PageTags(None if description is None else description.rstrip(b"\0"),
                        tuple((entry.code, entry.kind, entry.values, values[entry.code], False)
                              for entry in found if entry.code in values))
        details = replace(details, byte_order=exif.byte_order(like.exif), pages=(tags,))
    return details


def _arguments(samples: np.ndarray, colours: Colours | None, details: TiffDetails) -> dict[str, Any]:
    """Those of `TiffWriter.write` that are the same for all pages."""
    channels = samples.shape[-1]
    is_planar = details.is_planar and (channels > 1 or details.planes_per_page > 1)
    compression = details.compression if details.compression in _LOSSLESS else COMPRESSION.ADOBE_DEFLATE
    photometric, colour_channels = _photometric(samples, colours, details)
    if details.planes_per_page > 1:
        channels = details.planes_per_page
    extra = details.extra_samples
    if len(extra) != channels - colour_channels:
        extra = (EXTRASAMPLE.UNASSALPHA,) * (channels - colour_channels)
    return {
        "photometric": photometric, "extrasamples": extra or None,
        "planarconfig": None if channels == 1 else "separate" if is_planar else "contig",
        "colormap": _colour_map(colours, samples.dtype, details) if isinstance(colours, Palette) else None,
        "compression": compression, "tile": details.tile,
        "predictor": details.predictor if compression in _WITH_PREDICTOR and details.predictor > 1 else None,
        "resolution": details.resolution, "resolutionunit": details.resolution_unit,
        "metadata": None, "software": False, "contiguous": False,
    }


def _photometric(samples: np.ndarray, colours: Colours | None, details: TiffDetails) -> tuple[int, int]:
    """PhotometricInterpretation, and how many channels it takes."""
    channels = samples.shape[-1]
    if isinstance(colours, Inks):
        return PHOTOMETRIC.SEPARATED, 4
    if isinstance(colours, Palette):
        return PHOTOMETRIC.PALETTE, 1
    if details.planes_per_page > 1:
        return PHOTOMETRIC.RGB, 3
    if channels in (3, 4) and details.photometric != PHOTOMETRIC.MINISBLACK:
        return PHOTOMETRIC.RGB, 3
    if details.photometric == PHOTOMETRIC.MINISWHITE:
        return PHOTOMETRIC.MINISWHITE, 1
    return PHOTOMETRIC.MINISBLACK, 1


def _pages(samples: np.ndarray, details: TiffDetails, photometric: int) -> np.ndarray:
    """The samples with one page per item of the first axis, each laid out as `TiffWriter.write` takes it."""
    if photometric == PHOTOMETRIC.MINISWHITE:
        samples = inverted(samples)
    if details.planes_per_page > 1:
        return samples.reshape(-1, details.planes_per_page, *samples.shape[1:3])
    if samples.shape[-1] == 1:
        return samples[..., 0]
    return np.moveaxis(samples, -1, 1) if details.is_planar else samples


def _colour_map(palette: Palette, dtype: np.dtype, details: TiffDetails) -> np.ndarray:
    """A colour for every index that `dtype` can hold, in 16 bits as TIFF has it."""
    known = palette.table.T * np.uint16(257) if details.colour_map is None else details.colour_map
    colour_map = np.zeros((3, 2 ** (8 * dtype.itemsize)), np.uint16)
    colours = min(known.shape[1], colour_map.shape[1])
    colour_map[:, :colours] = known[:, :colours]
    return colour_map


def _append_directories(path: Path, data: bytes) -> None:
    """Put the EXIF and GPS directories, which tifffile does not write, at the end and point to them.

    The first page's directory grows by their pointers, so that it, too, moves to the end.
    """
    with path.open("r+b") as file, mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content:
        order = exif.byte_order(content)
        entries, position_of_next = exif.directory(content)
        records = {entry.code: content[entry.position:entry.position + 12] for entry in entries}
        end = len(content) + len(content) % 2
        file.seek(end)
        for code in (exif.EXIF_DIRECTORY, exif.GPS_DIRECTORY):
            made = exif.directory_bytes(data, code, end)
            if made is not None:
                file.write(made)  # of even length, so that the next one starts at a word as well
                records[code] = struct.pack(order + "HHII", code, _LONG, 1, end)
                end = file.tell()
        file.write(struct.pack(order + "H", len(records)))
        file.writelines(records[code] for code in sorted(records))
        file.write(content[position_of_next:position_of_next + 4])
        file.seek(4)
        file.write(struct.pack(order + "I", end))
