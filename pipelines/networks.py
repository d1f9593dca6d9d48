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

    def denoise(self, frame: np.ndarray, mask: np.ndarray, denoiser: Denoiser, value_range: tuple[float, float],
                plan: Plan) -> np.ndarray:
        """A frame without noise.

        Args:
            frame: (H, W, C), gray or RGB, any real type.
            mask: bool (H, W), True = hole.
            denoiser: What takes the noise out.
            value_range: Values of black and white.
            plan: How it is done.

        Returns:
            float32, shaped as `frame`; not rounded, so that the inpainter sees what the denoiser made.
        """
        if plan.tile is None:
            return self._call(frame[np.newaxis], mask[np.newaxis], None, value_range, denoiser)["denoised"][0]
        return np.clip(denoise_tiled(denoiser, frame, mask, plan.tile), *value_range)

    def fill(self, frames: np.ndarray, masks: np.ndarray, edges: Optional[np.ndarray],
             value_range: tuple[float, float], plan: Plan) -> np.ndarray:
        """Frames with their holes filled, in their shape and type.

        Args:
            frames: (N, H, W, C), gray or RGB, any real type.
            masks: bool (N, H, W), True = hole; all the same where the plan is not to fill them in one go.
            edges: bool (N, H, W) for a guided generator, else None.
            value_range, plan: As for `denoise`.
        """
        if plan.is_whole:
            return as_type(self._call(frames, masks, edges, value_range, working_bytes=plan.working_bytes)["restored"],
                           frames)
        return np.stack([self._fill(frame, masks[index], None if edges is None else edges[index], value_range, plan)
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
            edges = parts[0][np.newaxis] if parts else None
            outputs = self._call(image[np.newaxis], hole[np.newaxis], edges, value_range,
                                 working_bytes=plan.working_bytes)
            return as_type(outputs["restored"][0], denoised)

        if plan.window is None:
            return inpaint(restored, missing, *guides)
        return inpaint_by_windows(inpaint, restored, missing, *guides, side=plan.window)

    def _call(self, frames, masks, edges, value_range, denoiser=None, working_bytes=None):
        """What the chain of the denoiser, or of the inpainter, returns."""
        chain = self._chain(frames.shape[-1], denoiser)
        guides = [] if edges is None else [edges[..., np.newaxis].astype(np.float32)]
        outputs = chain(frames.astype(np.float32), masks[..., np.newaxis].astype(np.float32),
                        np.asarray(value_range, np.float32), *guides,
                        **({} if working_bytes is None else {"working_bytes": working_bytes}))
        return {name: tensor.numpy() for name, tensor in outputs.items()}

    def _fill_wide(self, image, mask, guides, value_range, plan):
        chain = self._chain(image.shape[-1], None)
        inputs = [image, mask[..., np.newaxis], np.asarray(value_range), *(guide[..., np.newaxis] for guide in guides)]
        inputs = [part.astype(np.float32) if part.ndim == 1 else part.astype(np.float32)[np.newaxis] for part in inputs]
        painted = chain.fill_wide(*inputs, factor=plan.factor, working_bytes=plan.working_bytes)
        return as_type(painted.numpy()[0], image)

    def _chain(self, channels, denoiser):
        """Its graph is that of all denoisers with one network, in whatever units their images are."""
        import tensorflow as tf

        from pipelines.chain import RestorationChain

        key = (channels, None if denoiser is None else id(denoiser.network))
        if key not in self._chains:
            if not self._keeps_denoisers:
                self._chains.clear()  # a network of its own for each picture: the last one's is of no more use
            if denoiser is None:
                self._chains[key] = RestorationChain(channels=channels, inpainter=self.generator), None, None
            else:
                statistics = tf.Variable(denoiser.statistics, trainable=False)
                chain = RestorationChain(channels=channels, denoiser=denoiser.tensor_function(statistics),
                                         denoiser_channels=denoiser.channels)
                self._chains[key] = chain, statistics, denoiser.network  # with that, so that its id stays its own
        chain, statistics, _ = self._chains[key]
        if statistics is not None:
            statistics.assign(denoiser.statistics)
        return chain


def as_type(values: np.ndarray, like: np.ndarray) -> np.ndarray:
    """`values` in the type of `like`; whole numbers are rounded and kept within the type's limits."""
    if values.dtype == like.dtype:
        return values
    if like.dtype.kind == "f":
        return values.astype(like.dtype)
    limits = np.iinfo(like.dtype)
    return np.rint(np.clip(values, limits.min, limits.max)).astype(like.dtype)
