"""Scratches: thin lines, brighter or darker than both of their sides, more likely damage than wires or rims."""

from __future__ import annotations

import cv2
import numpy as np

from pipelines.damage.brightness import bright_planes, prominence
from pipelines.damage.line_evidence import line_evidence
from pipelines.damage.regions import Regions

TEXTURE_FACTOR = 6.0  # a line stands out by this much from the mean contrast of lines around it
SEED, GROWN = 1.0, 0.6  # strength that makes a line, and down to which it is followed
BRIDGE = 5  # pixels: pieces of a line that noise has cut are one if such squares on their pixels touch
FEWEST_SEEDS = 4  # pixels
SHORTEST = 16.0  # pixels

# Log odds that a line is a scratch, not part of the scene: fitted to lines of both kinds that were found in photos
# (other ones than those of the measurements), scratched at random and noisy. Noise hides some of their opacity.
WEIGHTS = 1.64, -1.26, 8.3, 3.75, 8.0  # of log length, log width, opacity, log loneliness, noise
BIAS = -17.4 - 1.1


def find_scratches(colours: np.ndarray, sigma: float) -> np.ndarray:
    """How likely each pixel is part of a scratch.

    Lines are found by oriented filters of several widths, followed down to half of their strength, and weighed by
    length, width, how much they hide and how lonely they are: see docs/damage.md.

    Args:
        colours: (H, W, C) float32, 0 to 1.
        sigma: Standard deviation of the noise; measured anew, in the plane that is looked at.

    Returns:
        (H, W) float32 from 0 to 1; above 0.5: a scratch.
    """
    del sigma
    found = np.zeros(colours.shape[:2], np.float32)
    for plane, noise in bright_planes(colours):
        found = np.maximum(found, _lines(plane, noise))
    return found


def _lines(brightness: np.ndarray, sigma: float) -> np.ndarray:
    evidence = line_evidence(brightness, sigma)
    lonely = prominence(evidence.contrast)
    strength = np.minimum(evidence.strength, lonely / TEXTURE_FACTOR)
    strength[~evidence.is_inside] = 0
    candidate = strength > GROWN
    regions = Regions(cv2.dilate(candidate.astype(np.uint8), np.ones((BRIDGE, BRIDGE), np.uint8)))
    regions.keep(candidate)
    length, opacity, contrast = regions.length, regions.mean(evidence.opacity), regions.mean(evidence.contrast)
    features = (np.log(length), np.log(np.maximum(regions.area, 1) / length), opacity,
                np.log(np.maximum(regions.mean(lonely), 1e-3)), np.full(regions.count, sigma))
    seeds = regions.mean((strength > SEED).astype(float)) * regions.area
    likely = regions.likelihood(features, WEIGHTS, BIAS, (seeds >= FEWEST_SEEDS) & (length >= SHORTEST))
    # Averages along a line reach beyond its ends, and have half of its contrast there.
    return np.where(evidence.contrast >= 0.5 * contrast[regions.labels], likely, 0)
