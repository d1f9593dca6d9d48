"""Cracks of the emulsion, folds of the paper and tears from its border."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.synthetic_damage import curves
from pipelines.synthetic_damage.layers import Canvas, Layer, pick, size_of, worn

WHITE, BLACK = (0.95, 0.93, 0.88), (0.06, 0.05, 0.05)  # bare paper, and dirt in the gap


def draw(random: np.random.Generator, image: np.ndarray, scale: float) -> list[Layer]:
    """One to three of them; arguments as in `scratches.draw`."""
    colour = pick(random, (WHITE, BLACK), (0.75, 0.25))
    layers = []
    for _ in range(int(random.integers(1, 4))):
        draw_one = (_crack, _fold, _tear)[int(random.choice(3, p=(0.5, 0.35, 0.15)))]
        layers += draw_one(random, size_of(image), scale, colour)
    return layers


def _crack(random: np.random.Generator, size: tuple[int, int], scale: float, colour: np.ndarray) -> list[Layer]:
    canvas = Canvas(size)
    start = curves.on_border(random, size) if random.random() < 0.5 else curves.anywhere(random, size)
    width = float(curves.log_uniform(random, 0.9, 5.0)) * scale
    _branch(random, canvas, start, random.uniform(0.2, 0.8) * max(size), random.uniform(0, 2 * np.pi), width, 3)
    return _with_relief(random, worn(random, canvas.opacity(), random.uniform(0, 0.3), 3 * scale), colour)


def _branch(random: np.random.Generator, canvas: Canvas, start: np.ndarray, length: float,
            heading: float, width: float, most_branches: int) -> None:
    end = start + length * np.array([np.cos(heading), np.sin(heading)])
    path = curves.jagged_path(random, start, end, random.uniform(0.05, 0.15))
    count = len(path)
    taper = np.linspace(1, 0.5, count)
    canvas.stroke(path, width * taper * curves.along(random, count, 0.5, 1.4, 4),
                  curves.along(random, count, 0.7, 1.0))
    _chips(random, canvas, path, width)
    for _ in range(int(random.integers(0, most_branches + 1))):
        place = path[int(random.integers(0, count))]
        _branch(random, canvas, place, length * random.uniform(0.2, 0.5), heading + random.normal(0, 0.9),
                width * random.uniform(0.4, 0.8), max(0, most_branches - 2))


def _chips(random: np.random.Generator, canvas: Canvas, path: np.ndarray, width: float) -> None:
    """Where the emulsion has come off along a crack."""
    for _ in range(random.poisson(0.04 * len(path))):
        beside = path[int(random.integers(0, len(path)))] + random.normal(0, 0.6 * width, 2)
        canvas.fill(curves.outline(random, beside, width * random.uniform(0.5, 1.6), 0.3))


def _fold(random: np.random.Generator, size: tuple[int, int], scale: float, colour: np.ndarray) -> list[Layer]:
    """A soft band, lighter or darker, on both sides of a worn white or dark line."""
    path = curves.jagged_path(random, curves.on_border(random, size), curves.on_border(random, size),
                              random.uniform(0.005, 0.025))
    band, line = Canvas(size), Canvas(size)
    band.stroke(path, random.uniform(3, 7) * scale)
    width = random.uniform(0.8, 2.5) * scale
    line.stroke(path, width * curves.along(random, len(path), 0.3, 1.6, 4))
    _chips(random, line, path, width)
    soft = cv2.GaussianBlur(band.opacity(), (0, 0), 1.5 * scale) * random.uniform(0.1, 0.35)
    shade = np.full(3, float(random.random() < 0.6), np.float32)
    return [Layer(shade, soft, is_damage=False),
            Layer(colour, worn(random, line.opacity(), random.uniform(0.0, 0.4), random.uniform(4, 20) * scale))]


def _tear(random: np.random.Generator, size: tuple[int, int], scale: float, colour: np.ndarray) -> list[Layer]:
    start = curves.on_border(random, size)
    inwards = np.arctan2(size[0] / 2 - start[1], size[1] / 2 - start[0]) + random.normal(0, 0.5)
    end = start + random.uniform(0.1, 0.5) * min(size) * np.array([np.cos(inwards), np.sin(inwards)])
    path = curves.jagged_path(random, start, end, 0.06)
    canvas = Canvas(size)
    widest = random.uniform(2, 8) * scale
    canvas.stroke(path, np.linspace(widest, scale, len(path)) * curves.along(random, len(path), 0.6, 1.3, 3))
    return _with_relief(random, canvas.opacity(), colour)


def _with_relief(random: np.random.Generator, opacity: np.ndarray, colour: np.ndarray) -> list[Layer]:
    """A gap, with the shadow or gleam of its raised edge beside it."""
    layers = [Layer(colour, opacity)]
    if random.random() < 0.5:
        move = np.array([[1, 0, random.choice([-1.5, 1.5])], [0, 1, random.choice([-1.5, 1.5])]])
        beside = cv2.warpAffine(opacity, move, size_of(opacity)[::-1]) * random.uniform(0.2, 0.5)
        layers.insert(0, Layer(1 - colour.round(), beside, is_damage=False))
    return layers
