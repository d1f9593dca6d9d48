"""Random paths and outlines: (N, 2) arrays of x and y in pixels."""

from __future__ import annotations

from typing import Union

import numpy as np

STEP = 2.5  # pixels between the points of a path


def smooth_path(random: np.random.Generator, start: np.ndarray, heading: float, length: float,
                bend: float) -> np.ndarray:
    """A line that turns slowly.

    Args:
        start: Where it begins.
        heading: Its first direction in radians.
        length: In pixels.
        bend: Typical change of direction along 100 pixels, in radians.
    """
    count = max(2, int(length / STEP) + 1)
    knots = max(2, int(length / 25) + 2)
    turning = np.interp(np.linspace(0, knots - 1, count), np.arange(knots), random.normal(0, bend / 100, knots))
    headings = heading + np.cumsum(turning) * STEP
    steps = np.stack([np.cos(headings), np.sin(headings)], axis=1) * (length / count)
    return start + np.cumsum(steps, axis=0)


def jagged_path(random: np.random.Generator, start: np.ndarray, end: np.ndarray, roughness: float) -> np.ndarray:
    """A line from `start` to `end` as cracks run; `roughness` is its deviation as a share of the length."""
    points = np.stack([start, end]).astype(float)
    deviation = roughness * float(np.hypot(*(points[1] - points[0])))
    while np.hypot(*(points[1] - points[0])) > STEP and len(points) < 2 ** 12:
        middle = (points[1:] + points[:-1]) / 2 + random.normal(0, deviation / 2, (len(points) - 1, 2))
        doubled = np.empty((2 * len(points) - 1, 2))
        doubled[::2], doubled[1::2] = points, middle
        points, deviation = doubled, deviation * 0.55
    return points


def outline(random: np.random.Generator, centre: np.ndarray, radius: float, raggedness: float,
            points: int = 0) -> np.ndarray:
    """A closed, irregular curve; `raggedness` is the typical deviation from a circle, as a share of the radius."""
    count = points or int(np.clip(2 * np.pi * radius, 12, 200))
    angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
    radii = np.ones(count)
    for order in range(2, min(12, count // 2)):
        radii += raggedness / order ** 0.8 * random.normal() * np.cos(order * angles + random.uniform(0, 2 * np.pi))
    stretch, turn = random.uniform(1, 1.6), random.uniform(0, np.pi)
    shape = np.stack([np.cos(angles) * stretch, np.sin(angles) / stretch], axis=1) * (radius * radii.clip(0.2))[:, None]
    cosine, sine = np.cos(turn), np.sin(turn)
    return centre + shape @ np.array([[cosine, sine], [-sine, cosine]])


def along(random: np.random.Generator, count: int, low: float, high: float, knot_distance: float = 8) -> np.ndarray:
    """A value that varies smoothly along a path of `count` points, (count,), from `low` to `high`."""
    knots = max(2, int(count / knot_distance) + 2)
    return np.interp(np.linspace(0, knots - 1, count), np.arange(knots), random.uniform(low, high, knots))


def broken(random: np.random.Generator, count: int, share: float, knot_distance: float = 5) -> np.ndarray:
    """1 along a path of `count` points, but 0 along about `share` of it, in pieces."""
    return (along(random, count, 0, 1, knot_distance) > share).astype(float)


def anywhere(random: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """A point of the picture of this height and width."""
    return random.uniform(0, 1, 2) * (size[1], size[0])


def on_border(random: np.random.Generator, size: tuple[int, int]) -> np.ndarray:
    """A point of the border of a picture of this height and width."""
    height, width = size
    share = random.uniform(0, 1)
    side = int(random.choice(4, p=np.array([width, width, height, height]) / (2 * (height + width))))
    return np.array([(share * width, 0), (share * width, height), (0, share * height), (width, share * height)][side])


def log_uniform(random: np.random.Generator, low: float, high: float,
                shape: Union[None, int, tuple[int, ...]] = None) -> np.ndarray:
    """Values from `low` to `high`, small ones more often."""
    return np.exp(random.uniform(np.log(low), np.log(high), shape))
