"""Restore pictures in memory: the denoiser chosen, the holes filled, and a report of both."""

from __future__ import annotations

import contextlib
import dataclasses
import functools
import os
import time
from collections.abc import Callable, Iterator
from typing import Any, Optional, Union

import numpy as np

from pipelines import runtime
from pipelines.baselines import inpaint_baseline
from pipelines.denoising import DenoiserRequest, Progress, choose_denoiser, load_denoiser
from pipelines.errors import InputError
from pipelines.images import Picture
from pipelines.inpainting import EdgesRequest, choose_inpainter, edges_of, given_edges, inpainter_files, load_inpainter
from pipelines.machine import peak_bytes
from pipelines.networks import Networks, as_type
from pipelines.plan import AUTO, make_plan
from weights import DEFAULT

# Small frames go through the network together: 64 x 64 pixels take a third of the time so, 128 x 128 two thirds. From
# 256 x 256 on there is nothing to gain, and more at a time is slower (2 processor cores).
BATCH_PIXELS = 2**18


@dataclasses.dataclass(frozen=True)
class RestorationResult:
    """What became of one picture.

    Args:
        image: Restored; shape and type of the input.
        mask: bool (H, W), True = hole that was filled.
        denoised: After the denoiser, before the inpainter; shape and type of the input.
        report: Noise before and after, hole ratio, seconds of each stage and what was chosen; JSON types only.
    """

    image: np.ndarray
    mask: np.ndarray
    denoised: np.ndarray
    report: dict[str, Any]


