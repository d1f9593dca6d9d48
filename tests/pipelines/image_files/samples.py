"""What several tests of image files use."""

from __future__ import annotations

import struct
from pathlib import Path
from typing import Any

import numpy as np
import tifffile

from pipelines.images import Picture, read_picture, write_picture


def noise(shape: tuple[int, ...], dtype: str = "uint8", seed: int = 0) -> np.ndarray:
    """Every value that `dtype` can hold is equally likely; floats lie in [0, 1)."""
    rng = np.random.default_rng(seed)
    if np.dtype(dtype).kind == "f":
        return rng.random(shape).astype(dtype)
    if dtype == "bool":
        return rng.random(shape) < 0.5
    limits = np.iinfo(dtype)
    return rng.integers(limits.min, limits.max, shape, dtype=dtype, endpoint=True)


def copied(path: Path) -> Picture:
    """The picture at `path`, written back unchanged to out.tif beside it."""
    picture = read_picture(path)
    write_picture(path.with_name("out.tif"), picture.pixels, like=picture)
    return picture


def described(path: Path) -> tuple[Any, ...]:
    """All that a TIFF file says of its samples, and the samples."""
    with tifffile.TiffFile(path) as file:
        series, page = file.series[0], file.series[0].keyframe
        return ((series.kind, series.axes, series.shape, series.dtype, len(series.pages)),
                (page.photometric, page.planarconfig, page.extrasamples, page.compression, page.predictor,
                 page.is_tiled, file.byteorder, file.is_bigtiff), file.imagej_metadata, file.ome_metadata,
                [page.tags.valueof(code) for code in (270, 282, 283, 296, 305, 306, 315)],
                series.asarray().tolist())


def cmyk_profile() -> bytes:
    """A small ICC profile of a press whose colours are far from the plain formula's: half the ink is paper.

    Tables of 8 bits between CMYK and Lab with the corners of both cubes only (ICC.1:2001-04, 6.5.7).
    """
    corners = [(c, m, y, k) for c in (0, 1) for m in (0, 1) for y in (0, 1) for k in (0, 1)]
    lab = bytes(value for c, m, y, k in corners
                for value in (255 - 20 * (c + m + y) - 90 * k, 128 - 20 * c + 20 * m, 128 - 20 * c + 30 * y))
    inks = bytes(value for lightness in (0, 1) for a in (0, 1) for b in (0, 1)
                 for value in (255 * (1 - a), 255 * a, 255 * b, 255 * (1 - lightness)))
    return _profile({b"A2B0": _table(4, 3, lab), b"B2A0": _table(3, 4, inks)})


def _table(inputs: int, outputs: int, corners: bytes) -> bytes:
    matrix = struct.pack(">9i", *(65536 * value for value in (1, 0, 0, 0, 1, 0, 0, 0, 1)))
    return (b"mft1\0\0\0\0" + bytes([inputs, outputs, 2, 0]) + matrix + bytes(range(256)) * inputs + corners
            + bytes(range(256)) * outputs)


def _profile(tags: dict[bytes, bytes]) -> bytes:
    tags = {**tags, b"wtpt": b"XYZ \0\0\0\0" + struct.pack(">3i", 63190, 65536, 54061),
            b"cprt": b"text\0\0\0\0none\0", b"desc": b"desc\0\0\0\0\0\0\0\x05test\0" + bytes(78)}
    start = 128 + 4 + 12 * len(tags)
    table, data = struct.pack(">I", len(tags)), b""
    for name, content in tags.items():
        table += struct.pack(">4sII", name, start + len(data), len(content))
        data += content + bytes(-len(content) % 4)
    header = struct.pack(">I4sI4s4s4s12x4s24xI3i48x", start + len(data), b"test", 0x02400000, b"prtr",
                         b"CMYK", b"Lab ", b"acsp", 0, 63190, 65536, 54061)
    return header + table + data
