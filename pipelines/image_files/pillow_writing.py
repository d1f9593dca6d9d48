"""Writes PNG, JPEG, WebP and BMP files, without loss where the format can."""

from __future__ import annotations

import struct
from collections.abc import Callable
from io import BytesIO
from pathlib import Path
from typing import Any

import imagecodecs
import numpy as np
from PIL import Image

from pipelines.image_files import exif, png_chunks
from pipelines.image_files.colours import Bilevel, Colours, Inks, Palette
from pipelines.image_files.details import JpegDetails, PngDetails
from pipelines.image_files.formats import BMP, JPEG, PNG, WEBP, Format
from pipelines.image_files.picture import Picture

_JPEG_WITHOUT_MODEL = {"quality": 95, "subsampling": 0}  # 0 is 4:4:4


def write(path: Path, file_format: Format, samples: np.ndarray, colours: Colours | None,
          like: Picture) -> None:
    """Encode samples to a PNG, JPEG, WebP or BMP file.

    Args:
        path: Written directly; the caller sees to it that a half-written file does no harm.
        file_format: What to write.
        samples: (1, H, W, C).
        colours: What the samples mean; None for gray, gray + alpha, RGB or RGBA.
        like: The picture whose metadata go along.

    Raises:
        OSError: If the file cannot be written.
    """
    _WRITERS[file_format](path, samples[0], colours, like)


def _write_png(path: Path, samples: np.ndarray, colours: Colours | None, like: Picture) -> None:
    if samples.dtype == np.uint16:
        # Unlike opencv, imagecodecs also writes gray with alpha.
        png = bytes(imagecodecs.png_encode(samples[..., 0] if samples.shape[-1] == 1 else samples))
    else:
        options: dict[str, Any] = {}
        if isinstance(colours, Palette) and colours.alphas is not None:
            options["transparency"] = colours.alphas.tobytes()
        stream = BytesIO()
        _image(samples, colours).save(stream, "PNG", **options)
        png = stream.getvalue()
    chunks = png_chunks.metadata_chunks(like.icc_profile, like.exif, like.dpi)
    if isinstance(like.details, PngDetails):
        chunks += like.details.chunks
    with path.open("wb") as file:
        file.writelines(png_chunks.insert_chunks(png, chunks))


def _write_jpeg(path: Path, samples: np.ndarray, colours: Colours | None, like: Picture) -> None:
    # With the source's own tables and subsampling, blocks that did not change decode to what they were.
    options = like.details.options if isinstance(like.details, JpegDetails) else _JPEG_WITHOUT_MODEL
    _save(path, "JPEG", _image(samples, colours), like, **options)


def _write_webp(path: Path, samples: np.ndarray, colours: Colours | None, like: Picture) -> None:
    # Always lossless, and `exact`, which keeps the colours of invisible pixels: what a lossy file decoded
    # to would otherwise change everywhere.
    _save(path, "WEBP", _image(_with_three_colours(samples), colours), like, lossless=True, exact=True)


def _write_bmp(path: Path, samples: np.ndarray, colours: Colours | None, like: Picture) -> None:
    if samples.shape[-1] in (2, 4):
        with path.open("wb") as file:
            file.writelines(_bmp_with_alpha(_with_three_colours(samples), like.dpi))
    else:
        _save(path, "BMP", _image(samples, colours), like)


_WRITERS: dict[Format, Callable[[Path, np.ndarray, Colours | None, Picture], None]] = {
    PNG: _write_png, JPEG: _write_jpeg, WEBP: _write_webp, BMP: _write_bmp}


def _save(path: Path, name: str, image: Image.Image, like: Picture, **options: Any) -> None:
    if like.icc_profile is not None:
        options["icc_profile"] = like.icc_profile
    if like.exif is not None:
        options["exif"] = exif.MARK + like.exif
    if like.dpi is not None:
        options["dpi"] = like.dpi
    with path.open("wb") as file:
        image.save(file, name, **options)


def _image(samples: np.ndarray, colours: Colours | None) -> Image.Image:
    height, width, channels = samples.shape
    data = np.ascontiguousarray(samples)
    if isinstance(colours, Bilevel):
        return Image.fromarray(data[..., 0] * np.uint8(255)).convert("1", dither=Image.Dither.NONE)
    if isinstance(colours, Palette):
        image = Image.frombytes("P", (width, height), data.tobytes())
        image.putpalette(colours.table.tobytes())
        return image
    if isinstance(colours, Inks):
        return Image.frombytes("CMYK", (width, height), data.tobytes())
    return Image.fromarray(data[..., 0] if channels == 1 else data)


def _with_three_colours(samples: np.ndarray) -> np.ndarray:
    """Gray as RGB, for formats that have no gray (with alpha)."""
    gray_channels = {1: [0, 0, 0], 2: [0, 0, 0, 1]}.get(samples.shape[-1])
    return samples if gray_channels is None else samples[..., gray_channels]


def _bmp_with_alpha(samples: np.ndarray, dpi: tuple[float, float] | None) -> list[bytes]:
    """A BMP file of RGBA samples (H, W, 4). Pillow and opencv write one whose alpha no reader looks at: that
    takes the fourth version of the header, which gives each channel its bits.

    Reference: BITMAPV4HEADER in Microsoft's documentation of the Windows GDI.
    """
    height, width = samples.shape[:2]
    pixels = samples[::-1, :, [2, 1, 0, 3]].tobytes()
    per_metre = [round(value / png_chunks.METRES_PER_INCH) for value in dpi or (96, 96)]
    header_length, bit_fields = 108, 3
    header = struct.pack("<IiiHHIIiiII", header_length, width, height, 1, 32, bit_fields, len(pixels),
                         *per_metre, 0, 0)
    header += struct.pack("<4I4s48x", 0xFF0000, 0xFF00, 0xFF, 0xFF000000, b"BGRs")
    start = 14 + len(header)
    return [struct.pack("<2sIHHI", b"BM", start + len(pixels), 0, 0, start), header, pixels]
