"""The detectors that need no network, one for each kind of damage but stains: no filter tells these from the scene."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from pipelines.damage.cracks import find_cracks
from pipelines.damage.dead_pixels import find_dead_pixels
from pipelines.damage.kinds import CRACKS, DEAD_PIXELS, DUST, MISSING, SCRATCHES, TEXT
from pipelines.damage.lines import find_scratches
from pipelines.damage.missing import find_missing
from pipelines.damage.spots import find_dust
from pipelines.damage.text import find_text

# Each takes (H, W, C) float32 from 0 to 1 and the noise's standard deviation, and gives (H, W) float32 from 0 to 1,
# above 0.5 where it is more likely damaged than not.
CLASSICAL: dict[str, Callable[[np.ndarray, float], np.ndarray]] = {
    SCRATCHES: find_scratches, CRACKS: find_cracks, DUST: find_dust,
    DEAD_PIXELS: find_dead_pixels, MISSING: find_missing, TEXT: find_text}
