"""Denoiser: the only file that imports n2v and CSBDeep, and the only one that knows their traps."""

from __future__ import annotations

import contextlib
import functools
import io
import tempfile
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
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
from denoise.patches import TrainingPixels, damage_to_samples, from_samples, guess_axes, to_samples, training_pixels
from denoise.prediction import averaged_over_turns, receptive_radius, restore
from denoise.training import (CONFIG_FILE, WEIGHTS_FILE, Progress, RunKeeper, TrainingSummary, save_config_atomically,
                              save_weights_atomically)

ACTIVATION_BUDGET = 2 ** 30  # bytes that the feature maps of one tile may take
VALIDATION_PATCHES, VALIDATION_PERCENT = 128, 6.0


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
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
        with _quiet(), numpy_seed(*seed):
            super().__init__(planes.values, None, batch_size=config.train_batch_size, length=None,
                             perc_pix=percent, shape=tuple(config.n2v_patch_shape),
                             value_manipulation=_manipulator(config), structN2Vmask=structure)
        self.watch(planes, augment=augment, seed=seed)


def _manipulator(config: N2VConfig) -> Manipulator:
    """What replaces masked pixels. n2v evaluates names as code; here they are of DenoiserConfig's list."""
    radius = config.n2v_neighborhood_radius
    official = getattr(n2v_utils, f"pm_{config.n2v_manipulator}")(radius)
    if config.n2v_manipulator == "uniform_withCP":
        return uniform_with_center(radius)
    return median_without_center(radius, official) if config.n2v_manipulator == "median" else official


