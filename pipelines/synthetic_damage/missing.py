"""Regions of which nothing is left: torn corners and edges, holes."""

from __future__ import annotations

import numpy as np

from pipelines.synthetic_damage import curves
from pipelines.synthetic_damage.layers import Canvas, Layer, pick, size_of

WHITE, BLACK, PAPER, SCANNER_LID = (1.0, 1.0, 1.0), (0.0, 0.0, 0.0), (0.87, 0.84, 0.75), (0.5, 0.5, 0.52)
SHARES = 0.5, 0.3, 0.1, 0.1


def draw(random: np.random.Generator, image: np.ndarray, scale: float) -> list[Layer]:
    """One or two of a torn corner, a torn edge and a hole, in one even colour; arguments as in `scratches.draw`."""
    canvas = Canvas(size_of(image))
    for _ in range(int(random.integers(1, 3))):
        (_corner, _edge, _hole)[int(random.choice(3, p=(0.4, 0.15, 0.45)))](random, canvas, scale)
    colour = pick(random, (WHITE, BLACK, PAPER, SCANNER_LID), SHARES, spread=0.0)
    return [Layer(colour, canvas.opacity())]


def _corner(random: np.random.Generator, canvas: Canvas, scale: float) -> None:
    height, width = canvas.size
    corner = np.array([random.choice([0, width]), random.choice([0, height])], float)
    inwards = np.where(corner > 0, -1, 1)
    cut = random.uniform(0.06, 0.25, 2) * (width, height)
    start, end = corner + inwards * cut * ([1, 0], [0, 1])
    path = curves.jagged_path(random, start, end, random.uniform(0.01, 0.12))
    canvas.fill(np.concatenate([path, corner[np.newaxis] - inwards * 9]))


def _edge(random: np.random.Generator, canvas: Canvas, scale: float) -> None:
    height, width = canvas.size
    is_row = random.random() < 0.5
    length, depth = (width, height) if is_row else (height, width)
    at = np.linspace(-5, length + 5, max(4, int(length / 4 / scale)))
    reach = depth * random.uniform(0.01, 0.07) * curves.along(random, len(at), 0.1, 1.2, 6)
    reach = reach if random.random() < 0.5 else depth - reach
    outer = -9.0 if reach.mean() < depth / 2 else depth + 9.0
    points = np.concatenate([np.stack([at, reach], axis=1), [(at[-1], outer), (at[0], outer)]])
    canvas.fill(points if is_row else points[:, ::-1])


def _hole(random: np.random.Generator, canvas: Canvas, scale: float) -> None:
    centre = curves.anywhere(random, canvas.size)
    radius = float(curves.log_uniform(random, 5, 0.12 * max(60, min(canvas.size) / scale))) * scale
    if random.random() < 0.35:  # cut out, or a block that was lost
        half = radius * random.uniform(0.6, 1.5, 2)
        shape = centre + half * np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)])
        canvas.fill(np.rint(shape) - 0.5)
    else:
        canvas.fill(curves.outline(random, centre, radius, random.choice([0.05, 0.25])))
