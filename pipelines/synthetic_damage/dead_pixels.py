"""Faults of a sensor or a transmission: dead, hot and stuck pixels, salt and pepper, dead rows and columns."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.synthetic_damage import curves
from pipelines.synthetic_damage.layers import Layer, size_of

CONTRAST = 0.3  # of a faulty pixel with all pixels around it, in some channel: texture hides what differs less


def draw(random: np.random.Generator, image: np.ndarray, scale: float) -> list[Layer]:
    """Up to 1.5 % of single pixels and some pairs, sometimes rows and columns; arguments as in `scratches.draw`."""
    del scale  # one pixel is one pixel
    layers = [_pixels(random, image)]
    if random.random() < 0.3:
        layers.append(_rows(random, image))
    return layers


def _pixels(random: np.random.Generator, image: np.ndarray) -> Layer:
    size = size_of(image)
    share = float(curves.log_uniform(random, 0.0005, 0.015))
    faulty = random.random(size) < share
    faulty[int(random.integers(size[0])), int(random.integers(size[1]))] = True
    if random.random() < 0.3:  # some have a faulty neighbour
        faulty[:, 1:] |= faulty[:, :-1] & (random.random((size[0], size[1] - 1)) < 0.3)
    kind = random.choice(["dead", "hot", "both", "stuck"], p=(0.2, 0.25, 0.35, 0.2))
    if kind == "stuck":  # in a single channel
        colour, channel = image.copy(), int(random.integers(3))
        colour[..., channel] = random.random(size) < 0.5
    else:
        level = {"dead": np.zeros(size), "hot": np.ones(size), "both": random.random(size) < 0.5}[kind]
        colour = np.repeat(level[..., np.newaxis].astype(np.float32), 3, axis=-1)
    darkest, brightest = (change(image, np.ones((3, 3))).reshape(image.shape) for change in (cv2.erode, cv2.dilate))
    differs = np.maximum(colour - brightest, darkest - colour).max(axis=-1) >= CONTRAST
    for extreme, gap in ((0.0, darkest), (1.0, 1 - brightest)):  # where it would look right, the other way round
        shows = ~differs & (gap.max(axis=-1) >= CONTRAST)
        colour[shows], differs = extreme, differs | shows
    return Layer(colour.astype(np.float32), (faulty & differs).astype(np.float32))


def _rows(random: np.random.Generator, image: np.ndarray) -> Layer:
    opacity = np.zeros(size_of(image), np.float32)
    lines = opacity.T if random.random() < 0.5 else opacity
    for _ in range(int(random.integers(1, 4))):
        start = int(random.integers(lines.shape[1])) if random.random() < 0.3 else 0
        lines[int(random.integers(lines.shape[0])), start:] = 1
    return Layer(np.full(3, random.choice([0.0, 1.0, random.random()]), np.float32), opacity, is_whole=True)
