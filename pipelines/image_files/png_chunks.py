"""PNG chunks: metadata that neither Pillow nor imagecodecs carries over for every kind of PNG.

Reference: PNG specification, third edition, sections 5 (structure) and 11 (chunks).
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterable
from pathlib import Path

SIGNATURE_LENGTH = 8
HEADER_LENGTH = 33  # the signature and the IHDR chunk, which is always first
# What the samples mean as colours, and texts. An XMP packet is left out: it repeats the orientation.
KEPT = (b"gAMA", b"cHRM", b"sRGB", b"cICP", b"tEXt", b"zTXt", b"iTXt")
METRES_PER_INCH = 0.0254

Chunk = tuple[bytes, bytes]


def read_chunks(path: Path) -> list[Chunk]:
    """Name and content of each chunk of a PNG file but the pixel data; ends quietly where the file does."""
    chunks = []
    with path.open("rb") as file:
        file.seek(SIGNATURE_LENGTH)
        while len(start := file.read(8)) == 8:
            length, name = struct.unpack(">I4s", start)
            if name in (b"IDAT", b"fdAT"):
                file.seek(length + 4, 1)
            else:
                chunks.append((name, file.read(length)))
                file.seek(4, 1)
    return chunks


def bit_depth(chunks: Iterable[Chunk]) -> int:
    """Bits per channel (per index in a palette image)."""
    return dict(chunks)[b"IHDR"][8]


def kept_chunks(chunks: Iterable[Chunk]) -> tuple[Chunk, ...]:
    """Those that go unchanged from one PNG into the next."""
    return tuple((name, content) for name, content in chunks
                 if name in KEPT and not content.startswith((b"XML:com.adobe.xmp", b"Raw profile type")))


def metadata_chunks(icc_profile: bytes | None, exif: bytes | None,
                    dpi: tuple[float, float] | None) -> list[Chunk]:
    """The chunks that hold an ICC profile, EXIF data and a resolution."""
    chunks = []
    if icc_profile is not None:
        chunks.append((b"iCCP", b"ICC profile\0\0" + zlib.compress(icc_profile)))
    if dpi is not None:
        per_metre = [round(value / METRES_PER_INCH) for value in dpi]
        chunks.append((b"pHYs", struct.pack(">2IB", *per_metre, 1)))
    if exif is not None:
        chunks.append((b"eXIf", exif))
    return chunks


def insert_chunks(png: bytes, chunks: Iterable[Chunk]) -> list[bytes]:
    """The parts of a PNG file that has `chunks` after its header, to be written one after the other."""
    inserted = [b"".join([struct.pack(">I", len(content)), name, content,
                          struct.pack(">I", zlib.crc32(name + content))]) for name, content in chunks]
    return [png[:HEADER_LENGTH], *inserted, png[HEADER_LENGTH:]]
