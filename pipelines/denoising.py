"""Which denoiser an image gets, and why."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Optional, Union

import numpy as np

from pipelines.errors import InputError

if TYPE_CHECKING:
    from denoise import Denoiser, NoiseEstimate

DenoiserRequest = Union[str, "os.PathLike[str]", "Denoiser"]
Progress = Callable[..., None]

LOWEST_SIGMA = 2.0  # in 255ths of the value range: below it, denoising costs more detail than it removes noise


@dataclasses.dataclass(frozen=True)
class DenoiserChoice:
    """What was decided for one image.

    Args:
        denoiser: None where nothing is to be denoised.
        noise: What was measured.
        reason: Why this denoiser, or none, as a clause for the report.
        warnings: What the user should know, a sentence each.
    """

    denoiser: Optional["Denoiser"]
    noise: "NoiseEstimate"
    reason: str
    warnings: tuple[str, ...] = ()


def load_denoiser(request: DenoiserRequest) -> Optional["Denoiser"]:
    """The denoiser that `request` names: a model folder, a shipped model's name, or a denoiser itself.

    Returns:
        None for "auto", "self" and "none", which depend on the image.

    Raises:
        InputError: If there is no such model, or it cannot be loaded.
    """
    if not isinstance(request, (str, os.PathLike)):
        return request
    if request in ("auto", "self", "none"):
        return None
    import weights
    from denoise import Denoiser

    folder = Path(request)
    if not folder.is_dir():
        if folder.exists():
            raise InputError(folder, "is a file, but a denoiser is a model folder",
                             "give the folder with config.json and weights_best.h5")
        folder = weights.find(request, kind="n2v").parent
    try:
        denoiser = Denoiser.load(folder)
    except ValueError as error:
        raise InputError("--denoiser", str(error), "give a folder written by python -m pipelines.train_n2v") from error
    if denoiser.axes != "YXC" or denoiser.channels not in (1, 3):
        raise InputError(folder, f"denoises {denoiser.channels} channels along {denoiser.axes}, a picture has 1 or 3 "
                         "along YXC", "train one on pictures, or use it through denoise.Denoiser")
    return denoiser


def choose_denoiser(request: DenoiserRequest, loaded: Optional["Denoiser"], images: np.ndarray, mask: np.ndarray, *,
                    value_range: tuple[float, float], seed: int, seconds: float,
                    progress: Optional[Progress] = None) -> DenoiserChoice:
    """Measure the noise and find, or train, the denoiser for these images.

    Args:
        request: As given by the user.
        loaded: What `load_denoiser` made of it.
        images: (N, H, W, C), the frames of one picture, any real type.
        mask: bool (H, W), True = hole; teaches the denoiser nothing.
        value_range: Values of black and white.
        seed: Of the training.
        seconds: Upper bound on the training time.
        progress: Called after each training step, see `denoise.Denoiser.train`.
    """
    from denoise import estimate_noise

    noise = estimate_noise(_plain(images[0]), damage=mask)
    sigma = noise.sigma / (value_range[1] - value_range[0]) * 255
    if request == "none":
        return DenoiserChoice(None, noise, "not asked for")
    if loaded is not None:
        return DenoiserChoice(loaded, noise, "given by the user")
    if request == "auto" and sigma < LOWEST_SIGMA:
        return DenoiserChoice(None, noise, f"noise of sigma {sigma:.1f} of 255 is below {LOWEST_SIGMA:g}")
    denoiser = _train_on(images, mask, seed=seed, seconds=seconds, progress=progress)
    warnings = []
    if noise.is_correlated:
        warnings.append("neighbouring pixels share their noise (JPEG, demosaicing or resizing): Noise2Void, which "
                        "tells noise by its independence, will remove less of it")
    summary = denoiser.summary
    if summary is not None and summary.stopped_by == "time":
        warnings.append(f"time was up after {summary.steps} of {summary.planned_steps} steps of denoiser training, so "
                        "the result depends on this machine's speed; --denoise-seconds gives it more")
    return DenoiserChoice(denoiser, noise, f"trained on this picture, noise of sigma {sigma:.1f} of 255",
                          tuple(warnings))


def _train_on(images, mask, *, seed, seconds, progress):
    from denoise import Denoiser, DenoiserConfig

    axes = "YXC" if images.shape[-1] == 3 else "YX"
    frames = [_plain(frame) for frame in images]
    return Denoiser.train(frames, axes=axes, damage=[mask] * len(frames),
                          config=DenoiserConfig.for_image(images.shape[1:3]), seed=seed, seconds=seconds,
                          progress=progress)


def _plain(frame):
    """(H, W) for a gray frame (H, W, 1), else the frame itself."""
    return frame[..., 0] if frame.shape[-1] == 1 else frame


def denoise_tiled(denoiser: Denoiser, frame: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Denoise a frame that is too large for one pass.

    Args:
        denoiser: Its channels are adapted to the frame's as `RestorationChain` does it.
        frame: (H, W, C), gray or RGB.
        mask: bool (H, W), True = hole.

    Returns:
        float32 (H, W, C).
    """
    if denoiser.channels == frame.shape[-1]:
        axes = denoiser.axes if frame.shape[-1] == 3 else "YX"
        return denoiser.predict(frame if frame.shape[-1] == 3 else frame[..., 0], damage=mask,
                                axes=axes).reshape(frame.shape)
    if denoiser.channels == 1:
        return np.stack([denoiser.predict(frame[..., channel], damage=mask, axes="YX")
                         for channel in range(frame.shape[-1])], axis=-1)
    return denoiser.predict(frame.repeat(3, axis=-1), damage=mask, axes="YXC").mean(axis=-1, keepdims=True)
