"""Connected pixels as candidates for damage, measured and weighed one by one."""

from __future__ import annotations

from collections.abc import Sequence

import cv2
import numpy as np


class Regions:
    """The connected regions of a mask.

    Args:
        candidates: bool (H, W).

    Attributes:
        labels: (H, W), 0 outside, else the number of the region.
        count: Number of regions, the outside included; each measurement below has one value for each of them.
    """

    def __init__(self, candidates: np.ndarray) -> None:
        found = cv2.connectedComponentsWithStats(candidates.astype(np.uint8), connectivity=8)
        self.count, self.labels, boxes, _ = found
        self.area = boxes[:, cv2.CC_STAT_AREA].astype(float)
        self.left, self.top = boxes[:, cv2.CC_STAT_LEFT], boxes[:, cv2.CC_STAT_TOP]
        self.width = boxes[:, cv2.CC_STAT_WIDTH].astype(float)
        self.height = boxes[:, cv2.CC_STAT_HEIGHT].astype(float)

    def keep(self, pixels: np.ndarray) -> None:
        """Take all pixels but these out of the regions, which stay as they are otherwise; bool (H, W)."""
        self.labels[~pixels] = 0
        self.area = np.bincount(self.labels.ravel(), minlength=self.count).astype(float)

    @property
    def length(self) -> np.ndarray:
        """Diagonals of the bounding boxes in pixels."""
        return np.hypot(self.width, self.height)

    def mean(self, values: np.ndarray) -> np.ndarray:
        """Mean of (H, W) values over each region."""
        return np.bincount(self.labels.ravel(), values.ravel(), minlength=self.count) / np.maximum(self.area, 1)

    def likelihood(self, features: Sequence[np.ndarray], weights: Sequence[float], bias: float,
                   possible: np.ndarray) -> np.ndarray:
        """How likely each pixel's region is damage: a logistic function of its features.

        Args:
            features: One value for each region, in each of them.
            weights: One for each feature.
            bias: Log odds of a region with features of 0.
            possible: bool, one value for each region: others get 0.

        Returns:
            (H, W) float32.
        """
        log_odds = bias + sum(weight * values for weight, values in zip(weights, features))
        likely = np.where(possible, 1 / (1 + np.exp(-np.clip(log_odds, -30, 30))), 0)
        likely[0] = 0
        return likely[self.labels].astype(np.float32)
