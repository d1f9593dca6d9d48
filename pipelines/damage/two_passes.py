"""The order: strong damage is found first, then the picture is denoised without it, then the rest is found."""

from __future__ import annotations

import numpy as np

from pipelines.damage.detection import DamageDetector, FoundDamage
from pipelines.images import Picture


class TwoPasses:
    """The damage of one picture, found in the noisy picture and once more in the denoised one.

    Noise hides what is faint, so that it is found in the denoised picture only. What is strong must be found before:
    a denoiser would learn from it, and smear it.

    Args:
        detector: What looks for damage.
        picture: As it was read.

    Attributes:
        found: What is known by now.
    """

    def __init__(self, detector: DamageDetector, picture: Picture) -> None:
        self._detector, self._picture = detector, picture
        self.found: FoundDamage = detector.find(picture)

    def look_again(self, denoised: np.ndarray) -> np.ndarray:
        """Look for what is left.

        Args:
            denoised: Shape and type of the picture's pixels; what was found is filled in it.

        Returns:
            The mask of both passes, bool (H, W).
        """
        self.found = self.found.joined(self._detector.find(self._picture, denoised))
        return self.found.mask
