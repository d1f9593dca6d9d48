"""What n2v's data wrapper is given: damage, pixels kept for validation, turned patches, seeds, own memory."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import tensorflow as tf

from denoise.damage_fill import fill_damage
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

    n2v crops, masks and replaces on pixels that hold valid values only (see `TrainingPixels.values`);
    afterwards the barred pixels lose their mask, so that n2v's losses leave them out, and the damaged ones
    get the same fill as in prediction.
    """

    if TYPE_CHECKING:  # what N2V_DataWrapper has
        data_size: int
        n_chan: int
        shape: tuple[int, ...]
        patch_sampler: Any

    def watch(self, planes: Planes, *, augment: bool, seed: Sequence[int]) -> None:
        """Take over after the data wrapper's `__init__`.

        Args:
            planes: What the patches are drawn from; the wrapper's X is its `values`.
            augment: Turn and flip the patches.
            seed: Batch `i` depends on this and on `i` only, so that a resumed run draws what it would have
                drawn.
        """
        self.stacked = np.concatenate([planes.values, planes.filled, planes.damage, planes.barred],
                                      axis=-1).astype(np.float32)
        self.crop, self.patch_sampler = self.patch_sampler, self._sample
        self.augment = augment and self.shape[-1] == self.shape[-2]
        self.seed = tuple(seed)

    def _sample(self, X: np.ndarray, X_Batches: np.ndarray, indices: np.ndarray, range: np.ndarray,
                shape: tuple[int, ...]) -> None:
        """n2v's own random crop, of the values and of what belongs to them, turned and flipped."""
        crops = np.empty((len(indices), *shape, self.stacked.shape[-1]), np.float32)
        self.crop(self.stacked, crops, indices=indices, range=range, shape=shape)
        if self.augment:
            for crop in crops:
                turn = np.random.randint(TURNS)
                turned = np.rot90(crop, turn % 4, axes=(-3, -2)).copy()  # a view of `crop` itself before
                crop[...] = turned if turn < 4 else turned[..., ::-1, :]
        X_Batches[...] = crops[..., :self.n_chan]
        self.filled = crops[..., self.n_chan:2 * self.n_chan]
        self.damage, self.barred = crops[..., -2:-1] > 0, crops[..., -1:] > 0

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
        values: Normalised, every value from a valid pixel.
        filled: The network's input, damage filled from its surroundings.
        damage: Boolean, one channel.
        barred: Boolean, one channel: pixels that give no loss, damaged or kept for validation.
    """

    def __init__(self, pixels: TrainingPixels, validation_fraction: float, seed: int) -> None:
        means, stds = (np.array(numbers, np.float32) for numbers in (pixels.means, pixels.stds))
        self.values = (pixels.values - means) / stds
        self.damage = pixels.damage
        self.filled = self.values
        if self.damage.any():
            self.filled = np.concatenate([_fill(one, hole) for one, hole in zip(self.values, self.damage)])
        self._kept = _kept_apart(self.damage, validation_fraction, seed)
        self.barred = self.damage | self._kept
        if not self._kept.any():  # too small, or damaged everywhere: what trains also validates
            self._kept = ~self.damage

    def for_validation(self) -> Planes:
        """The same planes, where only the pixels kept out of the training count."""
        other = object.__new__(Planes)
        other.values, other.filled, other.damage = self.values, self.filled, self.damage
        other.barred = self.damage | ~self._kept
        return other


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
    slices = tf.constant(values.reshape(-1, *values.shape[-3:]))
    holes = tf.constant(damage.reshape(-1, *damage.shape[-3:]), tf.float32)
    return fill_damage(slices, holes).numpy().reshape(1, *values.shape)
