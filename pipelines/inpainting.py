"""Which network fills the holes, and the edges that guide it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Union

import cv2
import numpy as np

from pipelines.baselines import BASELINES
from pipelines.errors import InputError

if TYPE_CHECKING:
    import tensorflow as tf

AUTO = "auto"
EdgesRequest = Union[None, str, np.ndarray]

THIN_DEPTH = 5  # pixels: how deep thin holes are, from their rim
DEEPER = 0.05  # share of their pixels that may be deeper, where lines cross


def choose_inpainter(request: str, mask: np.ndarray) -> str:
    """What "default" stands for with these holes; any other request as it is.

    What was in thin holes is nearly certain, and one shipped network paints what is most probable. In wide holes that
    would be a blur: there another one paints texture.

    Args:
        request: What was asked for.
        mask: bool (H, W), True = hole.

    Raises:
        weights.WeightsError: If the list of models cannot be read.
    """
    import weights

    if request != weights.DEFAULT:
        return request
    depths = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_5)[mask]
    is_thin = depths.size > 0 and bool((depths > THIN_DEPTH).mean() <= DEEPER)
    return weights.default_name(weights.DEEPFILL_V2, thin=is_thin)


def inpainter_files(request: str) -> dict[str, Path]:
    """The weights behind a name or a path, which exist: "inpainter", and what "default" stands for in thin holes.

    Raises:
        weights.WeightsError: If they are missing or not whole.
    """
    import weights

    names = {"inpainter": request}
    if request == weights.DEFAULT:
        names["inpainter_of_thin_holes"] = weights.default_name(weights.DEEPFILL_V2, thin=True)
    return {role: weights.find(name, kind=weights.DEEPFILL_V2) for role, name in names.items()}


def load_inpainter(name: str) -> tf.keras.Model | None:
    """The generator of shipped weights or a weights file; None for a classic method, which is no network.

    Raises:
        weights.WeightsError: If it cannot be had.
    """
    if name in BASELINES:
        return None
    import weights

    return weights.load_generator(name)


def is_guided(generator: tf.keras.Model | None) -> bool:
    """Whether `generator` takes edges besides image and mask."""
    return generator is not None and len(generator.inputs) == 3


def given_edges(request: EdgesRequest, size: tuple[int, int]) -> EdgesRequest:
    """`request` with an array turned into bool (H, W), True = edge.

    Args:
        request: None; "auto"; or (H, W) or (H, W, 1): bool, or grey levels up to 1 or up to 255, of which those
            above 0.6 of it are edges.
        size: Height and width of the picture.

    Raises:
        InputError: If it is something else, or of another size than the picture.
    """
    if request is None or isinstance(request, str):
        if request not in (None, AUTO):
            raise InputError("edges", f"are {request!r}", f"give None, {AUTO!r} or an array")
        return request
    from deepfill_tf.edges import edges_from_picture

    levels = np.asarray(request)
    levels = levels[..., 0] if levels.ndim == 3 and levels.shape[-1] == 1 else levels
    if levels.shape != size:
        raise InputError("edges", f"have the shape {levels.shape}, the picture {size} (height, width)",
                         "make both of one size")
    white = 1 if levels.max(initial=0) <= 1 else 255
    return edges_from_picture(levels.astype(np.float32) * (255 / white)).numpy() > 0


def edges_of(frame: np.ndarray, request: EdgesRequest, value_range: tuple[float, float]) -> np.ndarray:
    """The edges for one frame: bool (H, W), True = edge.

    Args:
        frame: (H, W, C), gray or RGB, as it is: what is damaged has edges, too.
        request: What `given_edges` returned; None: nothing is drawn.
        value_range: The frame's values of black and white.
    """
    if request is None:
        return np.zeros(frame.shape[:2], bool)
    if isinstance(request, np.ndarray):
        return request
    from deepfill_tf.edges import detect_edges

    low, high = value_range
    picture = np.clip((frame.astype(np.float32) - low) / (high - low) * 2 - 1, -1, 1)
    return detect_edges(np.broadcast_to(picture, (*frame.shape[:2], 3))[np.newaxis]).numpy()[0, ..., 0] > 0
