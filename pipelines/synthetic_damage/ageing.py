"""What time and scanning do to a whole picture, damage and all."""

from __future__ import annotations

import cv2
import numpy as np

SEPIA = (1.0, 0.86, 0.65)


def age(image: np.ndarray, seed: int) -> np.ndarray:
    """Fade, tint, blur, grain and compress a picture, each at random and to a random degree.

    Args:
        image: (H, W, 3) RGB, uint8. Not modified.
        seed: From 0.

    Returns:
        Same shape and type.

    Raises:
        ValueError: If the image is of another shape or type.
    """
    if image.dtype != np.uint8 or image.ndim != 3 or image.shape[-1] != 3:
        raise ValueError(f"`image` must be (H, W, 3) uint8. Received: {image.shape}, {image.dtype}")
    random = np.random.default_rng(seed)
    values: np.ndarray = image.astype(np.float32) / 255
    if random.random() < 0.5:
        values = _toned(random, values)
    if random.random() < 0.5:
        values = _faded(random, values)
    if random.random() < 0.4:
        values = cv2.GaussianBlur(values, (0, 0), random.uniform(0.3, 0.9))
    if random.random() < 0.4:  # grain, alike in all channels and coarser than a pixel
        grain = cv2.GaussianBlur(random.normal(0, 1, image.shape[:2]).astype(np.float32), (0, 0),
                                 random.uniform(0.4, 1.0))
        values = values + random.uniform(0.01, 0.05) * (grain / max(grain.std(), 1e-6))[..., np.newaxis]
    pixels = np.rint(values.clip(0, 1) * 255).astype(np.uint8)
    if random.random() < 0.4:
        quality = int(random.integers(40, 96))
        written, data = cv2.imencode(".jpg", pixels[..., ::-1], [cv2.IMWRITE_JPEG_QUALITY, quality])
        if written:
            pixels = np.ascontiguousarray(cv2.imdecode(data, cv2.IMREAD_COLOR)[..., ::-1])
    return pixels


def _toned(random: np.random.Generator, values: np.ndarray) -> np.ndarray:
    """Gray, or gray in a brown tone, or half of the way there."""
    gray = values @ np.array([0.299, 0.587, 0.114], np.float32)
    tone = np.asarray(SEPIA, np.float32) ** random.uniform(0, 1.5)
    toned = gray[..., np.newaxis] * tone
    return values + random.choice([1.0, random.uniform(0.3, 1.0)]) * (toned - values)


def _faded(random: np.random.Generator, values: np.ndarray) -> np.ndarray:
    """Less contrast, another brightness, and light that is uneven."""
    black, white = random.uniform(0, 0.25), random.uniform(0.7, 1.0)
    values = black + (white - black) * values ** random.uniform(0.7, 1.5)
    light = cv2.resize(random.uniform(0.8, 1.1, (3, 3)).astype(np.float32), values.shape[1::-1],
                       interpolation=cv2.INTER_CUBIC)
    return values * light.reshape(values.shape[:2])[..., np.newaxis]