class Restorer:
    """Restores any number of pictures; networks are loaded once.

    Args:
        denoiser: "auto" (chosen from the measured noise), "none", "self" (trained on the image), the name of a
            shipped model, a model folder, or a `denoise.Denoiser`.
        inpainter: Name of shipped weights, a weights file, "telea", "navier-stokes" or "biharmonic"; "default" chooses
            by the width of the holes and the picture's sharpness, see `pipelines.inpainting.choose_inpainter`.
        seed: Of the denoiser's training; one seed gives one result.
        denoise_seconds: Upper bound on that training.
        progress: Called after each of its steps.
        inpaints: False where all masks will be empty: the inpainter is not loaded.
        strategy, memory_limit, window: How holes are filled and within what memory, see `pipelines.plan.make_plan`.

    Raises:
        InputError, weights.WeightsError: If denoiser or inpainter cannot be had.
    """

    def __init__(self, *, denoiser: DenoiserRequest = "auto", inpainter: Union[str, os.PathLike[str]] = "default",
                 seed: int = 0, denoise_seconds: float = 60.0, progress: Optional[Progress] = None,
                 inpaints: bool = True, strategy: str = AUTO, memory_limit: Optional[int] = None,
                 window: Optional[int] = None) -> None:
        runtime.start(None, precision=None)  # the device and the precision are the caller's to choose

        self.request = denoiser
        self.inpainter = os.fspath(inpainter)
        self.seed = seed
        self.denoise_seconds = denoise_seconds
        self.progress = progress
        self._denoiser = load_denoiser(denoiser)
        self.strategy = strategy
        self.memory_limit = memory_limit
        self.window = window
        # By the inpainter's name; those of None only denoise.
        self._networks: dict[Optional[str], Networks] = {
            None: Networks(None, keeps_denoisers=self._denoiser is not None)}
        # What cannot be had is told before any work; what may not be needed is loaded when it is.
        if inpaints and self.inpainter == DEFAULT:
            inpainter_files(self.inpainter)
        elif inpaints:
            self._load(self.inpainter)

    def check_guidable(self) -> None:
        """Raise InputError unless the inpainter takes edges."""
        if self.inpainter == DEFAULT or not self._load(self.inpainter).is_guided:
            raise InputError("edges", f"are of no use to the inpainter {self.inpainter}, which is not guided",
                             "leave them out, or choose guided weights")

    def restore(self, picture: Picture, mask: np.ndarray, edges: EdgesRequest = None, *,
                find_more: Optional[Callable[[np.ndarray], np.ndarray]] = None) -> RestorationResult:
        """Restore one picture; a stack's frames share mask, edges and the inpainter, which the first one decides.

        Args:
            picture: What `pipelines.images.read_picture` returns, or `Picture(pixels)`.
            mask: bool (H, W), True = hole.
            edges: Where a guided inpainter draws edges, in the holes only: bool (H, W) or grey levels, see
                `pipelines.inpainting.given_edges`; "auto": the edges of each frame as it is; None: none are drawn.
            find_more: Given the denoised pixels, in shape and type of the picture's, with the holes filled, returns
                a mask with more holes. The noise of the picture is then taken out once more, around all of them.

        Raises:
            InputError: If mask or edges have another size than the picture, or the inpainter takes no edges.
        """
        if edges is not None:
            self.check_guidable()
            edges = given_edges(edges, picture.size)
        if mask.shape != picture.size:
            raise InputError("mask", f"has the shape {mask.shape}, the picture {picture.size} (height, width)",
                             "make both of one size")
        if mask.all():
            raise InputError("mask", "marks the whole picture", "leave something to fill the holes from")
        if not np.isfinite(picture.value_range).all():
            raise InputError("image", "has values that are not finite", "replace them, and mark them in the mask")
        seconds: dict[str, float] = {}
        frames = picture.pixels.reshape(-1, *picture.size, 3 if "C" in picture.axes else 1)
        with _timed(seconds, "denoiser"):
            choice = choose_denoiser(self.request, self._denoiser, frames, mask, value_range=picture.value_range,
                                     seed=self.seed, seconds=self.denoise_seconds, progress=self.progress)
        plan = self._plan(mask, choice)
        denoise = functools.partial(self._denoise, choice=choice, value_range=picture.value_range)
        if find_more is not None and choice.denoiser is not None:
            with _timed(seconds, "detection"):
                first = [as_type(denoise(part, mask, plan), frames) for part in _batches(frames)]
                mask = mask | find_more(np.concatenate(first).reshape(picture.pixels.shape))
            plan = self._plan(mask, choice)
        inpainter, networks = "", None
        denoised, restored = [], []
        for part in _batches(frames):
            with _timed(seconds, "restoration"):
                unrounded = denoise(part, mask, plan)
            if networks is None:  # its loading is no work on this picture
                inpainter, networks = self._choose(unrounded[0], mask)
            with _timed(seconds, "restoration"):
                guides = None
                if networks.is_guided:
                    guides = np.stack([edges_of(frame, edges, picture.value_range) for frame in part])
                denoised.append(as_type(unrounded, frames))
                restored.append(as_type(self._fill(networks, unrounded, denoised[-1], mask, guides,
                                                   picture.value_range, plan), frames))
        denoised, restored = np.concatenate(denoised), np.concatenate(restored)
        denoised, restored = (stage.reshape(picture.pixels.shape) for stage in (denoised, restored))
        return RestorationResult(restored, mask, denoised,
                                 self._report(choice, inpainter, picture, denoised, mask, edges, seconds, plan))

    def _denoise(self, frames, mask, plan, *, choice, value_range):
        if choice.denoiser is None:
            return frames
        return self._networks[None].denoise(frames, mask, choice.denoiser, value_range, plan)

    def _fill(self, networks, unrounded, denoised, mask, guides, value_range, plan):
        if not mask.any():
            return denoised
        if networks.generator is not None:
            return networks.fill(unrounded, mask, guides, value_range, plan)
        return np.stack([self._inpaint_classically(frame, mask) for frame in denoised])

    def _plan(self, mask, choice):
        return make_plan(mask, strategy=self.strategy, memory_limit=self.memory_limit, window=self.window,
                         denoises=choice.denoiser is not None, trains=self._denoiser is None)

    def _inpaint_classically(self, frame, mask):
        plane = frame.squeeze(-1) if frame.shape[-1] == 1 else frame
        return inpaint_baseline(self.inpainter, plane, mask).reshape(frame.shape)

    def _choose(self, image, mask):
        """The inpainter's name for these holes, and the networks; without holes none that would fill them is loaded."""
        inpainter = choose_inpainter(self.inpainter, image, mask)
        return inpainter, self._load(inpainter if mask.any() else None)

    def _load(self, inpainter):
        if inpainter not in self._networks:
            self._networks[inpainter] = Networks(load_inpainter(inpainter))
        return self._networks[inpainter]

    def _report(self, choice, inpainter, picture, denoised, mask, edges, seconds, plan):
        from denoise import estimate_noise

        frame = denoised[0] if picture.is_stack else denoised
        after = choice.noise if choice.denoiser is None else estimate_noise(frame, damage=mask)
        return {
            "denoiser": choice.name, "denoiser_reason": choice.reason,
            "warnings": list(choice.warnings), "inpainter": inpainter,
            "edges": "none" if edges is None else edges if isinstance(edges, str) else "given", "seed": self.seed,
            "size": list(picture.size), "dtype": str(picture.pixels.dtype),
            "noise_sigma_before": choice.noise.sigma, "noise_is_correlated": choice.noise.is_correlated,
            "noise_sigma_after": after.sigma,
            "hole_ratio": float(mask.mean()), "strategy": plan.strategy, "factor": plan.factor, "window": plan.window,
            "seconds": {stage: round(value, 3) for stage, value in seconds.items()},
            "peak_memory_megabytes": round(peak_bytes() / 2**20),
        }


def _batches(frames: np.ndarray) -> Iterator[np.ndarray]:
    """As many frames at a time as go through the network together: of large ones, one."""
    at_a_time = max(1, BATCH_PIXELS // (frames.shape[1] * frames.shape[2]))
    for first in range(0, len(frames), at_a_time):
        yield frames[first:first + at_a_time]


@contextlib.contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    seconds[stage] = seconds.get(stage, 0.0) + time.perf_counter() - started
