"""How close a restored picture is to the truth."""

from __future__ import annotations

import math
from typing import Optional

import numpy as np


def psnr(truth: np.ndarray, image: np.ndarray, *, data_range: float = 255.0, where: Optional[np.ndarray] = None
         ) -> float:
    """Peak signal-to-noise ratio in dB.

    Args:
        truth, image: (H, W) or (H, W, 3), any real type.
        data_range: Largest possible difference of two values.
        where: bool (H, W): measure these pixels only, such as the hole.

    Returns:
        Infinity for equal pictures, NaN where no pixel is measured.

    Raises:
        ValueError: If the shapes differ.
    """
    if truth.shape != image.shape:
        raise ValueError(f"`truth` and `image` should have one shape. Received: {truth.shape} and {image.shape}")
    squares = np.square(truth.astype(np.float64) - image)
    if where is not None:
        squares = squares[where]
    if squares.size == 0:
        return math.nan
    error = float(squares.mean())
    return math.inf if error == 0 else 10 * math.log10(data_range**2 / error)


def ssim(truth: np.ndarray, image: np.ndarray, *, data_range: float = 255.0) -> float:
    """Structural similarity with the settings of the original paper.

    Args:
        truth, image: (H, W) or (H, W, 3), at least 11 x 11, any real type.
        data_range: Largest possible difference of two values.

    Reference:
        Wang et al. 2004, doi:10.1109/TIP.2003.819861: Gaussian weights of deviation 1.5, population covariance;
        `skimage.metrics.structural_similarity`.
    """
    from skimage.metrics import structural_similarity

    return float(structural_similarity(truth, image, data_range=data_range, gaussian_weights=True, sigma=1.5,
                                       use_sample_covariance=False, channel_axis=-1 if truth.ndim == 3 else None))
