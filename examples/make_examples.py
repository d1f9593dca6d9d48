"""Makes the pictures of this folder: clean ones from scikit-image, noise and damage added to them.

    python examples/make_examples.py [--output DIR]

The same numbers every time: all that is random comes from one seed for each picture.
"""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path

import cv2
import numpy as np
import skimage.data
from PIL import Image

FINENESS = 4  # damage is drawn this many times larger, so that its edges are smooth
THINNEST, WIDEST = 1.0, 6.0  # scratches, in pixels
MARGIN = 1  # pixels by which a mask reaches beyond the last pixel that damage has touched
JPEG_SETTINGS = {"quality": 97, "subsampling": "4:4:4"}  # error: a tenth of the noise, beside damage too


@dataclasses.dataclass(frozen=True)
class Recipe:
    """How one example is made.

    Args:
        source: Name of the picture in `skimage.data`.
        clean, damaged, mask: Files to write, relative to the output folder.
        sigma: Standard deviation of the noise, in levels of 255.
        damaged_share: About how many of the pixels the mask shall cover.
        seed: Of noise and damage.
    """

    source: str
    clean: str
    damaged: str
    mask: str
    sigma: float
    damaged_share: float
    seed: int


@dataclasses.dataclass(frozen=True)
class Example:
    """The pictures of one example, all of one size.

    Args:
        clean, noisy, damaged: uint8 (H, W, 3); `noisy` is `damaged` without the damage, with the same noise.
        mask: bool (H, W), True = damaged.
    """

    clean: np.ndarray
    noisy: np.ndarray
    damaged: np.ndarray
    mask: np.ndarray


RECIPES = (
    Recipe("astronaut", "clean/astronaut.png", "noisy_image.jpg", "mask.png", 25.0, 0.045, 6),
    Recipe("coffee", "clean/coffee.png", "damaged/coffee.png", "masks/coffee.png", 15.0, 0.045, 2),
    Recipe("chelsea", "clean/chelsea.png", "damaged/chelsea.png", "masks/chelsea.png", 35.0, 0.045, 7),
)


def make_example(recipe: Recipe) -> Example:
    """Damage the source as a print is damaged, and add noise as the camera does that looks at the print."""
    clean = getattr(skimage.data, recipe.source)()
    random = np.random.default_rng(recipe.seed)
    noise = random.normal(0.0, recipe.sigma, clean.shape)
    print_values = clean.astype(np.float64)
    touched = np.zeros(clean.shape[:2], bool)
    mask = touched
    while mask.mean() < recipe.damaged_share:
        draw = draw_scratch if random.random() < 0.4 else draw_spot
        opacity = draw(clean.shape[:2], random) * random.uniform(0.85, 1.0)
        shade = random.uniform(235, 255) if random.random() < 0.6 else random.uniform(0, 25)
        print_values += opacity[..., np.newaxis] * (shade - print_values)
        touched = touched | (opacity > 0)
        mask = grow(touched, MARGIN)
    return Example(clean, _to_bytes(clean + noise), _to_bytes(print_values + noise), mask)


def draw_scratch(size: tuple[int, int], random: np.random.Generator) -> np.ndarray:
    """A thin line that bends slowly, wider in some parts than in others, with pointed ends.

    Returns:
        (H, W) float in [0, 1]: how much of each pixel it covers.
    """
    diagonal = np.hypot(*size)
    steps = 48
    first_heading = random.uniform(0, 2 * np.pi)
    bend = random.normal(0, 0.03, steps) + random.normal(0, 0.02)  # radians at each step
    heading = first_heading + np.cumsum(bend)
    stride = random.uniform(0.1, 0.6) * diagonal / steps
    path = stride * np.cumsum(np.stack([np.cos(heading), np.sin(heading)], axis=1), axis=0)
    path += random.uniform(0, 1, 2) * size[::-1] - path[steps // 2]
    widest = THINNEST + (WIDEST - THINNEST) * random.random() ** 2  # thin ones are the common ones
    along = np.linspace(0, 1, steps)
    uneven = 0.75 + 0.25 * np.sin(2 * np.pi * (random.uniform(1, 4) * along + random.random()))
    widths = np.maximum(widest * uneven * np.minimum(1, 8 * np.minimum(along, 1 - along)), THINNEST)
    canvas = _large_canvas(size)
    corners = np.rint(path * FINENESS).astype(int).tolist()
    for start, end, width in zip(corners, corners[1:], widths):
        cv2.line(canvas, start, end, 255, max(int(width * FINENESS), 1))
    return _coverage(canvas, size)


def draw_spot(size: tuple[int, int], random: np.random.Generator) -> np.ndarray:
    """A grain of dust, nearly round.

    Returns:
        (H, W) float in [0, 1]: how much of each pixel it covers.
    """
    centre = (random.uniform(0, 1, 2) * size[::-1] * FINENESS).astype(int).tolist()
    radii = (1 + 2.5 * random.random() ** 2) * random.uniform(0.7, 1.3, 2) * FINENESS
    canvas, turned = _large_canvas(size), random.uniform(0, 180)
    cv2.ellipse(canvas, centre, np.rint(radii).astype(int).tolist(), turned, 0, 360, 255, cv2.FILLED)
    return _coverage(canvas, size)


def grow(mask: np.ndarray, pixels: int) -> np.ndarray:
    """`mask` with all neighbours up to so many pixels away, diagonal ones too."""
    return cv2.dilate(mask.astype(np.uint8), np.ones((2 * pixels + 1,) * 2, np.uint8)) > 0


def write_examples(folder: Path) -> list[Path]:
    """Make and write all examples; returns the files."""
    written = []
    for recipe in RECIPES:
        example = make_example(recipe)
        files = {recipe.clean: example.clean, recipe.damaged: example.damaged,
                 recipe.mask: example.mask * np.uint8(255)}
        for name, pixels in files.items():
            path = folder / name
            path.parent.mkdir(parents=True, exist_ok=True)
            settings = JPEG_SETTINGS if path.suffix == ".jpg" else {"optimize": True}
            Image.fromarray(pixels).save(path, **settings)
            written.append(path)
    return written


def _large_canvas(size: tuple[int, int]) -> np.ndarray:
    return np.zeros((size[0] * FINENESS, size[1] * FINENESS), np.uint8)


def _coverage(canvas: np.ndarray, size: tuple[int, int]) -> np.ndarray:
    blocks = canvas.reshape(size[0], FINENESS, size[1], FINENESS)
    return blocks.mean(axis=(1, 3)) / 255


def _to_bytes(values: np.ndarray) -> np.ndarray:
    return np.rint(values).clip(0, 255).astype(np.uint8)


def main() -> None:
    """Run the command."""
    parser = argparse.ArgumentParser(description="Make the example pictures.")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent, metavar="DIR",
                        help="default: the folder of this script")
    for path in write_examples(parser.parse_args().output):
        print(f"wrote {path}")


if __name__ == "__main__":
    main()
