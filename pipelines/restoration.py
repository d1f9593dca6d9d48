"""Restore pictures in memory: the denoiser chosen, the holes filled."""

from __future__ import annotations

import contextlib
import os
import time
from collections.abc import Callable, Iterator, Sequence
from typing import Optional, Union

import numpy as np

from pipelines import runtime
from pipelines.baselines import inpaint_baseline
from pipelines.batches import Frame, batches, filled_together, stacked
from pipelines.denoising import DenoiserRequest, Progress, choose_denoiser, load_denoiser
from pipelines.errors import InputError
from pipelines.images import Picture
from pipelines.inpainting import EdgesRequest, choose_inpainter, edges_of, given_edges, inpainter_files, load_inpainter
from pipelines.networks import Networks, as_type
from pipelines.plan import AUTO, make_plan
from pipelines.restoration_result import Prepared, RestorationResult
from weights import DEFAULT


class Restorer:
    """Restores any number of pictures; networks are loaded once.

    Args:
        denoiser: "auto" (chosen from the measured noise), "none", "self" (trained on the image), the name of a
            shipped model, a model folder, or a `denoise.Denoiser`.
        inpainter: Name of shipped weights, a weights file, "telea", "navier-stokes" or "biharmonic"; "default" chooses
            by the width of the holes, see `pipelines.inpainting.choose_inpainter`.
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
        """Restore one picture: `prepare` and `finish`."""
        return self.finish([self.prepare(picture, mask, edges, find_more=find_more)])[0]

    def prepare(self, picture: Picture, mask: np.ndarray, edges: EdgesRequest = None, *,
                find_more: Optional[Callable[[np.ndarray], np.ndarray]] = None) -> Prepared:
        """Choose the denoiser of one picture, or train it; a stack's frames share mask, edges and denoiser.

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
        frames = picture.frames
        with _timed([seconds], "denoiser"):
            choice = choose_denoiser(self.request, self._denoiser, frames, mask, value_range=picture.value_range,
                                     seed=self.seed, seconds=self.denoise_seconds, progress=self.progress)
        prepared = Prepared(picture, mask, edges, choice, self._plan(mask, choice), seconds)
        if find_more is not None and choice.denoiser is not None:
            with _timed([seconds], "detection"):
                denoised = stacked([as_type(self._denoise(prepared, frame), frame) for frame in frames])
                prepared.mask = mask | find_more(denoised.reshape(picture.pixels.shape))
            prepared.plan = self._plan(prepared.mask, choice)
        prepared.inpainter = choose_inpainter(self.inpainter, prepared.mask)
        return prepared

    def finish(self, prepared: Sequence[Prepared]) -> list[RestorationResult]:
        """Denoise pictures and fill their holes; small ones of one size, one after another, at the same time.

        Beside others a picture may come out different in the last bits of float32.
        """
        frames = [[Frame(one, pixels) for pixels in one.picture.frames] for one in prepared]
        for batch in batches(frame for own in frames for frame in own):
            self._finish_batch(batch)
        return [one.finished(np.stack([frame.denoised for frame in own]), np.stack([frame.restored for frame in own]),
                             self.seed) for one, own in zip(prepared, frames)]

    def _finish_batch(self, batch):
        for frame in batch:
            with _timed([frame.owner.seconds], "restoration"):
                frame.denoised = frame.restored = self._denoise(frame.owner, frame.pixels)
        for frames in filled_together(batch):
            networks = self._load(frames[0].owner.inpainter)  # which is no work on these pictures
            with _timed([frame.owner.seconds for frame in frames], "restoration"):
                for frame, filled in zip(frames, self._fill(networks, frames)):
                    frame.restored = filled
        for frame in batch:
            frame.denoised, frame.restored = (as_type(stage, frame.pixels)
                                              for stage in (frame.denoised, frame.restored))

    def _denoise(self, prepared, pixels):
        if prepared.choice.denoiser is None:
            return pixels
        return self._networks[None].denoise(pixels, prepared.mask, prepared.choice.denoiser,
                                            prepared.picture.value_range, prepared.plan)

    def _fill(self, networks, frames):
        if networks.generator is None:
            return [self._fill_classically(as_type(frame.denoised, frame.pixels), frame.owner.mask)
                    for frame in frames]
        value_range, plan = frames[0].owner.picture.value_range, frames[0].owner.plan
        edges = None
        if networks.is_guided:
            edges = stacked([edges_of(frame.pixels, frame.owner.edges, value_range) for frame in frames])
        return networks.fill(stacked([frame.denoised for frame in frames]),
                             stacked([frame.owner.mask for frame in frames]), edges, value_range, plan)

    def _fill_classically(self, pixels, mask):
        plane = pixels.squeeze(-1) if pixels.shape[-1] == 1 else pixels
        return inpaint_baseline(self.inpainter, plane, mask).reshape(pixels.shape)

    def _plan(self, mask, choice):
        return make_plan(mask, strategy=self.strategy, memory_limit=self.memory_limit, window=self.window,
                         denoises=choice.denoiser is not None, trains=self._denoiser is None)

    def _load(self, inpainter):
        if inpainter not in self._networks:
            self._networks[inpainter] = Networks(load_inpainter(inpainter))
        return self._networks[inpainter]


@contextlib.contextmanager
def _timed(shares: Sequence[dict[str, float]], stage: str) -> Iterator[None]:
    """Add the seconds to the stage of each picture, in equal shares."""
    started = time.perf_counter()
    yield
    for seconds in shares:
        seconds[stage] = seconds.get(stage, 0.0) + (time.perf_counter() - started) / len(shares)
