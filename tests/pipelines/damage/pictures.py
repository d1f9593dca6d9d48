"""Pictures with damage whose place is known."""

import cv2
import numpy as np

SIZE = (160, 200)


def shaded() -> np.ndarray:
    """A gray ramp from 90 to 140 with a little noise, uint8."""
    rows, columns = np.mgrid[:SIZE[0], :SIZE[1]]
    noise = np.random.default_rng(0).normal(0, 2, SIZE)
    return np.rint(90 + 50 * (rows + columns) / sum(SIZE) + noise).astype(np.uint8)


def drawn(kind: str) -> np.ndarray:
    """A scratch or three specks, bool."""
    canvas = np.zeros(SIZE, np.uint8)
    if kind == "scratch":
        cv2.polylines(canvas, [np.array([[20, 30], [90, 60], [180, 130]])], False, 1, 2)
    else:
        for centre in ((40, 120), (120, 30), (170, 80)):
            cv2.circle(canvas, centre, 3, 1, cv2.FILLED)
    return canvas > 0


def scratched() -> np.ndarray:
    """The ramp with a white scratch, uint8."""
    image = shaded()
    image[drawn("scratch")] = 250
    return image


def grown(mask: np.ndarray, pixels: int) -> np.ndarray:
    """The mask, larger by so many pixels on each side."""
    return cv2.dilate(mask.astype(np.uint8), np.ones((2 * pixels + 1,) * 2, np.uint8)) > 0


def as_colours(image: np.ndarray) -> np.ndarray:
    """uint8 (H, W) or (H, W, 3) as float32 (H, W, C) from 0 to 1."""
    return np.atleast_3d(image).astype(np.float32) / 255
