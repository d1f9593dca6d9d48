"""`restore_image`: one array in, one array out."""

from __future__ import annotations

import os
from typing import Optional, Union

import numpy as np

from pipelines.denoising import DenoiserRequest
from pipelines.errors import InputError
from pipelines.images import Picture
from pipelines.inpainting import EdgesRequest
from pipelines.plan import AUTO
from pipelines.restoration import RestorationResult, Restorer


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
        edges: A sketch for guided weights as inpainter, see `Restorer.prepare`.

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
