"""Runs the learned detector on pictures of any size: in tiles, from all sides, and on smaller copies of large
pictures."""

from __future__ import annotations

from collections.abc import Iterator

import cv2
import numpy as np
import tensorflow as tf

from denoise.prediction import averaged_over_turns
from pipelines.damage.kinds import KINDS
from pipelines.damage.network import MULTIPLE, REACH, tensor_function

SIDE = 512  # pixels: of the part that a tile finishes
MARGIN = -(-REACH // MULTIPLE) * MULTIPLE  # what a tile sees around it, so that tiling changes nothing
FROM_ALL_SIDES = 2 ** 20  # pixels: larger pictures would take too long from all sides
LEARNED_SIDE = 400  # pixels: about the shorter side of the pictures that were learned from


class LearnedDetector:
    """A network with what it needs to look at a picture.

    Args:
        network: As `network.build_network` makes them.
    """

    def __init__(self, network: tf.keras.Model) -> None:
        self._detect = tf.function(tensor_function(network)).get_concrete_function(
            tf.TensorSpec([None, None, None, 3], tf.float32, name="image"))

    def probabilities(self, colours: np.ndarray) -> np.ndarray:
        """The probability of each of `KINDS` at each pixel.

        Larger pictures have wider scratches than those that were learned from: they are looked at in half of their
        size, too, and so on; of each pixel, the likeliest size counts. A picture of at most `FROM_ALL_SIDES` pixels,
        or a copy as small, is looked at from all sides.

        Args:
            colours: (H, W, C) float32, 0 to 1; C is 1 or 3.

        Returns:
            (H, W, 7) float32; what is more likely damaged than not sums to more than 0.5.
        """
        shown = np.repeat(colours, 3, axis=-1) if colours.shape[-1] == 1 else colours
        best = self._seen(shown)
        while min(shown.shape[:2]) >= 2 * LEARNED_SIDE:
            shown = cv2.resize(shown, (shown.shape[1] // 2, shown.shape[0] // 2), interpolation=cv2.INTER_AREA)
            coarse = cv2.resize(self._seen(shown), best.shape[1::-1], interpolation=cv2.INTER_LINEAR)
            better = coarse.sum(axis=-1) > best.sum(axis=-1)
            best[better] = coarse[better]
        return best

    def _seen(self, colours: np.ndarray) -> np.ndarray:
        if colours.shape[0] * colours.shape[1] > FROM_ALL_SIDES:
            return self._in_tiles(colours)
        look = averaged_over_turns(lambda image: tf.constant(self._in_tiles(image[0].numpy())[np.newaxis]))
        return look(tf.constant(colours[np.newaxis]))[0].numpy()

    def _in_tiles(self, colours: np.ndarray) -> np.ndarray:
        found = np.empty((*colours.shape[:2], len(KINDS)), np.float32)
        for seen, finished, inner in _tiles(colours.shape[:2]):
            found[finished] = self._detect(tf.constant(colours[seen][np.newaxis])).numpy()[0][inner]
        return found


def _tiles(size: tuple[int, ...]) -> Iterator[tuple[tuple[slice, ...], tuple[slice, ...], tuple[slice, ...]]]:
    """What is seen, what is finished, and where that is within what is seen. What is seen begins at multiples of
    the network's own, or else its poolings would fall differently."""
    for top in range(0, size[0], SIDE):
        for left in range(0, size[1], SIDE):
            starts = [max(0, corner - MARGIN) for corner in (top, left)]
            seen = tuple(slice(start, corner + SIDE + MARGIN) for start, corner in zip(starts, (top, left)))
            finished = tuple(slice(corner, min(corner + SIDE, side)) for corner, side in zip((top, left), size))
            inner = tuple(slice(part.start - start, part.stop - start) for part, start in zip(finished, starts))
            yield seen, finished, inner
