"""Stains: water, coffee, ink, mould and bleached patches, with ragged and often darker rims."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.synthetic_damage import curves
from pipelines.synthetic_damage.layers import Canvas, Layer, cloud, pick, size_of

COLOURS = ((0.45, 0.3, 0.12), (0.75, 0.62, 0.3), (0.35, 0.36, 0.3), (0.95, 0.94, 0.88), (0.08, 0.08, 0.15))
SHARES = 0.3, 0.25, 0.1, 0.25, 0.1  # coffee, water on old paper, mould, bleached, ink


def draw(random: np.random.Generator, image: np.ndarray, scale: float) -> list[Layer]:
    """One to four stains; arguments as in `scratches.draw`."""
    layers = []
    for _ in range(int(random.integers(1, 5))):
        layers.append(_stain(random, size_of(image), scale))
    return layers


def _stain(random: np.random.Generator, size: tuple[int, int], scale: float) -> Layer:
    radius = float(curves.log_uniform(random, 4, 0.1 * max(40, min(size) / scale))) * scale
    centre = curves.anywhere(random, size)
    canvas = Canvas(size)
    canvas.fill(curves.outline(random, centre, radius, 0.3))
    for _ in range(random.poisson(1.5)):  # splashes
        away = centre + random.normal(0, 1.3 * radius, 2)
        canvas.fill(curves.outline(random, away, radius * random.uniform(0.08, 0.3), 0.25))
    shape = cv2.GaussianBlur(canvas.opacity(), (0, 0), random.uniform(0.4, 1.5) * scale)
    strength = random.uniform(0.4, 0.95)
    opacity = shape * strength * (1 - 0.5 * cloud(random, size, max(3.0, radius / 3)))
    if random.random() < 0.5:  # what dries collects at the rim
        inner = cv2.GaussianBlur(shape, (0, 0), max(1.0, radius / 8))
        rim = 4 * shape * (1 - inner).clip(0, 1) * inner
        opacity = np.maximum(opacity, min(1.0, strength + 0.2) * rim * shape)
    return Layer(pick(random, COLOURS, SHARES), opacity.astype(np.float32))
