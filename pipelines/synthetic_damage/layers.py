"""What damage is painted with: layers of colour, whose opacity is drawn in strokes, blobs and noise."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Union

import cv2
import numpy as np

FINENESS = 4  # strokes are drawn so many times larger: their edges are smooth, their widths quarters of a pixel
FRACTION_BITS = 4  # of the coordinates that OpenCV draws at


@dataclass(frozen=True)
class Layer:
    """One coat of paint.

    Args:
        colour: (3,), or (H, W, 3) or (H, W, 1) where it varies; 0 to 1.
        opacity: (H, W) float32, 0 to 1.
        is_damage: False for what only surrounds damage, like the shadow of a crack: painted, but not in the mask.
        is_whole: Whether all of it is damage, where it hardly shows, too: a row is dead over its whole length.
    """

    colour: np.ndarray
    opacity: np.ndarray
    is_damage: bool = True
    is_whole: bool = False


def size_of(image: np.ndarray) -> tuple[int, int]:
    """Height and width."""
    height, width = image.shape[:2]
    return height, width


class Canvas:
    """An opacity to draw on, finer than the picture.

    Args:
        size: Height and width of the picture.
    """

    def __init__(self, size: tuple[int, int]) -> None:
        self.size = size
        self._fine = np.zeros((size[0] * FINENESS, size[1] * FINENESS), np.uint8)

    def stroke(self, points: np.ndarray, widths: Union[float, np.ndarray],
               opacities: Union[float, np.ndarray] = 1.0) -> None:
        """Draw a line through `points` (N, 2), x and y in pixels; widths in pixels and opacities for each point."""
        places = self._places(points)
        thickness = np.maximum(1, np.rint(np.broadcast_to(widths, len(points)) * FINENESS)).astype(int).tolist()
        levels = np.rint(255 * np.broadcast_to(opacities, len(points)).clip(0, 1)).astype(int).tolist()
        for index in range(len(places) - 1):
            if levels[index] > 0:
                cv2.line(self._fine, places[index].tolist(), places[index + 1].tolist(), levels[index],
                         thickness[index], cv2.LINE_8, FRACTION_BITS)

    def fill(self, outline: np.ndarray, opacity: float = 1.0) -> None:
        """Fill the polygon `outline` (N, 2), x and y in pixels."""
        cv2.fillPoly(self._fine, [self._places(outline)], [round(255 * opacity)], cv2.LINE_8, FRACTION_BITS)

    def opacity(self) -> np.ndarray:
        """What was drawn, (H, W) float32."""
        height, width = self.size
        return cv2.resize(self._fine, (width, height), interpolation=cv2.INTER_AREA).astype(np.float32) / 255

    def _places(self, points: np.ndarray) -> np.ndarray:
        reach = 4.0 * max(self.size) + 100  # OpenCV's coordinates overflow
        fine = (np.clip(points, -reach, reach) + 0.5) * FINENESS - 0.5
        return np.rint(fine * 2 ** FRACTION_BITS).astype(np.int32)


def cloud(random: np.random.Generator, size: tuple[int, int], grain: float) -> np.ndarray:
    """Smooth noise of about `grain` pixels, (H, W) float32 from 0 to 1."""
    cells = [max(2, int(np.ceil(side / max(grain, 1.0))) + 1) for side in size]
    values = random.random(cells, dtype=np.float32)
    return cv2.resize(values, size[::-1], interpolation=cv2.INTER_CUBIC).clip(0, 1).reshape(size)


def worn(random: np.random.Generator, opacity: np.ndarray, wear: float, grain: float) -> np.ndarray:
    """`opacity` with a share of about `wear` rubbed off in patches of about `grain` pixels."""
    if wear <= 0:
        return opacity
    left = (cloud(random, size_of(opacity), grain) - wear) / 0.25 + 0.5
    return opacity * left.clip(0, 1)


def pick(random: np.random.Generator, colours: Sequence[Sequence[float]], shares: Sequence[float],
         spread: float = 0.05) -> np.ndarray:
    """One of `colours` (RGB, 0 to 1), by their shares, varied a little."""
    index = int(random.choice(len(colours), p=np.asarray(shares) / np.sum(shares)))
    return (np.asarray(colours[index]) + random.normal(0, spread, 3)).clip(0, 1).astype(np.float32)
