"""Inpainting without a network, to measure against."""

from __future__ import annotations

from collections.abc import Callable

import cv2
import numpy as np

RADIUS = 3  # pixels around the hole's rim that OpenCV's methods look at


def _opencv(flag: int) -> Callable[[np.ndarray, np.ndarray], np.ndarray]:
    def inpaint(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
        hole = mask.astype(np.uint8)
        if image.dtype == np.uint8:
            return cv2.inpaint(np.ascontiguousarray(image), hole, RADIUS, flag)
        if image.dtype == np.float32:  # OpenCV's Telea leaves the range of float images: it works in 16 bit
            low, high = image.min(), image.max()
            scale = np.float32(65535) / max(high - low, np.finfo(np.float32).tiny)
            return inpaint(np.rint((image - low) * scale).astype(np.uint16), mask).astype(np.float32) / scale + low
        # OpenCV takes other types than uint8 one channel at a time.
        planes = [cv2.inpaint(np.ascontiguousarray(plane), hole, RADIUS, flag)
                  for plane in np.moveaxis(np.atleast_3d(image), -1, 0)]
        return np.stack(planes, axis=-1).reshape(image.shape)
    return inpaint


def _biharmonic(image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    from skimage.restoration import inpaint_biharmonic  # slow to import, and rarely asked for

    channel_axis = -1 if image.ndim == 3 else None
    filled = inpaint_biharmonic(image.astype(np.float64), mask, split_into_regions=True, channel_axis=channel_axis)
    if image.dtype.kind == "u":
        filled = np.rint(np.clip(filled, 0, np.iinfo(image.dtype).max))
    return filled.astype(image.dtype)


BASELINES: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "telea": _opencv(cv2.INPAINT_TELEA),
    "navier-stokes": _opencv(cv2.INPAINT_NS),
    "biharmonic": _biharmonic,
}


def inpaint_baseline(name: str, image: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Fill the holes of an image by a classic method.

    Args:
        name: "telea" (Telea 2004, OpenCV), "navier-stokes" (Bertalmio et al. 2001, OpenCV) or "biharmonic"
            (Damelin and Hoang 2018, scikit-image).
        image: (H, W) or (H, W, 3); uint8, uint16 or float32.
        mask: bool (H, W), True = hole.

    Returns:
        Same shape and type; outside the hole `image` itself, value by value.

    Raises:
        ValueError: If the name is unknown.
    """
    if name not in BASELINES:
        raise ValueError(f"unknown baseline {name!r}; known: {', '.join(BASELINES)}")
    if not mask.any():
        return image.copy()
    filled = image.copy()
    filled[mask] = BASELINES[name](image, mask)[mask]
    return filled