class Denoiser:
    """A Noise2Void network with what it needs to denoise images like those it was trained on.

    Made by `Denoiser.train` and `Denoiser.load`.

    Attributes:
        axes: The network's axes, "YXC" or "ZYXC".
        channels: Number of channels.
        summary: How the training ended; None for a loaded denoiser.
    """

    def __init__(self, official: N2V, summary: TrainingSummary | None = None) -> None:
        self._official = official
        self.axes: str = official.config.axes
        self.channels: int = official.config.n_channel_in
        self.summary = summary

    @classmethod
    def train(cls, images: Sequence[np.ndarray], *, axes: str,
              damage: Sequence[np.ndarray | None] | None = None, config: DenoiserConfig | None = None,
              folder: str | Path | None = None, seed: int = 0, seconds: float | None = None,
              progress: Progress | None = None, resume: bool = False) -> Denoiser:
        """Train on noisy images alone.

        The configuration fixes the number of steps, so that one seed gives one result. `seconds` is only an
        upper
        bound: where the clock cuts a run short, the result depends on the machine's speed, and `summary` says
            so.

        Args:
            images: Images of any sizes and one number of channels; any real dtype.
            axes: Axes of every image, such as "YX", "YXC", "ZYX", "TYX"; T and S are independent frames.
            damage: A mask per image (True = damaged; (Y, X) or the image's shape without C) or None. Damaged
                pixels give no loss, no statistics and no replacement values.
            config: Settings; None takes the defaults.
            folder: Model folder to write, in CSBDeep's format; None writes nothing.
            seed: Seeds Python's, NumPy's and TensorFlow's global generators, NumPy's only while training.
            seconds: Upper bound on the training time.
            progress: Called after each step with steps done, steps planned and the losses.
            resume: Go on from the folder's last finished epoch, if it has one.

        Raises:
            ValueError: If there is nothing to learn from, if shapes disagree or training diverges.
        """
        config = config or DenoiserConfig()
        pixels = training_pixels(images, axes, damage, config.n2v_patch_shape)
        folder = None if folder is None else Path(folder)
        keeper = RunKeeper(config, folder, seconds=seconds, progress=progress)
        with numpy_seed(seed):
            tf.keras.utils.set_random_seed(seed)  # Keras draws initial weights from Python's generator
            official = _build(config, pixels)
        if folder is not None:
            save_config_atomically(vars(official.config), folder)
        _fit(official, config, pixels, keeper, seed=seed, resume=resume)
        return cls(official, keeper.summary())

    @classmethod
    def load(cls, folder: str | Path) -> Denoiser:
        """Load a model folder, written by `save`, `train` or n2v itself.

        Raises:
            ValueError: If the folder lacks config.json or weights, or they do not fit together.
        """
        folder = Path(folder).resolve()
        if not (folder / CONFIG_FILE).is_file():
            raise ValueError(f"{folder}: not a model folder, {CONFIG_FILE} is missing")
        if not [*folder.glob("*.h5"), *folder.glob("*.hdf5")]:  # n2v only warns and keeps random weights
            raise ValueError(f"{folder}: the model folder has no weights (*.h5)")
        try:
            with _quiet():
                official = N2V(config=None, name=folder.name, basedir=str(folder.parent))
        except (KeyError, AttributeError, TypeError, OSError, ValueError, ImportError) as error:
            raise ValueError(f"{folder}: n2v cannot load this model folder: {error}") from error
        return cls(official)

    def save(self, folder: str | Path) -> None:
        """Write a model folder in CSBDeep's format: config.json and weights_best.h5."""
        save_config_atomically(vars(self._official.config), Path(folder))
        save_weights_atomically(self._official.keras_model, Path(folder) / WEIGHTS_FILE)

    def predict(self, image: np.ndarray, damage: np.ndarray | None = None, *, axes: str | None = None,
                tile: int | None = None) -> np.ndarray:
        """Denoise an image of any size.

        Args:
            image: Any real dtype, in the units of the training data.
            damage: True = damaged, (Y, X) or the image's shape without C; filled from the surroundings first.
            axes: The image's axes; None guesses from its number of dimensions.
            tile: Side of the tiles in pixels; None takes the whole image unless memory asks for tiles. Tiles
                overlap by more than the network sees, so that they change nothing.

        Returns:
            float32, shape and units of `image`.
        """
        image = np.asarray(image)
        axes = axes or guess_axes(image.shape, self.axes, self.channels)
        samples = to_samples(image, axes)
        if samples.ndim != len(self.axes) + 1 or samples.shape[-1] != self.channels:
            raise ValueError(f"the denoiser takes axes {self.axes} with {self.channels} channels. "
                             f"Received: axes {axes} of shape {image.shape}")
        holes = damage_to_samples(damage, axes, image.shape)
        if tile is None:
            # about six float32 feature maps at full size live at the same time
            pixels = ACTIVATION_BUDGET / (24 * self._official.config.unet_n_first)
            tile = int(pixels ** (1 / (len(self.axes) - 1)))
        function = self._function(lambda values: self._tiled(values, tile))
        restored = [function(*(tf.constant(array[np.newaxis], tf.float32) for array in pair))
                    for pair in zip(samples, holes)]
        return np.ascontiguousarray(from_samples(np.concatenate(restored), axes, image.shape))

    def tensor_function(self) -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
        """The whole prediction as TensorFlow operations, for use inside another graph.

        Returns:
            A function of image (B, H, W, C) float32 in the units of the training data and damage (B, H, W, 1)
            float32, 1 = damaged, that gives (B, H, W, C) float32. Any H, W >= 1, which need not be known when
            it is traced. With a Z axis: (B, D, H, W, C).
        """
        return self._function(lambda values: self._official.keras_model(values, training=False))

    def _function(self, network: Callable) -> Callable:
        if getattr(self._official.config, "average_turns", False):  # n2v's own model folders do not have it
            network = averaged_over_turns(network)
        # n2v keeps means and standard deviations as text
        means, stds = ([float(number) for number in numbers]
                       for numbers in (self._official.config.means, self._official.config.stds))
        multiple = 2 ** self._official.config.unet_n_depth
        return functools.partial(restore, network=network, means=means, stds=stds, multiple=multiple)

    def _tiled(self, values: tf.Tensor, tile: int) -> np.ndarray:
        """Apply the network to CSBDeep's tiles: aligned to its multiple, the inner ones of one size."""
        config, model = self._official.config, self._official.keras_model
        image = values.numpy()[0]
        if all(side <= tile for side in image.shape[:-1]):
            return model(values, training=False)
        multiple = 2 ** config.unet_n_depth
        radius = receptive_radius(config.unet_n_depth, config.unet_kern_size, blurpool=config.blurpool)
        overlap = -(-radius // multiple)
        counts = [max(1, -(-side // tile)) for side in image.shape[:-1]]
        restored = np.empty_like(image)
        for piece, source, target in tile_iterator(image, [*counts, 1], [multiple] * len(counts) + [1],
                                                   [overlap] * len(counts) + [0]):
            restored[target] = model(piece[np.newaxis], training=False).numpy()[0][source]
        return restored[np.newaxis]


def _build(config: DenoiserConfig, pixels: TrainingPixels) -> N2V:
    """The official network for these settings, untrained."""
    channels = pixels.values.shape[-1]
    settings = config.official_settings(channels, pixels.means, pixels.stds)
    # N2VConfig only takes axes and channels from the array once means and stds are given; it accepts any key,
    # which is why every key comes from the checked DenoiserConfig
    official_config = N2VConfig(np.zeros((1, *config.n2v_patch_shape, channels), np.float32), **settings)
    # name=None crashes n2v and so does basedir=None, hence a folder that is thrown away
    with tempfile.TemporaryDirectory() as folder, _quiet():
        official = N2V(official_config, name="n2v", basedir=folder)
    official.basedir = None  # from here on n2v writes no file; the RunKeeper does, atomically
    return official


def _fit(official: N2V, config: DenoiserConfig, pixels: TrainingPixels, keeper: RunKeeper, *, seed: int,
         resume: bool) -> None:
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
    inputs, targets = zip(*(held_out[index] for index in range(count)))
    keeper.fit(official.keras_model, batches.__getitem__, (np.concatenate(inputs), np.concatenate(targets)),
               callbacks=official.callbacks, resume=resume)
