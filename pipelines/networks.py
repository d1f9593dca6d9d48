"""Runs the networks over a picture as its plan says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from pipelines.denoising import denoise_tiled
from pipelines.inpainting import is_guided
from pipelines.plan import Plan
from pipelines.windows import inpaint_by_windows

if TYPE_CHECKING:
    import tensorflow as tf

    from denoise import Denoiser


class Networks:
    """Denoisers, or an inpainter, whose graphs are traced once for pictures of all sizes.

    Args:
        generator: What fills holes; None for networks that only denoise.
        keeps_denoisers: Whether denoisers come again, so that their graphs are worth keeping.
    """

    def __init__(self, generator: Optional[tf.keras.Model], *, keeps_denoisers: bool = True) -> None:
        self.generator = generator
        self.is_guided = is_guided(generator)
        self._keeps_denoisers = keeps_denoisers
        self._chains: dict[tuple[int, int], Any] = {}

    def denoise(self, frames: np.ndarray, mask: np.ndarray, denoiser: Denoiser, value_range: tuple[float, float],
                plan: Plan) -> np.ndarray:
        """The frames without noise.

        Args:
            frames: (N, H, W, C), gray or RGB, any real type.
            mask: bool (H, W), True = hole.
            denoiser: What takes the noise out.
            value_range: Values of black and white.
            plan: How it is done.

        Returns:
            float32, shaped as `frames`; not rounded, so that the inpainter sees what the denoiser made.
        """
        if plan.tile is None:
            return np.concatenate([self._call(frame[np.newaxis], mask, None, value_range, denoiser)["denoised"]
                                   for frame in frames])
        return np.stack([np.clip(denoise_tiled(denoiser, frame, mask, plan.tile), *value_range) for frame in frames])

    def fill(self, frames: np.ndarray, mask: np.ndarray, edges: Optional[np.ndarray],
             value_range: tuple[float, float], plan: Plan) -> np.ndarray:
        """The frames with their holes filled, in their shape and type.

        Args:
            frames, mask, value_range, plan: As for `denoise`.
            edges: bool (N, H, W) for a guided generator, else None.
        """
        if plan.wide is None and plan.window is None:
            return as_type(self._call(frames, mask, edges, value_range, working_bytes=plan.working_bytes)["restored"],
                           frames)
        return np.stack([self._fill(frame, mask, None if edges is None else edges[index], value_range, plan)
                         for index, frame in enumerate(frames)])

    def _fill(self, denoised, mask, edges, value_range, plan):
        restored, missing = denoised, mask
        guides = [] if edges is None else [edges]
        if plan.wide is not None:
            painted = self._fill_wide(denoised, mask, guides, value_range, plan)
            restored, missing = np.where(plan.wide[..., np.newaxis], painted, denoised), mask & ~plan.wide
        if not missing.any():
            return restored

        def inpaint(image, hole, *parts):
            outputs = self._call(image[np.newaxis], hole, parts[0][np.newaxis] if parts else None, value_range,
                                 working_bytes=plan.working_bytes)
            return as_type(outputs["restored"][0], denoised)

        if plan.window is None:
            return inpaint(restored, missing, *guides)
        return inpaint_by_windows(inpaint, restored, missing, *guides, side=plan.window)

    def _call(self, frames, mask, edges, value_range, denoiser=None, working_bytes=None):
        """What the chain of the denoiser, or of the inpainter, returns."""
        chain = self._chain(frames.shape[-1], denoiser)
        masks = np.broadcast_to(mask[..., np.newaxis], (len(frames), *mask.shape, 1)).astype(np.float32)
        guides = [] if edges is None else [edges[..., np.newaxis].astype(np.float32)]
        outputs = chain(frames.astype(np.float32), masks, np.asarray(value_range, np.float32), *guides,
                        **({} if working_bytes is None else {"working_bytes": working_bytes}))
        return {name: tensor.numpy() for name, tensor in outputs.items()}

    def _fill_wide(self, image, mask, guides, value_range, plan):
        chain = self._chain(image.shape[-1], None)
        inputs = [image, mask[..., np.newaxis], np.asarray(value_range), *(guide[..., np.newaxis] for guide in guides)]
        inputs = [part.astype(np.float32) if part.ndim == 1 else part.astype(np.float32)[np.newaxis] for part in inputs]
        painted = chain.fill_wide(*inputs, factor=plan.factor, working_bytes=plan.working_bytes)
        return as_type(painted.numpy()[0], image)

    def _chain(self, channels, denoiser):
        from pipelines.chain import RestorationChain

        key = (channels, id(denoiser))
        if key not in self._chains:
            if not self._keeps_denoisers:
                self._chains.clear()  # a denoiser of its own for each picture: the last one's is of no more use
            chain = RestorationChain(
                channels=channels, denoiser=None if denoiser is None else denoiser.tensor_function(),
                denoiser_channels=3 if denoiser is None else denoiser.channels,
                inpainter=None if denoiser is not None else self.generator)
            self._chains[key] = denoiser, chain  # with the denoiser, so that its id stays its own
            return chain
        return self._chains[key][1]


def as_type(values: np.ndarray, like: np.ndarray) -> np.ndarray:
    """`values` in the type of `like`; whole numbers are rounded and kept within the type's limits."""
    if values.dtype == like.dtype:
        return values
    if like.dtype.kind == "f":
        return values.astype(like.dtype)
    limits = np.iinfo(like.dtype)
    return np.rint(np.clip(values, limits.min, limits.max)).astype(like.dtype)
