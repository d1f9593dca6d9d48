"""Training examples for the learned detector: undamaged photos, damaged, aged and noisy in all mixtures."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import cv2
import numpy as np

from pipelines.damage.kinds import DEAD_PIXELS, KINDS
from pipelines.images import read_picture
from pipelines.synthetic_damage import age, render_damage, some_kinds

WINDOW = 256  # pixels: damage is drawn on windows of this side
MOST_NOISE = 25.0  # of 255
UNDAMAGED = 0.2  # share of the windows


class Examples:
    """Any number of windows, each a function of the seed and its number.

    Args:
        paths: Undamaged photos.
        seed: Of all that is random.
    """

    def __init__(self, paths: Sequence[Path], seed: int) -> None:
        if not paths:
            raise ValueError("no training pictures: `paths` is empty")
        self.paths = list(paths)
        self.seed = seed

    def batch(self, number: int, windows: int, crop: int) -> tuple[np.ndarray, np.ndarray]:
        """Batch `number`: uint8 images (N, crop, crop, 3) and uint8 labels (N, crop, crop).

        Args:
            number: From 0.
            windows: Number of photos in it.
            crop: Side of the images, which divides WINDOW: each window is cut into all the crops there are in it.
        """
        pairs = [self.window(number * windows + index) for index in range(windows)]
        images, labels = (np.stack(parts) for parts in zip(*pairs))
        return _cut(images, crop), _cut(labels[..., np.newaxis], crop)[..., 0]

    def window(self, number: int) -> tuple[np.ndarray, np.ndarray]:
        """Window `number`: uint8 image (WINDOW, WINDOW, 3) and uint8 labels (WINDOW, WINDOW): 0 undamaged, else 1 + the
        index of the kind in `KINDS`, the topmost one where several overlap."""
        random = np.random.default_rng((self.seed, number))
        photo = _window_of(random, read_picture(self.paths[int(random.integers(len(self.paths)))]).pixels)
        kinds: list[str] = []
        if random.random() >= UNDAMAGED:
            kinds = some_kinds(random)
        late = DEAD_PIXELS in kinds and random.random() < 0.5  # faults of the camera, others of the sensor that scans
        labels = np.zeros(photo.shape[:2], np.uint8)
        image = _damaged(random, photo, [kind for kind in kinds if not (late and kind == DEAD_PIXELS)], labels)
        if random.random() < 0.5:
            image = age(image, int(random.integers(2 ** 31)))
        image = _noisy(random, image)
        if late:
            image = _damaged(random, image, [DEAD_PIXELS], labels)
        return image, labels


def _window_of(random: np.random.Generator, pixels: np.ndarray) -> np.ndarray:
    """A window of a photo, turned, mirrored and made larger or smaller at random."""
    pixels = pixels if pixels.ndim == 3 else np.stack([pixels] * 3, axis=-1)
    factor = random.uniform(0.8, 2.0) if random.random() < 0.35 else 1.0
    side = int(np.ceil(WINDOW / factor))
    short = [max(0, side - length) for length in pixels.shape[:2]]
    pixels = np.pad(pixels, ((0, short[0]), (0, short[1]), (0, 0)), mode="reflect")
    top, left = (int(random.integers(length - side + 1)) for length in pixels.shape[:2])
    window = pixels[top:top + side, left:left + side]
    if factor != 1.0:
        window = cv2.resize(window, (WINDOW, WINDOW), interpolation=cv2.INTER_CUBIC if factor > 1 else cv2.INTER_AREA)
    window = np.rot90(window, int(random.integers(4)))
    return np.ascontiguousarray(window[:, ::-1] if random.random() < 0.5 else window)


def _damaged(random: np.random.Generator, image: np.ndarray, kinds: list[str], labels: np.ndarray) -> np.ndarray:
    """The image with damage of these kinds, which is entered into `labels`."""
    if not kinds:
        return image
    rendered = render_damage(image, int(random.integers(2 ** 31)), kinds)
    for kind, mask in rendered.masks.items():
        labels[mask] = 1 + KINDS.index(kind)
    return rendered.image


def _noisy(random: np.random.Generator, image: np.ndarray) -> np.ndarray:
    """The image with Gaussian noise, with what a denoiser leaves of it, or neither."""
    if random.random() < 0.25:
        return image
    sigma = random.uniform(1, MOST_NOISE)
    shape = image.shape if random.random() < 0.8 else (*image.shape[:2], 1)
    noisy = np.rint(image + random.normal(0, sigma, shape)).clip(0, 255).astype(np.uint8)
    choice = random.random()
    if choice < 0.2:
        return cv2.bilateralFilter(noisy, 5, 3 * sigma, 1.5)
    if choice < 0.4:
        return cv2.fastNlMeansDenoisingColored(noisy, None, 0.8 * sigma, 0.8 * sigma, 3, 9)
    if choice < 0.5:
        return cv2.GaussianBlur(noisy, (0, 0), random.uniform(0.5, 0.9))
    return noisy


def _cut(images: np.ndarray, crop: int) -> np.ndarray:
    """(N, WINDOW, WINDOW, C) as (N * pieces, crop, crop, C)."""
    count, side, _, channels = images.shape
    pieces = side // crop
    return (images.reshape(count, pieces, crop, pieces, crop, channels).swapaxes(2, 3)
            .reshape(-1, crop, crop, channels))
