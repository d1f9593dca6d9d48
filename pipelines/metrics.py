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


def l1(truth: np.ndarray, image: np.ndarray, *, data_range: float = 255.0, where: Optional[np.ndarray] = None
       ) -> float:
    """Mean absolute difference as a share of `data_range`; NaN where no pixel is measured. Arguments as of `psnr`."""
    differences = np.abs(truth.astype(np.float64) - image)
    if where is not None:
        differences = differences[where]
    return float(differences.mean()) / data_range if differences.size else math.nan


def ssim(truth: np.ndarray, image: np.ndarray, *, data_range: float = 255.0, where: Optional[np.ndarray] = None
         ) -> float:
    """Structural similarity with the settings of the original paper.

    Args:
        truth, image: (H, W) or (H, W, 3), at least 11 x 11, any real type.
        data_range: Largest possible difference of two values.
        where: bool (H, W): average over the windows around these pixels only, such as the hole. Windows of known
            pixels near it count as far as they are centred in it. None: over all that lie within the picture.

    Returns:
        NaN where no pixel is measured.

    Reference:
        Wang et al. 2004, doi:10.1109/TIP.2003.819861: Gaussian weights of deviation 1.5, population covariance;
        `skimage.metrics.structural_similarity`.
    """
    from skimage.metrics import structural_similarity

    mean, local = structural_similarity(truth, image, data_range=data_range, gaussian_weights=True, sigma=1.5,
                                        use_sample_covariance=False, channel_axis=-1 if truth.ndim == 3 else None,
                                        full=True)
    if where is None:
        return float(mean)
    return float(local[where].mean()) if where.any() else math.nan


def scale_invariant_psnr(truth: np.ndarray, image: np.ndarray) -> float:
    """PSNR in dB of the image that becomes of `image` by the best factor and offset; of the truth's own range.

    Args:
        truth, image: One shape, any real type.

    Returns:
        Infinity where factor and offset make them equal; NaN for a constant truth.

    Reference:
        Weigert et al. 2018, doi:10.1038/s41592-018-0216-7; Laine et al. 2019, arXiv:1901.10277, use the like.
    """
    truth, image = truth.astype(np.float64), image.astype(np.float64)
    centred, power = image - image.mean(), float(np.var(image))
    factor = float(np.mean((truth - truth.mean()) * centred)) / power if power > 0 else 0.0
    extent = float(np.ptp(truth))
    return psnr(truth, centred * factor + truth.mean(), data_range=extent) if extent > 0 else math.nan
