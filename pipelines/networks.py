"""Runs the networks over a picture as its plan says."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Optional

import numpy as np

from pipelines.denoising import denoise_tiled
from pipelines.inpainting import is_guided
from pipelines.plan import WHOLE_PIXELS, Plan
from pipelines.windows import inpaint_by_windows

if TYPE_CHECKING:
    import tensorflow as tf

    from denoise import Denoiser


class Networks:
    """A denoiser and an inpainter, whose graphs are traced once for pictures of all sizes.

    Args:
        generator: What fills holes; None leaves them.
        keeps_denoisers: Whether denoisers come again, so that their graphs are worth keeping.
    """

    def __init__(self, generator: Optional[tf.keras.Model], *, keeps_denoisers: bool) -> None:
        self.generator = generator
        self.is_guided = is_guided(generator)
        self._keeps_denoisers = keeps_denoisers
        self._chains: dict[tuple[int, int, bool], Any] = {}

    def restore(self, frames: np.ndarray, mask: np.ndarray, edges: Optional[np.ndarray], *,
                denoiser: Optional[Denoiser], value_range: tuple[float, float], plan: Plan
                ) -> tuple[np.ndarray, np.ndarray]:
        """Denoise frames and fill their holes.

        Args:
            frames: (N, H, W, C), gray or RGB, any real type.
            mask: bool (H, W), True = hole.
            edges: bool (N, H, W) for a guided generator, else None.
            denoiser: None leaves the noise.
            value_range: Values of black and white.
            plan: How it is done.

        Returns:
            Denoised and restored frames, in shape and type of `frames`.
        """
        if self.generator is None or not mask.any():
            denoised = self.denoise(frames, mask, denoiser, value_range, plan)
            return denoised, denoised
        if mask.size <= WHOLE_PIXELS and plan.wide is None and plan.window is None and plan.tile is None:
            at_a_time = WHOLE_PIXELS // mask.size
            parts = [self._call(frames[first:first + at_a_time], mask,
                                None if edges is None else edges[first:first + at_a_time], denoiser, value_range,
                                plan.working_bytes) for first in range(0, len(frames), at_a_time)]
            denoised, restored = (as_type(np.concatenate([part[stage] for part in parts]), frames)
                                  for stage in ("denoised", "restored"))
            return denoised, restored
        denoised = self.denoise(frames, mask, denoiser, value_range, plan)
        return denoised, np.stack([self._fill(frame, mask, None if edges is None else edges[index], value_range, plan)
                                   for index, frame in enumerate(denoised)])

    def denoise(self, frames: np.ndarray, mask: np.ndarray, denoiser: Optional[Denoiser],
                value_range: tuple[float, float], plan: Plan) -> np.ndarray:
        """The frames without noise, in their shape and type; see `restore`."""
        if denoiser is None:
            return frames
        if plan.tile is None:
            parts = [self._call(frame[np.newaxis], mask, None, denoiser, value_range)["denoised"] for frame in frames]
            return as_type(np.concatenate(parts), frames)
        return np.stack([as_type(np.clip(denoise_tiled(denoiser, frame, mask, plan.tile), *value_range), frame)
                         for frame in frames])

    def _fill(self, denoised, mask, edges, value_range, plan):
        restored, missing = denoised, mask
        guides = [] if edges is None else [edges]
        if plan.wide is not None:
            painted = self._fill_wide(denoised, mask, guides, value_range, plan)
            restored, missing = np.where(plan.wide[..., np.newaxis], painted, denoised), mask & ~plan.wide
        if not missing.any():
            return restored

        def inpaint(image, hole, *parts):
            outputs = self._call(image[np.newaxis], hole, parts[0][np.newaxis] if parts else None, None, value_range,
                                 plan.working_bytes)
            return as_type(outputs["restored"][0], denoised)

        if plan.window is None:
            return inpaint(restored, missing, *guides)
        return inpaint_by_windows(inpaint, restored, missing, *guides, side=plan.window)

    def _call(self, frames, mask, edges, denoiser, value_range, working_bytes=None):
        """What the chain returns; without `working_bytes` it leaves the holes."""
        inpaint = working_bytes is not None
        chain = self._chain(frames.shape[-1], denoiser, inpaint)
        masks = np.broadcast_to(mask[..., np.newaxis], (len(frames), *mask.shape, 1)).astype(np.float32)
        guides = [edges[..., np.newaxis].astype(np.float32)] if inpaint and edges is not None else []
        outputs = chain(frames.astype(np.float32), masks, np.asarray(value_range, np.float32), *guides,
                        **({"working_bytes": working_bytes} if inpaint else {}))
        return {name: tensor.numpy() for name, tensor in outputs.items()}

    def _fill_wide(self, image, mask, guides, value_range, plan):
        chain = self._chain(image.shape[-1], None, True)
        inputs = [image, mask[..., np.newaxis], np.asarray(value_range), *(guide[..., np.newaxis] for guide in guides)]
        inputs = [part.astype(np.float32) if part.ndim == 1 else part.astype(np.float32)[np.newaxis] for part in inputs]
        painted = chain.fill_wide(*inputs, factor=plan.factor, working_bytes=plan.working_bytes)
        return as_type(painted.numpy()[0], image)

    def _chain(self, channels, denoiser, inpaint):
        from pipelines.chain import RestorationChain

        key = (channels, id(denoiser), inpaint)
        if key not in self._chains:
            if denoiser is not None and not self._keeps_denoisers:
                # a denoiser of its own for each picture: the last one's is of no more use
                self._chains = {key: pair for key, pair in self._chains.items() if pair[0] is None}
            self._chains[key] = denoiser, RestorationChain(
                channels=channels, denoiser=None if denoiser is None else denoiser.tensor_function(),
                denoiser_channels=3 if denoiser is None else denoiser.channels,
                inpainter=self.generator if inpaint else None)
        return self._chains[key][1]


def as_type(values: np.ndarray, like: np.ndarray) -> np.ndarray:
    """`values` in the type of `like`; whole numbers are rounded and kept within the type's limits."""
    if like.dtype.kind == "f":
        return values.astype(like.dtype)
    limits = np.iinfo(like.dtype)
    return np.rint(np.clip(values, limits.min, limits.max)).astype(like.dtype)
