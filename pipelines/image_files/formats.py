"""The supported file formats: how each is recognised, and what it can hold."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import InputError
from pipelines.image_files.picture import Picture


@dataclass(frozen=True)
class Format:
    """A file format as far as it is used here.

    Args:
        name: As users know it.
        suffixes: Lower case, with the dot.
        dtypes: Of the pixels that it holds without loss of precision.
        has_alpha: Holds transparency.
        has_stacks: Holds several planes.
        longest_side: Largest height or width in pixels.
        longest_exif: Most bytes of EXIF data.
    """

    name: str
    suffixes: tuple[str, ...]
    dtypes: tuple[str, ...] = ("uint8",)
    has_alpha: bool = True
    has_stacks: bool = False
    longest_side: int = 2**31 - 1
    longest_exif: int = 2**31 - 1

    def obstacle(self, picture: Picture) -> str | None:
        """Why this format cannot hold `picture`, as the end of a sentence; None when it can."""
        if picture.is_stack and not self.has_stacks:
            return "a stack of planes"
        if picture.pixels.dtype.name not in self.dtypes:
            return f"{picture.pixels.dtype} samples"
        if picture.alpha is not None and not self.has_alpha:
            return "transparency (an alpha channel)"
        if max(picture.size) > self.longest_side:
            return f"more than {self.longest_side} pixels a side"
        if len(picture.exif or b"") > self.longest_exif:
            return f"more than {self.longest_exif} bytes of EXIF data"
        return None


PNG = Format("PNG", (".png",), ("uint8", "uint16"))
# libjpeg allows 65500 pixels; an EXIF segment 65535 bytes with its length and its "Exif" mark
JPEG = Format("JPEG", (".jpg", ".jpeg"), has_alpha=False, longest_side=65500, longest_exif=65527)
TIFF = Format("TIFF", (".tif", ".tiff"), ("uint8", "uint16", "float32"), has_stacks=True)
WEBP = Format("WebP", (".webp",), longest_side=16383)
BMP = Format("BMP", (".bmp",))
FORMATS = (PNG, JPEG, TIFF, WEBP, BMP)
SUFFIXES = tuple(suffix for file_format in FORMATS for suffix in file_format.suffixes)

_SIGNATURES = {
    b"\x89PNG\r\n\x1a\n": PNG, b"\xff\xd8\xff": JPEG, b"BM": BMP,
    b"II*\0": TIFF, b"MM\0*": TIFF, b"II+\0": TIFF, b"MM\0+": TIFF,  # the last two are BigTIFF
}
_FOREIGN = {b"GIF8": "GIF", b"8BPS": "Photoshop", b"%PDF": "PDF", b"\0\0\0\x0cjP  ": "JPEG 2000",
            b"\xff\x0a": "JPEG XL", b"\0\0\0\x0cJXL ": "JPEG XL"}
_NAMES = "PNG, JPEG, TIFF, WebP or BMP"


def by_suffix(path: Path) -> Format:
    """The format that the name of an output file asks for.

    Raises:
        InputError: If no supported format has that suffix.
    """
    for file_format in FORMATS:
        if path.suffix.lower() in file_format.suffixes:
            return file_format
    raise InputError(path, f"its suffix '{path.suffix}' names no supported format",
                     f"end the name with one of {', '.join(SUFFIXES)}")


def by_content(path: Path) -> Format:
    """The format of an existing file, told by its first bytes: names lie.

    Raises:
        InputError: If it is missing, not a readable file, empty, or in no supported format.
    """
    start = _first_bytes(path)
    if not start:
        raise InputError(path, "is empty (0 bytes)", "copy or download it again")
    if start[:4] == b"RIFF" and start[8:12] == b"WEBP":
        return WEBP
    for signature, file_format in _SIGNATURES.items():
        if start.startswith(signature):
            return file_format
    foreign = [name for signature, name in _FOREIGN.items() if start.startswith(signature)]
    if start[4:8] == b"ftyp":
        foreign.append("HEIC, AVIF or video")
    problem = f"is a {foreign[0]} file, which is not supported" if foreign else f"is not a {_NAMES} picture"
    raise InputError(path, problem, f"give a picture saved as {_NAMES}")


def _first_bytes(path: Path) -> bytes:
    try:
        mode = os.stat(path).st_mode
        if stat.S_ISDIR(mode):
            raise InputError(path, "is a folder where a file belongs", "give a picture in it")
        if not stat.S_ISREG(mode):  # reading a pipe or a device might never end
            raise InputError(path, "is not a regular file", "save the picture to a file first")
        with open(path, "rb") as file:
            return file.read(16)
    except (FileNotFoundError, NotADirectoryError) as error:
        raise InputError(path, "no such file", "check the path") from error
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror})", "check its permissions") from error
