"""`render_damage`: one picture and a seed in, the damaged picture and a mask for each kind of damage out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass

import cv2
import numpy as np

from pipelines.damage.kinds import BLOTCHES, CRACKS, DEAD_PIXELS, DUST, KINDS, MISSING, SCRATCHES, TEXT
from pipelines.synthetic_damage import blotches, cracks, dead_pixels, dust, missing, scratches, text
from pipelines.synthetic_damage.layers import Layer

# In the order in which they come over a picture.
PAINTERS: dict[str, Callable[[np.random.Generator, np.ndarray, float], list[Layer]]] = {
    BLOTCHES: blotches.draw, CRACKS: cracks.draw, SCRATCHES: scratches.draw, DUST: dust.draw,
    MISSING: missing.draw, TEXT: text.draw, DEAD_PIXELS: dead_pixels.draw}
USUAL_SIDE = 320  # pixels: of larger pictures, damage is larger, too
FAINTEST = 0.08  # change of a channel, of its range, around a pixel: what is fainter is not visible damage
HIDING = 0.5  # of the texture's standard deviation, by which the change must be larger
TEXTURE_WINDOW = 9  # pixels
THINNEST = 0.15  # opacity below which a pixel is only the soft edge of damage


@dataclass(frozen=True)
class RenderedDamage:
    """A damaged picture.

    Args:
        image: Shape and type of the undamaged one.
        masks: For each kind that was asked for, bool (H, W), True = damaged so that it shows; dead rows and
            columns are damaged from end to end. Kinds may overlap.
    """

    image: np.ndarray
    masks: dict[str, np.ndarray]

    @property
    def mask(self) -> np.ndarray:
        """All kinds together, bool (H, W)."""
        return np.logical_or.reduce(list(self.masks.values()))


def some_kinds(random: np.random.Generator) -> list[str]:
    """One to four of `KINDS`, as one picture may have them."""
    return list(random.choice(KINDS, int(random.integers(1, 5)), replace=False))


def render_damage(image: np.ndarray, seed: int, kinds: Iterable[str] = KINDS) -> RenderedDamage:
    """Damage a picture at random.

    Each kind looks the same for one seed whether or not others are drawn, dead pixels apart, which are chosen to
    differ from what they hide. Damage of pictures whose shorter side is above 320 pixels is larger in proportion.

    Args:
        image: (H, W) gray or (H, W, 3) RGB: uint8, uint16 or float32 from 0 to 1. Not modified.
        seed: From 0.
        kinds: Some of `KINDS`, at least one: "scratches" (lines of a projector, too), "cracks" (folds and tears,
            too), "dust" (hairs and fibres, too), "blotches" (stains), "dead-pixels" (salt and pepper, dead rows and
            columns, too), "missing" (torn corners, holes) and "text" (date stamps, captions).

    Raises:
        ValueError: If the image or a kind is none of these.
    """
    kinds = tuple(kinds)
    if not kinds or not set(kinds) <= set(KINDS):
        raise ValueError(f"`kinds` must be some of {', '.join(KINDS)}. Received: {kinds}")
    painted = _colours(image)
    scale = max(1.0, min(painted.shape[:2]) / USUAL_SIDE)
    needed = FAINTEST + HIDING * _texture(painted)
    masks = {}
    for index, (kind, draw) in enumerate(PAINTERS.items()):
        if kind not in kinds:
            continue
        random = np.random.default_rng((seed, index))
        mask = np.zeros(painted.shape[:2], bool)
        for layer in draw(random, painted, scale):
            before, painted = painted, _painted(painted, layer, is_gray=image.ndim == 2)
            if layer.is_whole:
                mask |= layer.opacity > THINNEST
            elif layer.is_damage:
                mask |= _shows(before, painted, layer.opacity, needed)
        masks[kind] = mask
    return RenderedDamage(_like(painted, image), {kind: masks[kind] for kind in kinds})


def _colours(image: np.ndarray) -> np.ndarray:
    """(H, W, 3) float32 from 0 to 1, a new array."""
    image = np.asarray(image)
    if image.dtype.name not in ("uint8", "uint16", "float32") or image.ndim not in (2, 3) or 0 in image.shape \
            or (image.ndim == 3 and image.shape[-1] != 3):
        raise ValueError(f"`image` must be (H, W) or (H, W, 3), uint8, uint16 or float32. "
                         f"Received: {image.shape}, {image.dtype}")
    white = 1.0 if image.dtype == np.float32 else np.iinfo(image.dtype).max
    shares = image.astype(np.float32) / np.float32(white)
    return np.stack([shares] * 3, axis=-1) if image.ndim == 2 else shares


def _like(colours: np.ndarray, image: np.ndarray) -> np.ndarray:
    values = colours[..., 0] if image.ndim == 2 else colours
    if image.dtype == np.float32:
        return np.ascontiguousarray(values)
    white = np.iinfo(image.dtype).max
    return np.rint(values * white).clip(0, white).astype(image.dtype)


def _painted(colours: np.ndarray, layer: Layer, *, is_gray: bool) -> np.ndarray:
    opacity = layer.opacity[..., np.newaxis]
    colour = layer.colour.mean(axis=-1, keepdims=True) if is_gray else layer.colour
    return (colours + opacity * (colour - colours)).astype(np.float32)


def _texture(colours: np.ndarray) -> np.ndarray:
    """Standard deviation of the brightness around each pixel, (H, W)."""
    gray, window = colours.mean(axis=-1), (TEXTURE_WINDOW, TEXTURE_WINDOW)
    return np.sqrt(np.maximum(0, cv2.blur(gray ** 2, window) - cv2.blur(gray, window) ** 2))


def _shows(before: np.ndarray, after: np.ndarray, opacity: np.ndarray, needed: np.ndarray) -> np.ndarray:
    """Where paint changed the picture by what is needed to show, judged with the paint around; bool (H, W)."""
    is_painted = (opacity > THINNEST).astype(np.float32)
    change = np.abs(after - before).max(axis=-1) * is_painted
    around = cv2.blur(change, (5, 5)) / np.maximum(cv2.blur(is_painted, (5, 5)), 1e-6)
    return (is_painted > 0) & (around >= needed)
