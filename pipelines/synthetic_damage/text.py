"""What was written on a picture: the date stamps of cameras, captions, watermarks; in a single colour."""

from __future__ import annotations

import functools
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont

from pipelines.synthetic_damage import curves
from pipelines.synthetic_damage.layers import Canvas, Layer, pick, size_of

ORANGE, YELLOW, WHITE, BLACK, RED, BLUE = ((1.0, 0.55, 0.15), (1.0, 0.9, 0.2), (1.0, 1.0, 1.0), (0.0, 0.0, 0.0),
                                           (0.9, 0.1, 0.1), (0.2, 0.25, 0.9))
FONTS = "DejaVuSans", "DejaVuSans-Bold", "DejaVuSerif", "DejaVuSansMono", "STIXGeneral", "cmss10"  # of matplotlib
LETTERS = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
# Strokes of a seven-segment digit, x from 0 to 1 and y from 0 to 2, and those that each digit lights.
SEGMENTS = (((0, 0), (1, 0)), ((1, 0), (1, 1)), ((1, 1), (1, 2)), ((0, 2), (1, 2)), ((0, 1), (0, 2)),
            ((0, 0), (0, 1)), ((0, 1), (1, 1)))
DIGITS = ("012345", "12", "01346", "01236", "1256", "02356", "023456", "012", "0123456", "012356")


def draw(random: np.random.Generator, image: np.ndarray, scale: float) -> list[Layer]:
    """A date stamp or a caption; arguments as in `scratches.draw`."""
    if random.random() < 0.4:
        return [_date_stamp(random, size_of(image), scale)]
    return [_caption(random, size_of(image), scale)]


def _date_stamp(random: np.random.Generator, size: tuple[int, int], scale: float) -> Layer:
    canvas = Canvas(size)
    height = random.uniform(9, 16) * scale
    text = f"{random.integers(1, 13):2d} {random.integers(1, 29):02d} '{random.integers(0, 100):02d}"
    place = _place(random, size, (len(text) * 0.75 * height, height))
    for letter in text:
        if letter == "'":
            canvas.stroke(place + height * np.array([(0.3, 0.0), (0.2, 0.25)]), 0.12 * height)
        elif letter.isdecimal():
            for segment in DIGITS[int(letter)]:
                canvas.stroke(place + height * 0.5 * np.array(SEGMENTS[int(segment)]), 0.12 * height)
        place = place + (0.75 * height, 0)
    return Layer(pick(random, (ORANGE, YELLOW, RED), (0.7, 0.2, 0.1)), canvas.opacity())


def _caption(random: np.random.Generator, size: tuple[int, int], scale: float) -> Layer:
    words = ["".join(random.choice(list(LETTERS), int(random.integers(2, 9)))) for _ in range(random.integers(1, 4))]
    font = _font(str(random.choice(FONTS)), int(float(curves.log_uniform(random, 10, 36)) * scale))
    left, top, right, bottom = font.getbbox(" ".join(words))
    place = _place(random, size, (right, bottom)) - (left, 0)
    drawn = Image.new("L", size[::-1])
    ImageDraw.Draw(drawn).text(tuple(place.astype(int).tolist()), " ".join(words), font=font, fill=255)
    if random.random() < 0.2:
        drawn = drawn.rotate(random.uniform(-40, 40), Image.Resampling.BICUBIC)
    opacity = np.asarray(drawn, np.float32) / 255 * random.choice([1.0, 1.0, random.uniform(0.5, 0.9)])
    return Layer(pick(random, (WHITE, BLACK, YELLOW, RED, BLUE), (0.45, 0.25, 0.1, 0.1, 0.1), spread=0.0),
                 opacity.astype(np.float32))


def _place(random: np.random.Generator, size: tuple[int, int], extent: tuple[float, float]) -> np.ndarray:
    """Left upper corner of a text of this width and height that fits, mostly near the lower border."""
    room = np.maximum(0, np.array([size[1], size[0]]) - extent)
    share = random.uniform(0, 1, 2)
    return room * (share if random.random() < 0.5 else (share[0], 1 - 0.1 * share[1]))


@functools.lru_cache(maxsize=64)
def _font(name: str, pixels: int) -> ImageFont.FreeTypeFont:
    import matplotlib

    return ImageFont.truetype(str(Path(matplotlib.get_data_path()) / "fonts/ttf" / f"{name}.ttf"), pixels)
