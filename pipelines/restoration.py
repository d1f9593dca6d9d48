"""Restore pictures in memory: `restore_image` for one, `Restorer` for many."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import resource
import time
from collections.abc import Callable, Iterator
from typing import Any, Optional, Union

import numpy as np

from pipelines import runtime
from pipelines.baselines import inpaint_baseline
from pipelines.denoising import DenoiserRequest, Progress, choose_denoiser, denoise_tiled, load_denoiser
from pipelines.errors import InputError
from pipelines.images import Picture
from pipelines.inpainting import AUTO, EdgesRequest, edges_of, given_edges, is_guided, load_inpainter
from pipelines.windows import inpaint_by_windows

# Above it the attention's score map, (pixels / 64) squared, outgrows the memory of an ordinary computer.
WHOLE_PIXELS = 600 * 800


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
        inpainter: Name of shipped weights, a weights file, "telea", "navier-stokes" or "biharmonic".
        seed: Of the denoiser's training; one seed gives one result.
        denoise_seconds: Upper bound on that training.
        progress: Called after each of its steps.
        inpaints: False where all masks will be empty: the inpainter is not loaded.

    Raises:
        InputError, weights.WeightsError: If denoiser or inpainter cannot be had.
    """

    def __init__(self, *, denoiser: DenoiserRequest = "auto", inpainter: Union[str, os.PathLike[str]] = "default",
                 seed: int = 0, denoise_seconds: float = 60.0, progress: Optional[Progress] = None,
                 inpaints: bool = True) -> None:
        runtime.start(None, precision=None)  # the device and the precision are the caller's to choose

        self.request = denoiser
        self.inpainter = os.fspath(inpainter)
        self.seed = seed
        self.denoise_seconds = denoise_seconds
        self.progress = progress
        self._denoiser = load_denoiser(denoiser)
        self._generator = load_inpainter(self.inpainter) if inpaints else None
        self._chains: dict[tuple[int, int, bool], Any] = {}

    def check_guidable(self) -> None:
        """Raise InputError unless the inpainter takes edges."""
        if not is_guided(self._generator):
            raise InputError("edges", f"are of no use to the inpainter {self._inpainter_name()}, which is not guided",
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
        if find_more is not None and choice.denoiser is not None:
            with _timed(seconds, "detection"):
                first = [self._restore_frame(frame, mask, None, choice.denoiser, picture.value_range, inpaint=False)[0]
                         for frame in frames]
                mask = mask | find_more(np.stack(first).reshape(picture.pixels.shape))
        with _timed(seconds, "restoration"):
            pairs = [self._restore_frame(frame, mask, edges, choice.denoiser, picture.value_range)
                     for frame in frames]
        denoised, restored = (np.stack(stage).reshape(picture.pixels.shape) for stage in zip(*pairs))
        return RestorationResult(restored, mask, denoised,
                                 self._report(choice, picture, denoised, mask, edges, seconds))

    def _restore_frame(self, frame, mask, edges, denoiser, value_range, *, inpaint=True):
        """(denoised, restored) of one frame (H, W, C), in its type."""
        has_network = inpaint and self._generator is not None and mask.any()
        guides = [edges_of(frame, edges, value_range)] if has_network and is_guided(self._generator) else []
        if frame[..., 0].size <= WHOLE_PIXELS:
            outputs = self._run_chain(frame, mask, *guides, denoiser=denoiser, value_range=value_range,
                                      inpaint=has_network)
            denoised, restored = (_as_type(outputs[key], frame) for key in ("denoised", "restored"))
        else:
            denoised = frame
            if denoiser is not None:
                denoised = _as_type(np.clip(denoise_tiled(denoiser, frame, mask), *value_range), frame)
            restored = denoised
            if has_network:
                def fill(*parts):
                    outputs = self._run_chain(*parts, denoiser=None, value_range=value_range, inpaint=True)
                    return _as_type(outputs["restored"], frame)

                restored = inpaint_by_windows(fill, denoised, mask, *guides)
        if inpaint and self._generator is None and mask.any():
            restored = inpaint_baseline(self.inpainter, denoised.squeeze(-1) if frame.shape[-1] == 1 else denoised,
                                        mask).reshape(frame.shape)
        return denoised, restored

    def _run_chain(self, frame, mask, *edges, denoiser, value_range, inpaint):
        from pipelines.chain import RestorationChain

        key = (frame.shape[-1], id(denoiser), inpaint)
        if key not in self._chains:
            if self._denoiser is None:
                self._chains.clear()  # a denoiser of its own for each picture: the last one's is of no more use
            function = None if denoiser is None else denoiser.tensor_function()
            self._chains[key] = denoiser, RestorationChain(
                channels=frame.shape[-1], denoiser=function,
                denoiser_channels=3 if denoiser is None else denoiser.channels,
                inpainter=self._generator if inpaint else None)
        mask, *edges = (marks[np.newaxis, ..., np.newaxis].astype(np.float32) for marks in (mask, *edges))
        outputs = self._chains[key][1](frame[np.newaxis].astype(np.float32), mask,
                                       np.asarray(value_range, np.float32), *edges)
        return {name: tensor.numpy()[0] for name, tensor in outputs.items()}

    def _denoiser_name(self, choice):
        if choice.denoiser is None:
            return "none"
        if self._denoiser is None:
            return "self"
        return os.fspath(self.request) if isinstance(self.request, (str, os.PathLike)) else "given"

    def _inpainter_name(self):
        import weights

        return weights.default_name(weights.DEEPFILL_V2) if self.inpainter == weights.DEFAULT else self.inpainter

    def _report(self, choice, picture, denoised, mask, edges, seconds):
        from denoise import estimate_noise

        frame = denoised[0] if picture.is_stack else denoised
        return {
            "denoiser": self._denoiser_name(choice), "denoiser_reason": choice.reason,
            "warnings": list(choice.warnings), "inpainter": self._inpainter_name(),
            "edges": "none" if edges is None else edges if isinstance(edges, str) else "given", "seed": self.seed,
            "size": list(picture.size), "dtype": str(picture.pixels.dtype),
            "noise_sigma_before": choice.noise.sigma, "noise_is_correlated": choice.noise.is_correlated,
            "noise_sigma_after": estimate_noise(frame, damage=mask).sigma,
            "hole_ratio": float(mask.mean()),
            "seconds": {stage: round(value, 3) for stage, value in seconds.items()},
            "peak_memory_megabytes": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
        }


def restore_image(image: np.ndarray, mask: Union[None, str, np.ndarray] = None, *, denoiser: DenoiserRequest = "auto",
                  inpainter: Union[str, os.PathLike[str]] = "default", edges: EdgesRequest = None, seed: int = 0,
                  denoise_seconds: float = 60.0) -> RestorationResult:
    """Denoise an image and fill its holes.

    Args:
        image: (H, W) gray or (H, W, 3) RGB; uint8, uint16 or float32. Not modified.
        mask: (H, W), hole where it is not zero (uint8 masks: above 127); None: nothing to fill; "auto": what looks
            damaged, see `pipelines.damage`.
        denoiser, inpainter, seed, denoise_seconds: See `Restorer`.
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
    restorer = Restorer(denoiser=denoiser, inpainter=inpainter, seed=seed, denoise_seconds=denoise_seconds)
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


def _as_type(values, like):
    """Round and clip float32 values to the type of `like`; what is a whole number already keeps its value."""
    if like.dtype.kind == "u":
        values = np.clip(np.rint(values), 0, np.iinfo(like.dtype).max)
    return values.astype(like.dtype)


@contextlib.contextmanager
def _timed(seconds: dict[str, float], stage: str) -> Iterator[None]:
    started = time.perf_counter()
    yield
    seconds[stage] = time.perf_counter() - started
