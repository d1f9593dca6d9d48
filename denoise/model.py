"""Denoiser: trains, loads, saves and applies n2v's networks, and knows the traps of n2v and CSBDeep."""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf
from n2v.models import N2V

from denoise.batches import numpy_seed
from denoise.config import NETWORK, DenoiserConfig
from denoise.official import build_official, fit_official, in_tiles, quiet, with_statistics
from denoise.patches import (damage_to_samples, from_samples, guess_axes, statistics, to_samples, training_pixels,
                             valid_samples)
from denoise.prediction import averaged_over_turns, own_statistics, receptive_radius, restore
from denoise.training import (CONFIG_FILE, WEIGHTS_FILE, Progress, RunKeeper, TrainingSummary, save_config_atomically,
                              save_weights_atomically)
from denoise.warm_start import weights_for_channels

ACTIVATION_BUDGET = 2 ** 30  # bytes that the feature maps of one tile may take


class Denoiser:
    """A Noise2Void network with what it needs to denoise images like those it was trained on.

    Made by `Denoiser.train` and `Denoiser.load`.

    Attributes:
        axes: The network's axes, "YXC" or "ZYXC".
        channels: Number of channels.
        is_general: Whether it standardises each image by the image's own mean and deviation.
        summary: How the training ended; None for a loaded denoiser.
    """

    def __init__(self, official: N2V, summary: TrainingSummary | None = None) -> None:
        self._official = official
        self.axes: str = official.config.axes
        self.channels: int = official.config.n_channel_in
        self.is_general: bool = getattr(official.config, "own_statistics", False)  # n2v's own do not have it
        self.summary = summary
        self._fixed: dict[int, N2V] = {}

    @property
    def network(self) -> tf.keras.Model:
        """The Keras model, between standardised images."""
        return self._official.keras_model

    @property
    def statistics(self) -> np.ndarray:
        """float32 (2, C): the means, then the standard deviations, that standardise an image's channels."""
        # n2v keeps them as text
        return np.array([self._official.config.means, self._official.config.stds], np.float32)

    @classmethod
    def train(cls, images: Sequence[np.ndarray], *, axes: str,
              damage: Sequence[np.ndarray | None] | None = None, config: DenoiserConfig | None = None,
              folder: str | Path | None = None, seed: int = 0, seconds: float | None = None,
              progress: Progress | None = None, resume: bool = False, starts: Sequence[Denoiser] = ()) -> Denoiser:
        """Train on noisy images alone.

        The configuration fixes the number of steps, so that one seed gives one result. `seconds` is only an upper
        bound: where the clock cuts a run short, the result depends on the machine's speed, and `summary` says so.

        Args:
            images: Images of any sizes and one number of channels; any real dtype.
            axes: Axes of every image, such as "YX", "YXC", "ZYX", "TYX"; T and S are independent frames.
            damage: A mask per image (True = damaged; (Y, X) or the image's shape without C) or None. Damaged pixels
                give no loss, no statistics and no replacement values.
            config: Settings; None takes the defaults.
            folder: Model folder to write, in CSBDeep's format; None writes nothing.
            seed: Seeds Python's, NumPy's and TensorFlow's global generators, NumPy's only while training.
            seconds: Upper bound on the training time.
            progress: Called after each step with steps done, steps planned and the losses.
            resume: Go on from the folder's last finished epoch, if it has one.
            starts: Denoisers of one architecture, which the configuration takes over. Training begins with the
                weights that have the lowest validation loss here, and ends with them if it finds no better ones.

        Raises:
            ValueError: If there is nothing to learn from, if shapes disagree or training diverges.
        """
        config = config or DenoiserConfig()
        if starts:
            config = dataclasses.replace(config, **_architecture(starts))
        pixels = training_pixels(images, axes, damage, config.n2v_patch_shape, own_statistics=config.own_statistics)
        folder = None if folder is None else Path(folder)
        keeper = RunKeeper(config, folder, seconds=seconds, progress=progress)
        with numpy_seed(seed):
            tf.keras.utils.set_random_seed(seed)  # Keras draws initial weights from Python's generator
            official = build_official(config, pixels.values.shape[-1], pixels.means, pixels.stds)
        if folder is not None:
            save_config_atomically(vars(official.config), folder)
        fit_official(official, config, pixels, keeper, seed=seed, resume=resume,
                     starts=[start._official.keras_model for start in starts])
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
            with quiet():
                official = N2V(config=None, name=folder.name, basedir=str(folder.parent))
        except (KeyError, AttributeError, TypeError, OSError, ValueError, ImportError) as error:
            raise ValueError(f"{folder}: n2v cannot load this model folder: {error}") from error
        return cls(official)

    def fitted_to(self, images: Sequence[np.ndarray], *, axes: str,
                  damage: Sequence[np.ndarray | None] | None = None) -> Denoiser:
        """The same network for images in other units than those it was trained on.

        Args:
            images: Their mean and deviation take the place of the training data's.
            axes: Axes of every image.
            damage: See `train`; damaged pixels do not count.

        Returns:
            Another denoiser, for as many channels as the images have. All that are for so many share their `network`.

        Raises:
            ValueError: If no pixel is valid, shapes disagree, or the network cannot do so many channels.
        """
        samples, damaged = valid_samples(images, axes, damage, len(self.axes) - 1)
        means, stds = statistics(samples, damaged)
        return Denoiser(with_statistics(self._of_channels(len(means)), means, stds))

    def _of_channels(self, channels: int) -> N2V:
        """The same network with fixed statistics, whatever they are; built once for each number of channels."""
        if channels not in self._fixed:
            known = self._official.config
            config = DenoiserConfig(**_architecture([self]), n2v_perc_pix=known.n2v_perc_pix,
                                    n2v_patch_shape=tuple(known.n2v_patch_shape),
                                    average_turns=getattr(known, "average_turns", False))
            official = build_official(config, channels, [0.0] * channels, [1.0] * channels)
            official.keras_model.set_weights(weights_for_channels(self._official.keras_model, channels))
            self._fixed[channels] = official
        return self._fixed[channels]

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
        if self.is_general:
            return self.fitted_to([image], axes=axes, damage=[damage]).predict(image, damage, axes=axes, tile=tile)
        holes = damage_to_samples(damage, axes, image.shape)
        if tile is None:
            # about six float32 feature maps at full size live at the same time
            pixels = ACTIVATION_BUDGET / (24 * self._official.config.unet_n_first)
            tile = int(pixels ** (1 / (len(self.axes) - 1)))
        function = self._function(lambda values: self._tiled(values, tile))
        restored = [function(*(tf.constant(array[np.newaxis], tf.float32) for array in pair))
                    for pair in zip(samples, holes)]
        return np.ascontiguousarray(from_samples(np.concatenate(restored), axes, image.shape))

    def tensor_function(self, statistics: tf.Tensor | tf.Variable | None = None) \
            -> Callable[[tf.Tensor, tf.Tensor], tf.Tensor]:
        """The whole prediction as TensorFlow operations, for use inside another graph.

        Args:
            statistics: Shaped as the attribute, which it replaces; a variable may change between calls, so that one
                graph serves all denoisers of one network. None: the denoiser's own.

        Returns:
            A function of image (B, H, W, C) float32 in the units of the training data and damage (B, H, W, 1)
            float32, 1 = damaged, that gives (B, H, W, C) float32. Any H, W >= 1, which need not be known when
            it is traced. With a Z axis: (B, D, H, W, C). A general denoiser standardises each image by its own mean
            and deviation.
        """
        function = self._function(lambda values: self._official.keras_model(values, training=False))
        if statistics is not None:
            return lambda image, damage: function(image, damage, means=statistics[0], stds=statistics[1])
        if not self.is_general:
            return function

        def general(image: tf.Tensor, damage: tf.Tensor) -> tf.Tensor:
            means, stds = own_statistics(image, damage)
            return function(image, damage, means=means, stds=stds)

        return general

    def _function(self, layers: Callable) -> Callable:
        def in_float32(values: tf.Tensor) -> tf.Tensor:
            return tf.cast(layers(values), tf.float32)  # which may have computed in bfloat16

        network: Callable = in_float32
        if getattr(self._official.config, "average_turns", False):  # n2v's own model folders do not have it
            network = averaged_over_turns(network)
        means, stds = self.statistics
        multiple = 2 ** self._official.config.unet_n_depth
        return functools.partial(restore, network=network, means=means, stds=stds, multiple=multiple)

    def _tiled(self, values: tf.Tensor, tile: int) -> np.ndarray:
        config = self._official.config
        radius = receptive_radius(config.unet_n_depth, config.unet_kern_size, blurpool=config.blurpool)
        return in_tiles(lambda piece: self.network(piece, training=False).numpy(), values.numpy(), tile,
                        radius=radius, multiple=2 ** config.unet_n_depth)


def _architecture(denoisers: Sequence[Denoiser]) -> dict[str, Any]:
    """The settings of the network that all of them have."""
    first, *others = ({name: getattr(denoiser._official.config, name) for name in NETWORK} for denoiser in denoisers)
    if any(other != first for other in others):
        raise ValueError(f"starts must have one architecture. Received: {[first, *others]}")
    return first
