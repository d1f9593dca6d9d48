"""Settings of a denoiser: frozen, checked, and handed to the official N2VConfig."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Sequence
from typing import Any, Optional, Tuple

MANIPULATORS = ("uniform_withCP", "uniform_withoutCP", "normal_withoutCP", "normal_additive", "normal_fitted",
                "identity", "mean", "median")
# n2v writes `structN2Vmask or ...`, which NumPy refuses for an array: these three crash under a mask
MANIPULATORS_WITHOUT_STRUCTURE = ("uniform_withoutCP", "mean", "median")
NETWORK = ("unet_n_depth", "unet_kern_size", "unet_n_first", "unet_residual", "batch_norm", "blurpool", "skip_skipone",
           "single_net_per_channel")  # the settings that weights fit or do not fit
SCHEDULES = ("plateau", "cosine", "constant")


@dataclasses.dataclass(frozen=True)
class DenoiserConfig:
    """How a denoiser is built and trained. The names of N2VConfig where it has one.

    Args:
        unet_n_depth: Number of halvings; patch sides must be multiples of 2 ** depth.
        unet_kern_size: Side of the convolution kernels, odd.
        unet_n_first: Filters at full resolution; doubled with every halving.
        unet_residual: Predict the difference to the input; n2v has it for one channel only.
        batch_norm: Batch normalisation after every convolution.
        blurpool: Anti-aliased pooling (N2V2), 2D only.
        skip_skipone: Leave out the topmost skip connection (N2V2).
        single_net_per_channel: One network per channel; only accepted for one channel, see
            `official_settings`.
        train_loss: "mse" or "mae", measured on the masked pixels.
        train_epochs: Epochs; a checkpoint and a validation each.
        train_steps_per_epoch: Steps per epoch.
        train_batch_size: Patches per step.
        train_learning_rate: Of Adam, at the start.
        train_tensorboard: Write a TensorBoard log into the model folder.
        learning_rate_schedule: "plateau" (halved after 10 epochs without progress, as in n2v), "cosine" (to
            zero at the last planned step) or "constant".
        n2v_perc_pix: Per cent of the pixels that are masked in every patch.
        n2v_patch_shape: Sides of the training patches, (Y, X) or (Z, Y, X).
        n2v_manipulator: Where the replacement of a masked pixel comes from; one of `MANIPULATORS`.
        n2v_neighborhood_radius: Radius in pixels around the masked pixel.
        structN2Vmask: Rows of 0 and 1, odd sides: the neighbours to hide too, for noise correlated along
            lines.
        augment: Turn and flip the patches.
        validation_fraction: Share of the pixels that is kept out of the loss and validates.
        patience: Stop after so many epochs without a better validation; 0 never stops.
        average_turns: Predict the mean over the eight turned and mirrored images, in eight times the time. It
            goes into config.json, where n2v itself overlooks it.
        own_statistics: Standardise each image by its own mean and deviation, in training and in prediction, instead
            of those of the training data: for a denoiser of images of any brightness and unit. It goes into
            config.json, where n2v itself overlooks it.

    Raises:
        ValueError: If a value is out of its range.

    Reference:
        Krull et al. 2019, arXiv:1811.10980 (N2V); Broaddus et al. 2020 (structN2V);
        Höck et al. 2022, arXiv:2211.08512 (N2V2).
    """

    unet_n_depth: int = 2
    unet_kern_size: int = 3
    unet_n_first: int = 32
    unet_residual: bool = False
    batch_norm: bool = True
    blurpool: bool = False
    skip_skipone: bool = False
    single_net_per_channel: bool = False
    train_loss: str = "mse"
    train_epochs: int = 100
    train_steps_per_epoch: int = 400
    train_batch_size: int = 16
    train_learning_rate: float = 4e-4
    train_tensorboard: bool = True
    learning_rate_schedule: str = "plateau"
    n2v_perc_pix: float = 0.198
    n2v_patch_shape: Tuple[int, ...] = (64, 64)
    n2v_manipulator: str = "uniform_withCP"
    n2v_neighborhood_radius: int = 5
    structN2Vmask: Optional[Tuple[Tuple[int, ...], ...]] = None
    augment: bool = True
    validation_fraction: float = 0.05
    patience: int = 0
    average_turns: bool = False
    own_statistics: bool = False

    def __post_init__(self) -> None:
        for name in ("unet_n_depth", "unet_kern_size", "unet_n_first", "train_epochs",
                     "train_steps_per_epoch", "train_batch_size", "n2v_neighborhood_radius"):
            self._require(name, getattr(self, name) >= 1, "at least 1")
        self._require("unet_kern_size", self.unet_kern_size % 2 == 1, "odd")
        self._require("train_loss", self.train_loss in ("mse", "mae"), "'mse' or 'mae'")
        self._require("train_learning_rate", 0 < self.train_learning_rate < math.inf, "above 0")
        self._require("learning_rate_schedule", self.learning_rate_schedule in SCHEDULES,
                      f"one of {SCHEDULES}")
        self._require("n2v_manipulator", self.n2v_manipulator in MANIPULATORS, f"one of {MANIPULATORS}")
        self._require("validation_fraction", 0 < self.validation_fraction <= 0.5, "above 0 and at most 0.5")
        self._require("patience", self.patience >= 0, "at least 0")
        self._check_patches()
        self._check_structure()

    def _require(self, name: str, met: bool, expected: str) -> None:
        if not met:
            raise ValueError(f"{name} must be {expected}. Received: {getattr(self, name)!r}")

    def _check_patches(self) -> None:
        shape, multiple = self.n2v_patch_shape, 2 ** self.unet_n_depth
        self._require("n2v_patch_shape", len(shape) in (2, 3) and all(side >= 1 for side in shape),
                      "(Y, X) or (Z, Y, X)")
        self._require("n2v_patch_shape", all(side % multiple == 0 for side in shape),
                      f"multiples of {multiple} (2 ** unet_n_depth)")
        self._require("n2v_perc_pix", 0 < self.n2v_perc_pix <= 100, "above 0 and at most 100")
        # n2v draws one pixel per box of this side: a box beyond the patch may leave a patch without any
        box = round(math.sqrt(100 / self.n2v_perc_pix))
        self._require("n2v_perc_pix", box <= min(shape),
                      f"at least {100 / min(shape) ** 2:.3g}, so that a patch of {shape} has a masked pixel")

    def _check_structure(self) -> None:
        mask = self.structN2Vmask
        if mask is None:
            return
        rows = [len(row) for row in mask]
        binary = all(value in (0, 1) for row in mask for value in row)
        odd = len(mask) % 2 == 1 and len(set(rows)) == 1 and rows[0] % 2 == 1
        self._require("structN2Vmask", binary and odd, "rows of 0 and 1 with odd sides")
        self._require("n2v_manipulator", self.n2v_manipulator not in MANIPULATORS_WITHOUT_STRUCTURE,
                      f"none of {MANIPULATORS_WITHOUT_STRUCTURE} with structN2Vmask (n2v cannot)")

    @classmethod
    def for_image(cls, shape: Sequence[int]) -> DenoiserConfig:
        """Settings for training on the image at hand within a minute on two CPU cores.

        Args:
            shape: Height and width.
        """
        side = min(64, max(16, 4 * math.ceil(min(shape[:2]) / 4)))
        return cls(unet_n_first=16, batch_norm=False, train_epochs=10, train_steps_per_epoch=75, patience=5,
                   train_batch_size=4, train_learning_rate=2e-3, learning_rate_schedule="cosine",
                   train_tensorboard=False, n2v_perc_pix=8.0, n2v_patch_shape=(side, side),
                   n2v_manipulator="median", n2v_neighborhood_radius=1, average_turns=True)

    @classmethod
    def for_adaptation(cls, shape: Sequence[int]) -> DenoiserConfig:
        """Settings for adapting a trained denoiser to the image at hand; its network replaces that of `for_image`.

        Args:
            shape: Height and width.
        """
        return dataclasses.replace(cls.for_image(shape), train_epochs=6, train_steps_per_epoch=25,
                                   train_learning_rate=5e-4)

    @property
    def steps(self) -> int:
        """Planned number of steps."""
        return self.train_epochs * self.train_steps_per_epoch

    def official_settings(self, channels: int, means: Sequence[float],
                          stds: Sequence[float]) -> dict[str, Any]:
        """The keyword arguments of N2VConfig.

        Args:
            channels: Channels of the images.
            means: Mean of each channel.
            stds: Standard deviation of each channel, above 0.

        Raises:
            ValueError: If n2v cannot do this for so many channels or dimensions.
        """
        dimensions = len(self.n2v_patch_shape)
        if channels > 1 and (self.unet_residual or self.single_net_per_channel):
            # residual: n2v refuses. One net per channel: its layers read the loop's last channel in all of
            # them
            raise ValueError("unet_residual and single_net_per_channel work for one channel only in n2v. "
                             f"Received: {channels} channels")
        if dimensions == 3 and (self.blurpool or self.structN2Vmask is not None):
            raise ValueError("blurpool and structN2Vmask work in 2D only. Received: n2v_patch_shape "
                             f"{self.n2v_patch_shape}")
        own = {"learning_rate_schedule", "augment", "validation_fraction", "patience"}
        settings = {field.name: getattr(self, field.name) for field in dataclasses.fields(DenoiserConfig)
                    if field.name not in own}
        settings["structN2Vmask"] = self.structN2Vmask and [list(row) for row in self.structN2Vmask]
        # n2v keeps them as text; repr() of a Python float loses no digit
        settings["means"] = [repr(float(mean)) for mean in means]
        settings["stds"] = [repr(float(std)) for std in stds]
        plateau = self.learning_rate_schedule == "plateau"
        # n2v adds verbose=True to this dictionary, which then prints into the progress bar
        settings["train_reduce_lr"] = {"factor": 0.5, "patience": 10, "verbose": 0} if plateau else None
        return settings
