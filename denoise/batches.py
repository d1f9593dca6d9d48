"""What n2v's data wrapper is given: damage, pixels kept for validation, turned patches, seeds, own memory."""

from __future__ import annotations

import contextlib
import copy
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from denoise.damage_fill import fill_damage
from denoise.manipulation import stratified_coordinates
from denoise.patches import TrainingPixels

TURNS = 8  # four rotations, mirrored or not
REDRAWS = 100
FAR_AWAY = 2 ** 40  # batches: other sources than those of any step
VALIDATION_BLOCK = 8  # pixels


@contextlib.contextmanager
def numpy_seed(*seed: int) -> Iterator[None]:
    """n2v draws from NumPy's global generator: give it a known state, and the caller back the one he had."""
    state = np.random.get_state()
    np.random.seed(list(seed))
    try:
        yield
    finally:
        np.random.set_state(state)


class DamageAware:
    """Mixin before N2V_DataWrapper: its own batches, from which barred pixels are taken out.

    n2v masks and replaces on pixels that hold valid values only (see `TrainingPixels.values`); afterwards the
    barred pixels lose their mask, so that n2v's losses leave them out, and the damaged ones get the same fill
    as in prediction.
    """

    if TYPE_CHECKING:  # what N2V_DataWrapper has
        data_size: int
        n_chan: int
        shape: tuple[int, ...]
        patch_sampler: Any
        get_stratified_coords: Any

    def watch(self, planes: Planes, *, augment: bool, seed: Sequence[int]) -> None:
        """Take over after the data wrapper's `__init__`.

        Args:
            planes: What the patches are drawn from.
            augment: Turn and flip the patches.
            seed: Batch `i` depends on this and on `i` only, so that a resumed run draws what it would have
                drawn.
        """
        self.planes = planes
        self.patch_sampler, self.get_stratified_coords = self._sample, stratified_coordinates
        self.augment = augment and self.shape[-1] == self.shape[-2]
        self.seed = tuple(seed)

    def _sample(self, X: np.ndarray, X_Batches: np.ndarray, indices: np.ndarray, range: np.ndarray,
                shape: tuple[int, ...]) -> None:
        """Random crops, turned and flipped, of the planes' values and of what belongs to them.

        n2v's own crops come from one float32 array of all pixels, the X of its wrapper, which is left unused.
        """
        # starts and turns are drawn in the order of n2v's own sampler, all starts first
        starts = [[np.random.randint(0, space + 1) for space in range] for _ in indices]
        crops = []
        for source, start in zip(indices, starts):
            crop = self.planes.crop(source, tuple(slice(first, first + side) for first, side in zip(start, shape)))
            if self.augment:
                turn = np.random.randint(TURNS)
                crop = [np.rot90(part, turn % 4, axes=(-3, -2)) for part in crop]
                crop = crop if turn < 4 else [part[..., ::-1, :] for part in crop]
            crops.append(crop)
        X_Batches[...], self.filled, self.damage, self.barred = (np.stack(parts) for parts in zip(*crops))

    def _index(self, loop: int) -> np.ndarray:
        """The order of the sources in one pass. n2v's wrapper draws it when first asked and keeps it for
        good, so that it would depend on where a run was resumed, and fill the memory."""
        return np.random.default_rng((*self.seed, loop)).permutation(self.data_size)

    def __getitem__(self, i: int) -> tuple[np.ndarray, np.ndarray]:
        with numpy_seed(*self.seed, i):
            for attempt in range(REDRAWS):
                inputs, targets = super().__getitem__(i + attempt * FAR_AWAY)  # type: ignore[misc]
                # n2v hands out one and the same buffer for every batch: `where` makes new arrays
                targets = np.where(self.barred, np.float32(0), targets)
                if targets[..., self.n_chan:].any():  # n2v's losses divide by the number of masked pixels
                    return np.where(self.damage, self.filled, inputs), targets
        raise ValueError(f"no valid pixel in {REDRAWS} batches of training patches; is almost all damaged?")


class Planes:
    """What patches are drawn from: (S, (Z,) Y, X, channels) arrays of one size.

    Args:
        pixels: Pixels and damage.
        validation_fraction: Share of the pixels that is kept out of the training, in blocks of 8.
        seed: Decides which.

    Attributes:
        shape: Of the pixels.
        damage: Boolean, one channel.
        barred: Boolean, one channel: pixels that give no loss, damaged or kept for validation.
    """

    def __init__(self, pixels: TrainingPixels, validation_fraction: float, seed: int) -> None:
        self._means, self._stds = pixels.source_means, pixels.source_stds
        # in their own type: a large set of 8-bit pictures takes a quarter of the memory that float32 would
        self._values = self._filled = pixels.values
        self.shape = pixels.values.shape
        self.damage = pixels.damage
        if self.damage.any():
            self._filled = np.concatenate([_fill(one, hole) for one, hole in zip(pixels.values, self.damage)])
        self._kept = _kept_apart(self.damage, validation_fraction, seed)
        self.barred = self.damage | self._kept
        if not self._kept.any():  # too small, or damaged everywhere: what trains also validates
            self._kept = ~self.damage

    def for_validation(self) -> Planes:
        """The same planes, where only the pixels kept out of the training count."""
        other = copy.copy(self)
        other.barred = self.damage | ~self._kept
        return other

    def crop(self, source: int, place: tuple[slice, ...]) -> list[np.ndarray]:
        """Part of one source.

        Returns:
            The normalised values, each from a valid pixel, and the network's input, where damage is filled from its
            surroundings, both float32; damage and barred pixels, both boolean with one channel.
        """
        here: tuple[Any, ...] = (source, *place)
        mean, std = self._means[source], self._stds[source]
        values = filled = (self._values[here] - mean) / std
        if self._filled is not self._values:
            filled = (self._filled[here] - mean) / std
        return [values, filled, self.damage[here], self.barred[here]]


def _kept_apart(damage: np.ndarray, fraction: float, seed: int) -> np.ndarray:
    """Choose whole undamaged blocks at random; same shape as `damage`. None if there are fewer than two."""
    sides = damage.shape[1:-1]
    counts = [side // VALIDATION_BLOCK for side in sides]
    inner = damage[(slice(None), *(slice(count * VALIDATION_BLOCK) for count in counts))]
    grid = inner.reshape(len(damage), *(part for count in counts for part in (count, VALIDATION_BLOCK)))
    whole = np.argwhere(~grid.any(axis=tuple(range(2, grid.ndim, 2))))
    kept = np.zeros_like(damage)
    if len(whole) < 2:
        return kept
    chosen = np.random.default_rng(seed).choice(whole, max(1, round(fraction * len(whole))), replace=False)
    for sample, *corner in chosen * [1, *[VALIDATION_BLOCK] * len(sides)]:
        kept[(sample, *(slice(start, start + VALIDATION_BLOCK) for start in corner))] = True
    return kept


def _fill(values: np.ndarray, damage: np.ndarray) -> np.ndarray:
    """`fill_damage` for one sample; slices of a stack are filled one by one."""
    slices = tf.constant(values.reshape(-1, *values.shape[-3:]), tf.float32)
    holes = tf.constant(damage.reshape(-1, *damage.shape[-3:]), tf.float32)
    return fill_damage(slices, holes).numpy().reshape(1, *values.shape)
