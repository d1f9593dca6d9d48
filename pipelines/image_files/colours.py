"""Samples that are not pixels yet (1-bit, palette, CMYK, odd number types), and the way back.

Each class turns stored samples (..., C) into `pixels` (..., 1 or 3) and `opacity` (..., 1) or None, and
`samples` turns new pixels into what the file would store for them. `encode` calls the latter only for
pixels that changed: all others keep their samples, bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO
from typing import Any, Protocol

import numpy as np
from PIL import Image, ImageCms

from pipelines.image_files.picture import Stored

_BAND_PIXELS = 2**20  # converted at a time, so that intermediates stay small beside the picture


class Colours(Protocol):
    """What all classes below have in common."""

    def pixels(self, samples: np.ndarray) -> np.ndarray: ...

    def opacity(self, samples: np.ndarray) -> np.ndarray | None: ...

    def samples(self, pixels: np.ndarray, before: np.ndarray) -> np.ndarray | None: ...


@dataclass(frozen=True)
class Bilevel:
    """bool samples, True = white; pixels 0 and 255. New pixels above 127 become white."""

    def pixels(self, samples: np.ndarray) -> np.ndarray:
        return samples * np.uint8(255)

    def opacity(self, samples: np.ndarray) -> None:
        return None

    def samples(self, pixels: np.ndarray, before: np.ndarray) -> np.ndarray:
        return pixels > 127


@dataclass(frozen=True, eq=False)
class Palette:
    """Indices into a table of colours. New pixels have no place in it: the picture then goes on as RGB.

    Args:
        table: (K, 3) uint8 RGB; K above every index.
        alphas: (K,) uint8, or None when every colour is opaque.
    """

    table: np.ndarray
    alphas: np.ndarray | None = None

    def pixels(self, samples: np.ndarray) -> np.ndarray:
        return self.table[samples[..., 0]]

    def opacity(self, samples: np.ndarray) -> np.ndarray | None:
        return None if self.alphas is None else self.alphas[samples]

    def samples(self, pixels: np.ndarray, before: np.ndarray) -> None:
        return None


@dataclass(frozen=True)
class Numbers:
    """Integers or floats that the networks do not take, passed on as float32.

    Args:
        has_alpha: The last channel is alpha.
    """

    has_alpha: bool = False

    def pixels(self, samples: np.ndarray) -> np.ndarray:
        return self._as_float(self._colour(samples))

    def opacity(self, samples: np.ndarray) -> np.ndarray | None:
        return self._as_float(samples[..., -1:]) if self.has_alpha else None

    def samples(self, pixels: np.ndarray, before: np.ndarray) -> np.ndarray:
        converted = pixels.astype(np.float64)  # float32 rounds the largest 32-bit integer out of its range
        if before.dtype.kind in "iu":
            limits = np.iinfo(before.dtype)
            converted = np.rint(converted).clip(limits.min, limits.max)
        after = before.copy()
        self._colour(after)[...] = converted.astype(before.dtype)
        return after

    def _as_float(self, samples: np.ndarray) -> np.ndarray:
        with np.errstate(over="ignore"):  # the reader refuses infinite values in its own words
            return samples.astype(np.float32)

    def _colour(self, samples: np.ndarray) -> np.ndarray:
        return samples[..., :-1] if self.has_alpha else samples


@dataclass(frozen=True)
class Inks:
    """Cyan, magenta, yellow and black (0 = no ink), perhaps alpha, uint8 or uint16; pixels are RGB.

    With an ICC profile the pixels are sRGB by relative colorimetry with black-point compensation. Without
    one (or in 16 bits, which Pillow's colour management does not take) R = (1 - C) (1 - K), and so on.

    Args:
        profile: The ICC profile that gives the inks their colours, or None.
    """

    profile: bytes | None = None

    def pixels(self, samples: np.ndarray) -> np.ndarray:
        transform = self._transform(samples.dtype, False)
        if transform is not None:
            return _through(transform, samples[..., :4], "CMYK", "RGB")
        full = np.uint32(np.iinfo(samples.dtype).max)
        paper = full - samples[..., :4].astype(np.uint32)
        return ((paper[..., :3] * paper[..., 3:] + full // 2) // full).astype(samples.dtype)

    def opacity(self, samples: np.ndarray) -> np.ndarray | None:
        return samples[..., 4:] if samples.shape[-1] > 4 else None

    def samples(self, pixels: np.ndarray, before: np.ndarray) -> np.ndarray:
        after = before.copy()
        transform = self._transform(before.dtype, True)
        if transform is not None:
            after[..., :4] = _through(transform, pixels, "RGB", "CMYK")
            return after
        full = float(np.iinfo(before.dtype).max)
        # As much black as before where the new colour allows it: presses and unmanaged viewers show the
        # same colour mixed with another black as another colour.
        lightest = pixels.max(axis=-1, keepdims=True).astype(np.float32)
        paper_black = np.maximum(full - before[..., 3:4].astype(np.float32), lightest)
        share = pixels / np.maximum(paper_black, 1)
        after[..., :3] = np.rint(full * (1 - share))
        after[..., 3:4] = full - paper_black
        return after

    def _transform(self, dtype: np.dtype, to_inks: bool) -> Any:
        return _colour_transform(self.profile, to_inks) if self.profile and dtype == np.uint8 else None


@lru_cache(maxsize=4)
def _colour_transform(profile: bytes, to_inks: bool) -> Any:
    """From the CMYK `profile` to sRGB or back; None when the profile is broken or for other colours."""
    srgb = ImageCms.createProfile("sRGB")
    try:
        inks = ImageCms.ImageCmsProfile(BytesIO(profile))
        source, target = ((srgb, "RGB"), (inks, "CMYK")) if to_inks else ((inks, "CMYK"), (srgb, "RGB"))
        return ImageCms.buildTransform(source[0], target[0], source[1], target[1],
                                       ImageCms.Intent.RELATIVE_COLORIMETRIC,
                                       ImageCms.Flags.BLACKPOINTCOMPENSATION)
    except (OSError, ImageCms.PyCMSError):
        return None


def _through(transform: Any, samples: np.ndarray, source: str, target: str) -> np.ndarray:
    flat = np.ascontiguousarray(samples).reshape(-1, samples.shape[-1])
    image = Image.frombytes(source, (len(flat), 1), flat.tobytes())
    converted = np.asarray(ImageCms.applyTransform(image, transform))
    return converted.reshape(*samples.shape[:-1], len(target))


def _bands(shape: tuple[int, ...]) -> Iterator[tuple[int, slice]]:
    rows = max(1, _BAND_PIXELS // shape[2])
    for plane in range(shape[0]):
        for first in range(0, shape[1], rows):
            yield plane, slice(first, first + rows)


def decode(stored: Stored) -> tuple[np.ndarray, np.ndarray | None]:
    """Pixels (N, H, W, 1 or 3) and alpha (N, H, W, 1) or None of stored samples."""
    samples, colours = stored.samples, stored.colours
    sample = colours.pixels(samples[:1, :1, :1])
    pixels = np.empty((*samples.shape[:3], sample.shape[-1]), sample.dtype)
    for band in _bands(samples.shape):
        pixels[band] = colours.pixels(samples[band])
    return pixels, colours.opacity(samples)


def encode(stored: Stored, pixels: np.ndarray, before: np.ndarray) -> np.ndarray | None:
    """The samples to store for `pixels`: those of `stored` wherever `pixels` equal `before`.

    Args:
        stored: What the file held.
        pixels: (N, H, W, 1 or 3), new.
        before: The same of the picture as it was read.

    Returns:
        Samples of the shape and type of `stored.samples`; None when they cannot hold the new pixels.
    """
    after = stored.samples.copy()
    for band in _bands(after.shape):
        changed = (pixels[band] != before[band]).any(axis=-1)
        if changed.any():
            samples = stored.colours.samples(pixels[band][changed], after[band][changed])
            if samples is None:
                return None
            after[band][changed] = samples
    return after
