"""Scratches on prints and film: long and straight, wavy, in bundles, and the vertical lines of a projector."""

from __future__ import annotations

import numpy as np

from pipelines.synthetic_damage import curves
from pipelines.synthetic_damage.layers import Canvas, Layer, cloud, pick, size_of

WHITE, BLACK = (0.97, 0.96, 0.93), (0.04, 0.04, 0.04)
COLOURS = WHITE, BLACK, (0.25, 0.75, 0.65), (0.9, 0.8, 0.2), (0.8, 0.35, 0.3)  # the last three: worn emulsion
SHARES = 0.55, 0.3, 0.05, 0.05, 0.05


def draw(random: np.random.Generator, image: np.ndarray, scale: float) -> list[Layer]:
    """Scratches of one or two colours.

    Args:
        random: Source of chance.
        image: (H, W, 3) float32, 0 to 1, what will be painted on.
        scale: Factor on all widths.
    """
    layers = []
    for _ in range(1 + (random.random() < 0.5)):
        canvas = Canvas(size_of(image))
        for _ in range(1 + random.poisson(2.0)):
            _scratch(random, canvas, scale)
        if random.random() < 0.25:
            _film_lines(random, canvas, scale)
        opacity = canvas.opacity() * (1 - random.uniform(0, 0.4) * cloud(random, canvas.size, 4 * scale))
        layers.append(Layer(pick(random, COLOURS, SHARES), opacity))
    return layers


def _scratch(random: np.random.Generator, canvas: Canvas, scale: float) -> None:
    diagonal = float(np.hypot(*canvas.size))
    start, heading = curves.anywhere(random, canvas.size), random.uniform(0, 2 * np.pi)
    length = float(curves.log_uniform(random, 0.06, 1.0)) * diagonal
    width = float(curves.log_uniform(random, 0.7, 4.0)) * scale
    copies = int(random.integers(3, 7)) if random.random() < 0.15 else 1  # a bundle, as of a coarse cloth
    path = curves.smooth_path(random, start, heading, length, bend=float(curves.log_uniform(random, 0.03, 1.2)))
    if random.random() < 0.25:  # wavy
        phase = np.arange(len(path)) * curves.STEP * 2 * np.pi / random.uniform(12, 60) / scale
        path = path + random.uniform(0.5, 3) * scale * np.stack([-np.sin(heading) * np.sin(phase),
                                                                 np.cos(heading) * np.sin(phase)], axis=1)
    share_broken = random.uniform(0.1, 0.6) if random.random() < 0.35 else 0.0
    for copy in range(copies):
        aside = copy * random.uniform(3, 7) * scale
        moved = path + aside * np.array([-np.sin(heading), np.cos(heading)])
        count = len(moved)
        widths = width * curves.along(random, count, 0.6, 1.2) * _tapered(count)
        opacities = (random.uniform(0.45, 1.0) * curves.along(random, count, 0.7, 1.0)
                     * curves.broken(random, count, share_broken))
        canvas.stroke(moved, widths, opacities)


def _film_lines(random: np.random.Generator, canvas: Canvas, scale: float) -> None:
    height, width = canvas.size
    for _ in range(int(random.integers(1, 4))):
        x = random.uniform(0, width)
        y = np.arange(0, height + curves.STEP, curves.STEP)
        path = np.stack([x + np.cumsum(random.normal(0, 0.05, len(y))), y], axis=1)
        opacities = (random.uniform(0.4, 1.0) * curves.along(random, len(y), 0.6, 1.0, 30)
                     * curves.broken(random, len(y), random.choice([0.0, 0.3]), 20))
        canvas.stroke(path, random.uniform(0.6, 2.0) * scale, opacities)


def _tapered(count: int) -> np.ndarray:
    """Thinner towards both ends."""
    share = np.linspace(0, 1, count)
    return np.minimum(1, 0.4 + 6 * np.minimum(share, 1 - share))
