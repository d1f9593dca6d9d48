"""Dust, hairs and fibres."""

from __future__ import annotations

import numpy as np

from pipelines.synthetic_damage import curves
from pipelines.synthetic_damage.layers import Canvas, Layer, pick, size_of

WHITE, BLACK = (0.97, 0.96, 0.94), (0.05, 0.05, 0.05)
AREA = 320 * 400  # pixels, for which the counts are meant
FEWEST, MOST = 8, 60


def draw(random: np.random.Generator, image: np.ndarray, scale: float) -> list[Layer]:
    """Dust of one colour, sometimes also of the other; arguments as in `scratches.draw`."""
    size = size_of(image)
    area = size[0] * size[1] / scale ** 2 / AREA
    colour = pick(random, (WHITE, BLACK), (0.6, 0.4))
    layers = []
    for shade in (colour, 1 - colour)[:1 + (random.random() < 0.4)]:
        canvas = Canvas(size)
        for _ in range(max(1, int(random.integers(FEWEST, MOST) * area))):
            _speck(random, canvas, scale)
        for _ in range(random.poisson(2.0 * area)):
            _fibre(random, canvas, scale)
        layers.append(Layer(shade, canvas.opacity()))
    return layers


def _speck(random: np.random.Generator, canvas: Canvas, scale: float) -> None:
    radius = float(curves.log_uniform(random, 0.7, 4.0)) * scale
    canvas.fill(curves.outline(random, curves.anywhere(random, canvas.size), radius, 0.25), random.uniform(0.6, 1.0))


def _fibre(random: np.random.Generator, canvas: Canvas, scale: float) -> None:
    path = curves.smooth_path(random, curves.anywhere(random, canvas.size), random.uniform(0, 2 * np.pi),
                              random.uniform(10, 70) * scale, bend=random.uniform(1, 8) / scale)
    canvas.stroke(path, random.uniform(0.7, 1.6) * scale, random.uniform(0.6, 1.0))
