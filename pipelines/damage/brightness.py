"""One plane in which damage of nearly white, or nearly black, paint stands out."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np

from denoise.noise import wavelet_sigma

NOISY = 0.1  # standard deviation, of the brightness range, from which on all channels count alike
TEXTURE_WINDOW = 61  # pixels


def bright_planes(colours: np.ndarray) -> Iterator[tuple[np.ndarray, float]]:
    """A plane in which white damage is bright, and one in which black damage is; each with its noise.

    White paint shows best in the darkest channel, unless noise makes it another one at each pixel.

    Args:
        colours: (H, W, C) float32, 0 to 1.

    Yields:
        (H, W) float32, 0 to 1, and the standard deviation of its noise; nothing for pictures of one colour.
    """
    if min(colours.shape[:2]) < 2 or np.ptp(colours) == 0:
        return
    for shown in (colours, 1 - colours):
        plane = shown.mean(axis=-1)
        if shown.shape[-1] > 1:
            plane += max(0.0, 1 - wavelet_sigma(shown[..., 1]) / NOISY) * (shown.min(axis=-1) - plane)
        yield plane, wavelet_sigma(plane)


def prominence(contrast: np.ndarray) -> np.ndarray:
    """Contrast as a multiple of the mean one around: low in texture, however strong."""
    return contrast / np.maximum(cv2.blur(contrast, (TEXTURE_WINDOW, TEXTURE_WINDOW)), 1e-6)
