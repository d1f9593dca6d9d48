"""n2v's own network, batches and training; with `denoise.model`, what alone imports n2v and CSBDeep."""

from __future__ import annotations

import contextlib
import copy
import io
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
import tensorflow as tf
from csbdeep.internals.predict import tile_iterator
from n2v.internals.N2V_DataWrapper import N2V_DataWrapper
from n2v.models import N2V, N2VConfig
from n2v.utils import n2v_utils

from denoise.batches import DamageAware, Planes, numpy_seed
from denoise.config import DenoiserConfig
from denoise.manipulation import Manipulator, median_without_center, uniform_with_center
from denoise.patches import TrainingPixels
from denoise.training import RunKeeper
from denoise.warm_start import begin_from_best, weights_for_channels

VALIDATION_PATCHES, VALIDATION_PERCENT = 128, 6.0


@contextlib.contextmanager
def quiet() -> Iterator[None]:
    """Hold back what n2v prints, and the two deprecations that n2v and Keras cannot mend any more."""
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`product` is deprecated", DeprecationWarning)
        warnings.filterwarnings("ignore", "non-integer arguments to randrange", DeprecationWarning)
        yield


class Batches(DamageAware, N2V_DataWrapper):
    """n2v's own data wrapper, made aware of damage.

    Args:
        planes: What the patches are drawn from.
        config: Official settings.
        percent: Per cent of masked pixels.
        augment: Turn and flip the patches.
        seed: Batch `i` depends on this and on `i` only.
    """

    def __init__(self, planes: Planes, config: N2VConfig, *, percent: float, augment: bool,
                 seed: Sequence[int]) -> None:
        structure = None if config.structN2Vmask is None else np.array(config.structN2Vmask)
        with quiet(), numpy_seed(*seed):
            # of X, the wrapper only needs the shape: `DamageAware` draws the patches
            super().__init__(np.broadcast_to(np.float32(0), planes.shape), None,
                             batch_size=config.train_batch_size, length=None, perc_pix=percent,
                             shape=tuple(config.n2v_patch_shape), value_manipulation=_manipulator(config),
                             structN2Vmask=structure)
        self.watch(planes, augment=augment, seed=seed)


def _manipulator(config: N2VConfig) -> Manipulator:
    """What replaces masked pixels. n2v evaluates names as code; here they are of DenoiserConfig's list."""
    radius = config.n2v_neighborhood_radius
    official = getattr(n2v_utils, f"pm_{config.n2v_manipulator}")(radius)
    if config.n2v_manipulator == "uniform_withCP":
        return uniform_with_center(radius)
    return median_without_center(radius) if config.n2v_manipulator == "median" else official


def build_official(config: DenoiserConfig, channels: int, means: Sequence[float], stds: Sequence[float]) -> N2V:
    """The official network for these settings, untrained."""
    settings = config.official_settings(channels, means, stds)
    # N2VConfig only takes axes and channels from the array once means and stds are given; it accepts any key,
    # which is why every key comes from the checked DenoiserConfig
    official_config = N2VConfig(np.zeros((1, *config.n2v_patch_shape, channels), np.float32), **settings)
    # name=None crashes n2v and so does basedir=None, hence a folder that is thrown away
    with tempfile.TemporaryDirectory() as folder, quiet():
        official = N2V(official_config, name="n2v", basedir=folder)
    official.basedir = None  # from here on n2v writes no file; the RunKeeper does, atomically
    return official


def with_statistics(official: N2V, means: Sequence[float], stds: Sequence[float]) -> N2V:
    """The official network, whose layers both then share, for images of other means and standard deviations."""
    other = copy.copy(official)
    other.config = copy.copy(official.config)
    # n2v keeps them as text
    other.config.means, other.config.stds = ([repr(float(number)) for number in numbers] for numbers in (means, stds))
    return other


def fit_official(official: N2V, config: DenoiserConfig, pixels: TrainingPixels, keeper: RunKeeper, *, seed: int,
                 resume: bool, starts: Sequence[tf.keras.Model]) -> None:
    """Train with n2v's losses, callbacks and batches. n2v's own train() cannot: it knows no damage and no
    resuming, and its `epochs` argument ends at the data made for the configured ones."""
    rate: Any = config.train_learning_rate
    if config.learning_rate_schedule == "cosine":
        rate = tf.keras.optimizers.schedules.CosineDecay(rate, config.steps)
    official.prepare_for_training(tf.keras.optimizers.Adam(rate))
    planes = Planes(pixels, config.validation_fraction, seed)
    batches = Batches(planes, official.config, percent=config.n2v_perc_pix, augment=config.augment,
                      seed=(seed, 0))
    held_out = Batches(planes.for_validation(), official.config, augment=False, seed=(seed, 1),
                       percent=max(config.n2v_perc_pix, VALIDATION_PERCENT))
    count = -(-VALIDATION_PATCHES // config.train_batch_size)
    inputs, targets = map(np.concatenate, zip(*(held_out[index] for index in range(count))))
    if starts:
        candidates = [weights_for_channels(start, planes.shape[-1]) for start in starts]
        keeper.start_from(*begin_from_best(official.keras_model, candidates, inputs, targets,
                                           batch_size=config.train_batch_size))
    keeper.fit(official.keras_model, batches.__getitem__, (inputs, targets), callbacks=official.callbacks,
               resume=resume)


def in_tiles(network: Callable[[np.ndarray], np.ndarray], image: np.ndarray, tile: int, *, radius: int,
             multiple: int) -> np.ndarray:
    """Apply a network to CSBDeep's tiles: aligned to its multiple, the inner ones of one size.

    Args:
        network: Maps an array like `image`, of any sides, to one of the same shape.
        image: float32 (1, H, W, C) or (1, D, H, W, C), sides multiples of `multiple`.
        tile: Side of the tiles in pixels, without what they overlap.
        radius: How far the network sees; by so much the tiles overlap, so that they change nothing.
        multiple: Of what sides the network takes.

    Returns:
        float32, shape of `image`.
    """
    if all(side <= tile for side in image.shape[1:-1]):
        return network(image)
    counts = [max(1, -(-side // tile)) for side in image.shape[1:-1]]
    overlap = -(-radius // multiple)
    restored = np.empty_like(image)
    for piece, source, target in tile_iterator(image[0], [*counts, 1], [multiple] * len(counts) + [1],
                                               [overlap] * len(counts) + [0]):
        restored[0][target] = network(piece[np.newaxis])[0][source]
    return restored
