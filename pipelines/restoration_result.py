"""One picture before and after its restoration, and the report of what was done."""

from __future__ import annotations

import dataclasses
from typing import Any

import numpy as np

from pipelines.denoising import DenoiserChoice
from pipelines.images import Picture
from pipelines.inpainting import EdgesRequest
from pipelines.machine import peak_bytes
from pipelines.plan import Plan


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


@dataclasses.dataclass
class Prepared:
    """A picture that can be restored: its holes are known, its denoiser is trained.

    Args:
        picture: The picture.
        mask: bool (H, W), True = hole.
        edges: What guides the inpainter, see `pipelines.restoration.Restorer.prepare`.
        choice: The denoiser.
        plan: How denoiser and inpainter work.
        seconds: What each stage took so far.
        inpainter: Its name; chosen once all holes are known.
    """

    picture: Picture
    mask: np.ndarray
    edges: EdgesRequest
    choice: DenoiserChoice
    plan: Plan
    seconds: dict[str, float]
    inpainter: str = ""

    def finished(self, denoised: np.ndarray, restored: np.ndarray, seed: int) -> RestorationResult:
        """The result, of both stages' frames in the picture's type."""
        denoised, restored = (frames.reshape(self.picture.pixels.shape) for frames in (denoised, restored))
        return RestorationResult(restored, self.mask, denoised, self._report(denoised, seed))

    def _report(self, denoised, seed):
        from denoise import estimate_noise

        choice, plan = self.choice, self.plan
        frame = denoised[0] if self.picture.is_stack else denoised
        after = choice.noise if choice.denoiser is None else estimate_noise(frame, damage=self.mask)
        edges = "none" if self.edges is None else self.edges if isinstance(self.edges, str) else "given"
        return {
            "denoiser": choice.name, "denoiser_reason": choice.reason, "warnings": list(choice.warnings),
            "inpainter": self.inpainter, "edges": edges, "seed": seed,
            "size": list(self.picture.size), "dtype": str(self.picture.pixels.dtype),
            "noise_sigma_before": choice.noise.sigma, "noise_is_correlated": choice.noise.is_correlated,
            "noise_sigma_after": after.sigma,
            "hole_ratio": float(self.mask.mean()), "strategy": plan.strategy, "factor": plan.factor,
            "window": plan.window, "seconds": {stage: round(value, 3) for stage, value in self.seconds.items()},
            "peak_memory_megabytes": round(peak_bytes() / 2**20),
        }
