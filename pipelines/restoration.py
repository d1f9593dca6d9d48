"""Restore pictures in memory: `restore_image` for one, `Restorer` for many."""

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
        # By the inpainter's name; None denoises, and fills nothing.
        self._networks = {None: Networks(None, keeps_denoisers=self._denoiser is not None)}
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
        """Restore one picture; a stack's frames share mask and edges.

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
        denoise = functools.partial(self._denoise, frames, picture.value_range, choice)
        if find_more is not None and choice.denoiser is not None:
            with _timed(seconds, "detection"):
                mask = mask | find_more(as_type(denoise(mask), frames).reshape(picture.pixels.shape))
        plan = self._plan(mask, choice)
        with _timed(seconds, "restoration"):
            denoised = denoise(mask)
            inpainter, networks = self._choose(denoised[0], mask)
            guides = None
            if networks.is_guided and mask.any():
                guides = np.stack([edges_of(frame, edges, picture.value_range) for frame in frames])
            if networks.generator is not None:
                restored = networks.fill(denoised, mask, guides, picture.value_range, plan)
            elif mask.any():
                restored = np.stack([self._inpaint_classically(frame, mask) for frame in as_type(denoised, frames)])
            else:
                restored = denoised
            denoised, restored = as_type(denoised, frames), as_type(restored, frames)
        denoised, restored = (stage.reshape(picture.pixels.shape) for stage in (denoised, restored))
        return RestorationResult(restored, mask, denoised,
                                 self._report(choice, inpainter, picture, denoised, mask, edges, seconds, plan))

    def _denoise(self, frames, value_range, choice, mask):
        if choice.denoiser is None:
            return frames
        return self._networks[None].denoise(frames, mask, choice.denoiser, value_range, self._plan(mask, choice))

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


def restore_image(image: np.ndarray, mask: Union[None, str, np.ndarray] = None, *, denoiser: DenoiserRequest = "auto",
                  inpainter: Union[str, os.PathLike[str]] = "default", edges: EdgesRequest = None, seed: int = 0,
                  denoise_seconds: float = 60.0, strategy: str = AUTO, memory_limit: Optional[int] = None,
                  window: Optional[int] = None) -> RestorationResult:
    """Denoise an image and fill its holes.

    Args:
        image: (H, W) gray or (H, W, 3) RGB; uint8, uint16 or float32. Not modified.
        mask: (H, W), hole where it is not zero (uint8 masks: above 127); None: nothing to fill; "auto": what looks
            damaged, see `pipelines.damage`.
        denoiser, inpainter, seed, denoise_seconds, strategy, memory_limit, window: See `Restorer`.
        edges: A sketch for guided weights as inpainter, see `Restorer.restore`.

    Returns:
        The restored image, of the same shape and type, and how it came about. With `denoiser="none"` every value
        outside the hole is that of the input.

    Raises:
        ValueError: If image, mask or edges have an unexpected shape or type, denoiser or inpainter cannot be had, or
            edges are given and the inpainter is not guided.

    Example:
        >>> from pipelines import restore_image
        >>> result = restore_image(photo, mask)
        >>> result.image, result.report["noise_sigma_before"]
    """
    picture = Picture(np.ascontiguousarray(image))
    if isinstance(mask, str) and mask != AUTO:
        raise InputError("mask", f"is {mask!r}", f"give an array, {AUTO!r} or None")
    restorer = Restorer(denoiser=denoiser, inpainter=inpainter, seed=seed, denoise_seconds=denoise_seconds,
                        strategy=strategy, memory_limit=memory_limit, window=window)
    if isinstance(mask, str):
        from pipelines.damage import DamageDetector, TwoPasses

        passes = TwoPasses(DamageDetector(), picture)
        return restorer.restore(picture, passes.found.mask, edges, find_more=passes.look_again)
    hole = np.zeros(picture.size, bool) if mask is None else _as_hole(mask)
    return restorer.restore(picture, hole, edges)


def _as_hole(mask):
    mask = np.asarray(mask)
    if mask.ndim == 3 and mask.shape[-1] == 1:
        mask = mask[..., 0]
    return mask > (127 if mask.dtype == np.uint8 and mask.max(initial=0) > 1 else 0)


@contextlib.contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    seconds[stage] = time.perf_counter() - started
