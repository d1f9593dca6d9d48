"""EXIF data: orientation, and how the data travel between JPEG, PNG, WebP and TIFF.

EXIF data are a small TIFF file without pixels. They are patched in place rather than parsed and written
anew: maker notes hold offsets that only stay right while nothing moves.

Reference: CIPA DC-008 (Exif 2.3), section 4.5; TIFF 6.0, section 2.
"""

from __future__ import annotations

import mmap
import struct
import warnings
from pathlib import Path
from typing import Any, Literal, NamedTuple, Union

import numpy as np
from PIL import Image
from PIL.TiffImagePlugin import ImageFileDirectory_v2

MARK = b"Exif\0\0"
ORIENTATION, EXIF_DIRECTORY, GPS_DIRECTORY = 0x0112, 0x8769, 0x8825
_THUMBNAIL_OFFSET, _THUMBNAIL_LENGTH = 0x0201, 0x0202
# Description, make, model, software, date, artist, host computer, copyright: the tags of a TIFF's
# directory that tell of the photo and not of how its pixels are stored.
DESCRIPTIVE_TAGS = (270, 271, 272, 305, 306, 315, 316, 33432)
_INTEROPERABILITY = 0xA005
_TYPE_SIZES = {1: 1, 2: 1, 3: 2, 4: 4, 5: 8, 6: 1, 7: 1, 8: 2, 9: 4, 10: 8, 11: 4, 12: 8, 13: 4}


Buffer = Union[bytes, bytearray, mmap.mmap]


class Entry(NamedTuple):
    """One tag of a directory: number, type, number of values, where it stands, where its values stand."""

    code: int
    kind: int
    values: int
    position: int
    value_position: int
    value_length: int


def byte_order(data: Buffer) -> Literal["<", ">"]:
    """'<' or '>', as `struct` wants it, of anything that starts with a TIFF header."""
    return ">" if data[:2] == b"MM" else "<"


def directory(data: Buffer, position_of_offset: int = 4) -> tuple[list[Entry], int]:
    """The entries of the directory whose offset stands at a position, and where that of the next one does.

    Raises:
        ValueError, struct.error: If `data` are broken.
    """
    order = byte_order(data)
    start, = struct.unpack_from(order + "I", data, position_of_offset)
    count, = struct.unpack_from(order + "H", data, start)
    entries = []
    for position in range(start + 2, start + 2 + 12 * count, 12):
        code, kind, items, value = struct.unpack_from(order + "HHII", data, position)
        length = _TYPE_SIZES.get(kind, 1) * items
        value_position = position + 8 if length <= 4 else value
        if value_position + length > len(data):
            raise ValueError(f"EXIF tag {code} lies outside of the EXIF data")
        entries.append(Entry(code, kind, items, position, value_position, length))
    return entries, start + 2 + 12 * count


def normalised(data: bytes | None) -> tuple[int, bytes | None]:
    """The orientation that EXIF data ask for, and the data with orientation 1 and without a thumbnail.

    Data that cannot be read count as none: they could not be kept truthful.

    Args:
        data: EXIF data, with or without the mark that JPEG puts in front.

    Returns:
        Orientation, 1 to 8, and the patched data or None.
    """
    if not data:
        return 1, None
    patched = bytearray(data[len(MARK):] if data.startswith(MARK) else data)
    try:
        entries, position_of_next = directory(patched)
        orientation = 1
        for entry in entries:
            if entry.code == ORIENTATION:
                orientation, = struct.unpack_from(byte_order(patched) + "H", patched, entry.value_position)
                struct.pack_into(byte_order(patched) + "H", patched, entry.value_position, 1)
    except (ValueError, struct.error):
        return 1, None
    _remove_thumbnail(patched, position_of_next)
    return (orientation if 1 <= orientation <= 8 else 1), bytes(patched)


def _remove_thumbnail(data: bytearray, position_of_next: int) -> None:
    """Unlink the thumbnail's directory and erase the thumbnail, which shows the unrestored picture."""
    order = byte_order(data)
    if position_of_next + 4 > len(data):
        return
    try:
        values = {entry.code: struct.unpack_from(order + "I", data, entry.value_position)[0]
                  for entry in directory(data, position_of_next)[0] if entry.kind == 4}
        start = values[_THUMBNAIL_OFFSET]
        end = start + values[_THUMBNAIL_LENGTH]
    except (KeyError, ValueError, struct.error):
        start = end = 0
    struct.pack_into(order + "I", data, position_of_next, 0)
    if position_of_next + 4 < start < end:
        if end >= len(data):
            del data[start:]
        else:
            data[start:end] = bytes(end - start)


def upright(samples: np.ndarray, orientation: int) -> np.ndarray:
    """A view of `samples` (N, H, W, C) turned and mirrored as EXIF `orientation` (1 to 8) asks."""
    if orientation >= 5:
        samples = samples.swapaxes(1, 2)
    if orientation in (3, 4, 7, 8):
        samples = samples[:, ::-1]
    if orientation in (2, 3, 6, 7):
        samples = samples[:, :, ::-1]
    return samples


def from_tiff(path: Path, *, with_description: bool) -> bytes | None:
    """EXIF data made of what a TIFF file tells about the photo; None when that is nothing or broken."""
    kept = Image.Exif()
    try:
        # Pillow warns of tags that other programs write in their own way, which does not matter here.
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")
            found = Image.Exif()
            found.load_from_fp(file)
            kept.endian = found.endian
            for code in DESCRIPTIVE_TAGS[0 if with_description else 1:]:
                if code in found:
                    kept[code] = found[code]
            for code in (EXIF_DIRECTORY, GPS_DIRECTORY):
                if values := _values(found, code):
                    kept[code] = values
            return kept.tobytes()[len(MARK):] if len(kept) else None
    except (OSError, SyntaxError, ValueError, TypeError, LookupError, struct.error):
        return None


def directory_bytes(data: bytes, code: int, offset: int) -> bytes | None:
    """The directory that tag `code` of EXIF data points to, made to stand at `offset` of a TIFF file."""
    source = Image.Exif()
    source.load(MARK + data)
    if not (values := _values(source, code)):
        return None
    written = ImageFileDirectory_v2(ifh=data[:4] + struct.pack(byte_order(data) + "I", 8))
    for tag, value in values.items():
        written[tag] = value
    return written.tobytes(offset)


def _values(source: Image.Exif, code: int) -> dict[int, Any]:
    """The directory behind tag `code`; the one that it points to in turn takes the place of the pointer."""
    values = dict(source.get_ifd(code))
    if values.pop(_INTEROPERABILITY, None) is not None and (pointed_to := source.get_ifd(_INTEROPERABILITY)):
        values[_INTEROPERABILITY] = dict(pointed_to)
    return values
