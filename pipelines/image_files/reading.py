"""Any supported file to a Picture."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import numpy as np

from pipelines.errors import InputError
from pipelines.image_files import exif, formats
from pipelines.image_files.colours import decode
from pipelines.image_files.picture import Decoded, Picture, Stored
from pipelines.image_files.size_limit import PIXEL_LIMIT


def read_picture(path: str | os.PathLike[str], *, allow_large: bool = False) -> Picture:
    """Read a picture, or a TIFF stack, with all that `write_picture` needs to write it back.

    Upright: the EXIF orientation has been applied. Palettes, CMYK, 1-bit samples and number types that the
    networks do not take have become RGB or gray `pixels`; the samples themselves are kept beside them.

    Args:
        path: A PNG, JPEG, TIFF, WebP or BMP file, told by its content and not by its name.
        allow_large: Also read more than 200 megapixels.

    Returns:
        The picture; its arrays are its own and read-only.

    Raises:
        InputError: If the file is missing, unreadable, damaged, too large, not supported or holds values
            that are not finite.
    """
    return read_limited(Path(path), None if allow_large else PIXEL_LIMIT)


def read_limited(path: Path, limit: int | None) -> Picture:
    """`read_picture` with the limit as a number of pixels; None for any number."""
    decoded = _decoded(path, limit)
    samples = exif.upright(decoded.samples, decoded.orientation)
    stored = None if decoded.colours is None else Stored(samples, decoded.colours)
    if stored is not None:
        pixels, alpha = decode(stored)
    else:
        colour_channels = 3 if samples.shape[-1] > 2 else 1
        pixels = samples[..., :colour_channels]
        alpha = samples[..., colour_channels:] if samples.shape[-1] > colour_channels else None
    for values in (pixels, alpha):
        _check_finite(path, values)
    is_stack = len(samples) > 1
    return Picture(
        pixels=_squeezed(pixels, is_stack), alpha=None if alpha is None else _squeezed(alpha, is_stack),
        is_stack=is_stack, path=path, icc_profile=decoded.icc_profile, exif=decoded.exif,
        dpi=decoded.dpi, stored=stored, details=decoded.details)


def _decoded(path: Path, limit: int | None) -> Decoded:
    file_format = formats.by_content(path)
    decoder = _decoder(file_format)
    try:
        return decoder(path, file_format, limit)
    except InputError:
        raise
    except MemoryError as error:
        raise InputError(path, f"takes more memory than there is ({error})",
                         "give a smaller picture or use a larger machine") from error
    except Exception as error:  # on damaged data decoders raise errors of nearly every kind
        raise InputError(path, f"is a damaged or incomplete {file_format.name} file ({error})",
                         "copy or export it again") from error


def _decoder(file_format: formats.Format) -> Callable[[Path, formats.Format, int | None], Decoded]:
    if file_format is formats.TIFF:
        from pipelines.image_files import tiff_reading  # slow to import, and few pictures need it

        return tiff_reading.read
    from pipelines.image_files import pillow_reading

    return pillow_reading.read


def _check_finite(path: Path, values: np.ndarray | None) -> None:
    if values is None or values.dtype.kind != "f" or np.isfinite(values).all():
        return
    missing = int(np.isnan(values).sum())
    infinite = int(np.isinf(values).sum())
    raise InputError(path, f"holds {missing + infinite} values that are not finite numbers ({missing} NaN, "
                     f"{infinite} infinite) among {values.size}", "replace them by numbers")


def _squeezed(values: np.ndarray, is_stack: bool) -> np.ndarray:
    """(N, H, W, C) without the axes of length 1 that stand for no stack and no colours, safe from changes."""
    values = values if is_stack else values[0]
    values = np.ascontiguousarray(values if values.shape[-1] == 3 else values[..., 0])
    values.flags.writeable = False
    return values
