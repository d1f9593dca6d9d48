"""Reads PNG, JPEG, WebP and BMP files: with Pillow, but for 16-bit PNG, which it would cut down to 8 bits."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import imagecodecs
import numpy as np
from PIL import Image
from PIL.BmpImagePlugin import BmpImageFile
from PIL.JpegImagePlugin import get_sampling, jpeg_factory
from PIL.PngImagePlugin import PngImageFile
from PIL.WebPImagePlugin import WebPImageFile

from pipelines.errors import InputError
from pipelines.image_files import exif, png_chunks
from pipelines.image_files.colours import Bilevel, Colours, Inks, Palette
from pipelines.image_files.details import JpegDetails, PngDetails
from pipelines.image_files.formats import BMP, JPEG, PNG, WEBP, Format
from pipelines.image_files.picture import Decoded
from pipelines.image_files.size_limit import check_size

# Image.open would check the size against a limit that is global to the process; these do not.
_OPENERS: dict[Format, Callable[..., Any]] = {
    PNG: PngImageFile, JPEG: jpeg_factory, WEBP: WebPImageFile, BMP: BmpImageFile}


def read(path: Path, file_format: Format, limit: int | None) -> Decoded:
    """Decode a PNG, JPEG, WebP or BMP file.

    Args:
        path: The file.
        file_format: What it is.
        limit: Most pixels that it may have; None for any number.

    Raises:
        InputError: If it is too large, animated or of a mode that is not supported.
        Exception: Of any kind, when the file is damaged.
    """
    with path.open("rb") as file, _opened(path, file, file_format) as image:
        check_size(path, image.size[::-1], limit)
        # A JPEG with further pictures is a photo with a preview or a gain map: the first is the photo.
        if file_format is not JPEG and getattr(image, "n_frames", 1) > 1:
            raise InputError(path, f"is an animation of {image.n_frames} frames",
                             "split it into single pictures first")
        exif_data = image.info.get("exif")
        details: PngDetails | JpegDetails | None = None
        samples, colours = None, None
        if file_format is PNG:
            chunks = png_chunks.read_chunks(path)
            exif_data = dict(chunks).get(b"eXIf")  # in Pillow's info only when it comes before the pixels
            details = PngDetails(png_chunks.kept_chunks(chunks))
            if png_chunks.bit_depth(chunks) == 16:
                samples = imagecodecs.png_decode(path.read_bytes())
        elif file_format is JPEG:
            details = _jpeg_details(image)
        if samples is None:
            samples, colours = _samples_and_colours(path, image)
        orientation, exif_data = exif.normalised(exif_data)
        return Decoded(samples.reshape((1, *samples.shape[:2], -1)), colours, orientation,
                       image.info.get("icc_profile") or None, exif_data, _dpi(image, orientation), details)


def _opened(path: Path, file: BinaryIO, file_format: Format) -> Any:
    try:
        return _OPENERS[file_format](file, str(path))
    except SyntaxError as error:  # Pillow's way of saying so, for a size of zero as well
        raise InputError(path, f"its {file_format.name} header is damaged, incomplete or that of a picture "
                         "without pixels", "copy or export it again") from error
    except Image.DecompressionBombError as error:  # its WebP opener has a limit of its own after all
        raise InputError(path, f"has more pixels than can be read from a {file_format.name} file",
                         "convert it to PNG or TIFF") from error


def _samples_and_colours(path: Path, image: Any) -> tuple[np.ndarray, Colours | None]:
    transparency = image.info.get("transparency")
    if image.mode == "P":
        return np.asarray(image), _palette(image, transparency)
    if image.mode == "CMYK":
        samples = np.asarray(image)
        # Pillow takes every CMYK JPEG for Adobe's, whose samples are inverted.
        return samples if "adobe" in image.info else ~samples, Inks(image.info.get("icc_profile"))
    if image.mode in ("1", "L", "RGB") and transparency is not None:
        return np.asarray(image.convert("RGBA" if image.mode == "RGB" else "LA")), None
    if image.mode == "1":
        return np.asarray(image), Bilevel()
    if image.mode in ("L", "LA", "RGB", "RGBA"):
        return np.asarray(image), None
    raise InputError(path, f"has the colour mode {image.mode}, which is not supported",
                     "save it as gray or RGB")


def _palette(image: Any, transparency: bytes | int | None) -> Palette:
    indices = np.asarray(image)
    colours = np.array(image.getpalette("RGB"), np.uint8).reshape(-1, 3)
    table = np.zeros((max(len(colours), int(indices.max()) + 1), 3), np.uint8)
    table[:len(colours)] = colours
    if transparency is None:
        return Palette(table)
    alphas = np.full(len(table), 255, np.uint8)
    if isinstance(transparency, bytes):
        known = np.frombuffer(transparency, np.uint8)[:len(table)]
        alphas[:len(known)] = known
    elif transparency < len(table):
        alphas[transparency] = 0
    return Palette(table, alphas)


def _jpeg_details(image: Any) -> JpegDetails:
    return JpegDetails({
        "qtables": image.quantization,
        "subsampling": max(0, get_sampling(image)),  # -1: unusual, which the encoder cannot repeat
        "progressive": bool(image.info.get("progressive")),
        "keep_rgb": image.mode == "RGB" and image.info.get("adobe_transform") == 0,
    })


def _dpi(image: Any, orientation: int) -> tuple[float, float] | None:
    horizontal, vertical = map(float, image.info.get("dpi", (0, 0)))
    if not (0 < horizontal < 1e6 and 0 < vertical < 1e6):
        return None
    return (vertical, horizontal) if orientation >= 5 else (horizontal, vertical)
