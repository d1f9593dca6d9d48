"""Which denoiser an image gets, and why."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Optional, Union, cast

import numpy as np

from pipelines.errors import InputError

if TYPE_CHECKING:
    from denoise import Denoiser, NoiseEstimate
    from denoise.training import TrainingSummary

DenoiserRequest = Union[str, "os.PathLike[str]", "Denoiser"]
Progress = Callable[..., None]

LOWEST_SIGMA = 2.0  # in 255ths of the value range: below it, denoising costs more detail than it removes noise


@dataclasses.dataclass(frozen=True)
class DenoiserChoice:
    """What was decided for one image.

    Args:
        denoiser: None where nothing is to be denoised.
        name: "none", "self", "given", the name or folder of a model, or "NAME, adapted" for a shipped model that was
            adapted to the image.
        noise: What was measured.
        reason: Why this denoiser, or none, as a clause for the report.
        warnings: What the user should know, a sentence each.
    """

    denoiser: Optional["Denoiser"]
    name: str
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
    return None if request in ("auto", "self", "none") else _load(request)


def _load(request: Union[str, os.PathLike[str]]) -> Denoiser:
    import weights
    from denoise import Denoiser

    folder = Path(request)
    if not folder.is_dir():
        if folder.exists():
            raise InputError(folder, "is a file, but a denoiser is a model folder",
                             "give the folder with config.json and weights_best.h5")
        folder = weights.find(request, kind=weights.N2V).parent
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
    """Measure the noise and find, adapt or train the denoiser for these images.

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

    noise = estimate_noise(images[0].squeeze(-1) if images.shape[-1] == 1 else images[0], damage=mask)
    sigma = noise.sigma / (value_range[1] - value_range[0]) * 255
    if request == "none":
        return DenoiserChoice(None, "none", noise, "not asked for")
    from denoise import Denoiser, DenoiserConfig  # n2v's packages take a while to load

    frames, axes = _samples(images, noise)
    damage = [mask] * len(frames)
    if loaded is not None:
        name = os.fspath(request) if isinstance(request, (str, os.PathLike)) else "given"
        denoiser = loaded.fitted_to(frames, axes=axes, damage=damage) if loaded.is_general else loaded
        return DenoiserChoice(denoiser, name, noise, "given by the user")
    if request == "auto" and sigma < LOWEST_SIGMA:
        return DenoiserChoice(None, "none", noise, f"noise of sigma {sigma:.1f} of 255 is below {LOWEST_SIGMA:g}")
    starts = _starts(channels=3 if axes == "YXC" else 1) if request == "auto" else {}
    shape = images.shape[1:3]
    config = DenoiserConfig.for_adaptation(shape) if starts else DenoiserConfig.for_image(shape)
    denoiser = Denoiser.train(frames, axes=axes, damage=damage, config=config, starts=list(starts.values()), seed=seed,
                              seconds=seconds, progress=progress)
    summary = cast("TrainingSummary", denoiser.summary)
    name = "self" if summary.start is None else f"{list(starts)[summary.start]}, adapted"
    reason = "trained on this picture" if summary.start is None else "begun from the shipped model that fits best"
    return DenoiserChoice(denoiser, name, noise, f"{reason}, noise of sigma {sigma:.1f} of 255",
                          tuple(_warnings(noise, summary)))


def _samples(images: np.ndarray, noise: NoiseEstimate) -> tuple[list[np.ndarray], str]:
    """The frames as the denoiser is to see them, and their axes; channels that share their noise one by one."""
    if images.shape[-1] == 3 and not noise.is_shared:
        return list(images), "YXC"
    return list(np.moveaxis(images, -1, 1).reshape(-1, *images.shape[1:3])), "YX"


def _warnings(noise: NoiseEstimate, summary: TrainingSummary) -> Iterator[str]:
    """What may disappoint in the result of a training, a sentence each."""
    if noise.is_correlated:
        yield ("neighbouring pixels share their noise (JPEG, demosaicing or resizing): Noise2Void, which tells noise "
               "by its independence, will remove less of it")
    if summary.stopped_by == "time":
        yield (f"time was up after {summary.steps} of {summary.planned_steps} steps of denoiser training, so the "
               "result depends on this machine's speed; --denoise-seconds gives it more")


@functools.lru_cache(maxsize=None)
def _starts(channels: int) -> Mapping[str, Denoiser]:
    """The shipped models for images of so many channels, by name; for gray ones, those for colours if need be."""
    import weights

    shipped = {name: _load(name) for name in weights.names(weights.N2V)}
    fitting = {name: denoiser for name, denoiser in shipped.items() if denoiser.channels == channels}
    return fitting or (shipped if channels == 1 else {})


def denoise_tiled(denoiser: Denoiser, frame: np.ndarray, mask: np.ndarray,
                  tile: Optional[int] = None) -> np.ndarray:
    """Denoise a frame that is too large for one pass.

    Args:
        denoiser: Its channels are adapted to the frame's as `RestorationChain` does it.
        frame: (H, W, C), gray or RGB.
        mask: bool (H, W), True = hole.
        tile: Side of the tiles in pixels; None: as `denoise.Denoiser.predict` chooses it.

    Returns:
        float32 (H, W, C).
    """
    if denoiser.channels == frame.shape[-1]:
        axes = denoiser.axes if frame.shape[-1] == 3 else "YX"
        return denoiser.predict(frame if frame.shape[-1] == 3 else frame[..., 0], damage=mask,
                                axes=axes, tile=tile).reshape(frame.shape)
    if denoiser.channels == 1:
        return np.stack([denoiser.predict(frame[..., channel], damage=mask, axes="YX", tile=tile)
                         for channel in range(frame.shape[-1])], axis=-1)
    return denoiser.predict(frame.repeat(3, axis=-1), damage=mask, axes="YXC", tile=tile).mean(axis=-1, keepdims=True)
