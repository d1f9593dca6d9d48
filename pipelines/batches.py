"""Which frames go through the network together."""

from __future__ import annotations

import dataclasses
import itertools
from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

import numpy as np

from pipelines.restoration_result import Prepared

# Small frames go through the network together: 64 x 64 pixels take a third of the time so, 128 x 128 two thirds. From
# 256 x 256 on there is nothing to gain, and more at a time is slower (2 processor cores).
BATCH_PIXELS = 2**18
MOST_FRAMES = 64


@dataclasses.dataclass(eq=False)
class Frame:
    """One image on its way through the networks.

    Args:
        owner: The picture that it belongs to.
        pixels: (H, W, C), as they were given.

    Attributes:
        denoised, restored: The same after each stage; not rounded until both are done.
    """

    owner: Prepared
    pixels: np.ndarray
    denoised: np.ndarray = dataclasses.field(init=False)
    restored: np.ndarray = dataclasses.field(init=False)


def capacity(size: tuple[int, int]) -> int:
    """How many frames of that height and width go together, 1 to `MOST_FRAMES`."""
    height, width = size
    return min(max(1, BATCH_PIXELS // (height * width)), MOST_FRAMES)


def batches(frames: Iterable[Frame]) -> Iterator[list[Frame]]:
    """Neighbours of one size, at most `capacity` of them."""
    for size, alike in itertools.groupby(frames, key=lambda frame: frame.owner.picture.size):
        while batch := list(itertools.islice(alike, capacity(size))):
            yield batch


def filled_together(frames: Sequence[Frame]) -> list[list[Frame]]:
    """Those whose holes one call can fill; frames without holes are left out."""
    together = defaultdict(list)
    for frame in frames:
        picture, plan = frame.owner.picture, frame.owner.plan
        if frame.owner.mask.any():
            # What is filled in parts follows its own plan.
            in_parts = None if plan.is_whole else id(frame.owner)
            together[frame.owner.inpainter, picture.value_range, "C" in picture.axes, in_parts].append(frame)
    return list(together.values())


def stacked(arrays: Sequence[np.ndarray]) -> np.ndarray:
    """`np.stack` without the copy where there is only one array, which may be large."""
    return arrays[0][np.newaxis] if len(arrays) == 1 else np.stack(arrays)
