"""Mask files: which pixels of a picture are damaged."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np

from pipelines.errors import InputError
from pipelines.image_files.picture import Picture
from pipelines.image_files.reading import read_limited
from pipelines.image_files.size_limit import PIXEL_LIMIT
from pipelines.image_files.writing import write_picture

_WHITE = 127  # above it: hole
_DARKEST_GREY, _LIGHTEST_GREY = 32, 223
_MOST_GREY = 0.02
_ONE_COLOUR = 32  # a larger difference than compression leaves in a stroke of one colour


def read_mask(path: str | os.PathLike[str], size: tuple[int, int], *, invert: bool = False) -> np.ndarray:
    """Read which pixels are damaged.

    White (above 127 of 255) is a hole; of a coloured pixel the brightest channel counts, so that strokes of
    any colour on black are holes. Gray, RGB, 1-bit, palette, 16-bit and compressed masks will do. Where
    transparency varies, what is seen of the picture decides:

    - one colour: strokes on a transparent layer, so opaque (alpha above 127) is a hole, in any colour;
    - black and white: a mask, so opaque white is a hole;
    - anything else: a photo from which the damage was erased, so transparent is a hole.

    Args:
        path: The mask.
        size: Height and width of the picture.
        invert: The file marks what to keep.

    Returns:
        (H, W) bool, True = hole; possibly without any hole.

    Raises:
        InputError: If the mask cannot be read, is of another size, is no black-and-white picture or leaves
            nothing of the picture.
    """
    path = Path(path)
    levels = read_marks(path, size, kind="mask")
    grey = _grey_share(levels)
    if grey > _MOST_GREY:
        raise InputError(path, f"is not a mask: {grey:.1%} of its pixels are grey (between {_DARKEST_GREY} "
                         f"and {_LIGHTEST_GREY} of 255; at most {_MOST_GREY:.0%} may be)",
                         "paint the damage white and everything else black")
    hole = levels <= _WHITE if invert else levels > _WHITE
    if hole.all():
        remedy = "leave out --mask-invert" if invert else "if it marks what to keep, add --mask-invert"
        raise InputError(path, f"marks all of its {_named(size)} as damaged", remedy)
    return hole


def read_marks(path: Path, size: tuple[int, int], *, kind: str) -> np.ndarray:
    """How much a file marks each pixel of a picture, by brightness and transparency as `read_mask` describes.

    Args:
        path: The file.
        size: Height and width of the picture.
        kind: What to call the file, "mask" say.

    Returns:
        (H, W) uint8, 255 = certainly marked.

    Raises:
        InputError: If the file cannot be read, is of another size, or is all black but for ones.
    """
    # A picture that was let in is of a size that its mask may have as well.
    picture = read_limited(path, max(PIXEL_LIMIT, size[0] * size[1]))
    if picture.is_stack:
        raise InputError(path, f"is a stack of {len(picture.pixels)} planes", f"give a {kind} of one plane")
    if picture.size != tuple(size):
        raise InputError(path, f"is a {kind} of {_named(picture.size)} for a picture of {_named(size)}",
                         f"give a {kind} of the picture's size")
    levels = _levels(picture)
    if levels.max() == 1:
        raise InputError(path, "holds only the values 0 and 1 of 255, which both are black",
                         "save it with 255 for what it marks")
    return levels


def write_mask(path: str | os.PathLike[str], mask: np.ndarray) -> None:
    """Write a mask as a PNG file: 255 = hole, 0 elsewhere.

    Args:
        path: Ends with .png.
        mask: (H, W) bool, True = hole.

    Raises:
        InputError: If the file cannot be written.
    """
    if Path(path).suffix.lower() != ".png":
        raise InputError(path, "a mask is written as PNG", "end the name with .png")
    pixels = np.asarray(mask, bool) * np.uint8(255)
    write_picture(path, pixels, like=Picture(pixels))


def _named(size: tuple[int, int]) -> str:
    return f"{size[1]} x {size[0]} pixels"


def _levels(picture: Picture) -> np.ndarray:
    """How much each pixel is marked, (H, W) uint8, 255 = certainly a hole."""
    colours = _as_bytes(picture.pixels)
    brightness = colours if colours.ndim == 2 else colours.max(axis=-1)
    if picture.alpha is None or picture.alpha.min() == picture.alpha.max():
        return brightness
    opacity = _as_bytes(picture.alpha)
    visible = opacity > _WHITE
    if not visible.any() or np.ptp(colours[visible], axis=0).max() <= _ONE_COLOUR:
        return opacity
    if _grey_share(brightness[visible]) <= _MOST_GREY:
        return np.minimum(brightness, opacity)
    return ~opacity


def _as_bytes(values: np.ndarray) -> np.ndarray:
    if values.dtype == np.uint8:
        return values
    if values.dtype == np.uint16:
        return (values >> 8).astype(np.uint8)
    highest = values.max()  # floats come as 0 to 1, 0 to 255 or 0 to 65535
    factor = 255 if highest <= 1 else 1 if highest <= 255 else 1 / 257
    return np.rint(values.clip(0) * factor).clip(0, 255).astype(np.uint8)


def _grey_share(levels: np.ndarray) -> float:
    return float(((levels >= _DARKEST_GREY) & (levels <= _LIGHTEST_GREY)).mean())
