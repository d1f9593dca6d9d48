"""Which pixels are missing: by kind, share and seed, or from a folder of masks."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Callable
from pathlib import Path
from typing import Optional, Protocol

import cv2
import numpy as np

from pipelines.errors import InputError
from pipelines.evaluation.seeds import seed_words
from pipelines.images import list_images, read_mask, read_picture

BINS = tuple((low, low + 10) for low in range(0, 60, 10))  # hole ratios in per cent, those of the usual test masks
WHITE = 255  # what stands in the holes of a degraded picture
ATTEMPTS = 1000

Size = tuple[int, int]
Draw = Callable[[tuple[int, int], int, int], np.ndarray]


class Rendered(Protocol):
    """What a renderer gives."""

    @property
    def image(self) -> np.ndarray:
        """The damaged picture, as it was given."""

    @property
    def mask(self) -> np.ndarray:
        """bool (H, W), True = damaged."""


Render = Callable[[np.ndarray, int], Rendered]


def _drawn_by(name: str) -> Draw:
    """The generator of that name in `deepfill_tf.masks`, which loads when it is first used."""
    def draw(seed: tuple[int, int], height: int, width: int) -> np.ndarray:
        import tensorflow as tf

        from deepfill_tf import masks

        return getattr(masks, name)(tf.constant(seed), height, width).numpy()[..., 0] > 0.5
    return draw


def _centre(_seed: tuple[int, int], height: int, width: int) -> np.ndarray:
    """A box of half the height and width in the middle."""
    mask = np.zeros((height, width), bool)
    mask[height // 4:height // 4 + max(height // 2, 1), width // 4:width // 4 + max(width // 2, 1)] = True
    return mask


def _irregular(seed: tuple[int, int], height: int, width: int) -> np.ndarray:
    """Strokes, scratches or spots, by turns."""
    name = ("brush_strokes", "fine_brush_strokes", "scratches", "dust")[seed[1] % 4]
    return _drawn_by(name)(seed, height, width)


def _damaged(picture: np.ndarray, seed: int) -> Rendered:
    """One to four kinds of damage as on old prints and worn sensors."""
    from pipelines import synthetic_damage

    kinds = synthetic_damage.some_kinds(np.random.default_rng(seed))
    return synthetic_damage.render_damage(picture, seed, kinds)


@dataclasses.dataclass(frozen=True)
class Kind:
    """A kind of damage, with one of the first two.

    Args:
        draw: Gives a bool (H, W) mask, True = hole, from a seed, a height and a width. The holes become white.
        render: Damages a picture, uint8 (H, W) or (H, W, 3), from a seed; noise comes over it.
        grows: Whether the holes of several draws are joined to reach a share; otherwise one draw has to meet it.
        varies: Whether draws differ from one another, so that one of a given share can be looked for.
        in_turn: Whether, where no share is asked for, each picture gets the next of `BINS`.
    """

    draw: Optional[Draw] = None
    render: Optional[Render] = None
    grows: bool = True
    varies: bool = True
    in_turn: bool = False


KINDS = {
    "scratches": Kind(_drawn_by("scratches")),
    "free-form": Kind(_drawn_by("brush_strokes")),
    "box": Kind(_drawn_by("half_box"), grows=False),
    "centre": Kind(_centre, grows=False, varies=False),
    "irregular": Kind(_irregular, in_turn=True),
    "damage": Kind(render=_damaged),
    "none": Kind(lambda _seed, height, width: np.zeros((height, width), bool), grows=False, varies=False),
}


@dataclasses.dataclass(frozen=True)
class Holes:
    """Damage of one kind, "free-form:10-20" say, or a folder of masks.

    Args:
        kind: A key of `KINDS`; None for a folder.
        bounds: Lowest and highest share of the picture in per cent, the highest one excluded; None for any.
        files: The masks of a folder.
        folder: That folder.
        resizes: Whether a mask of another size is resized to the picture's (nearest neighbour).
    """

    kind: Optional[str]
    bounds: Optional[tuple[float, float]] = None
    files: tuple[Path, ...] = ()
    folder: str = ""
    resizes: bool = False

    @property
    def name(self) -> str:
        """As it is given to --masks; a folder's last name."""
        if self.kind is None:
            return Path(os.path.abspath(self.folder)).name
        return self.kind if self.bounds is None else f"{self.kind}:{self.bounds[0]:g}-{self.bounds[1]:g}"

    def damage(self, picture: np.ndarray, noise: Callable[[np.ndarray], np.ndarray], *, seed: int, name: str,
               position: int) -> tuple[np.ndarray, np.ndarray]:
        """Damage a picture and add noise, in the order that the kind asks for.

        Args:
            picture: uint8 (H, W) or (H, W, 3).
            noise: Gives a new, noisy picture.
            seed, name, position: As of `mask`.

        Returns:
            The degraded picture, and bool (H, W), True = hole.
        """
        render = None if self.kind is None else KINDS[self.kind].render
        if render is not None:
            rendered = render(picture, seed_words(seed, "damage", str(self.kind), name)[0])
            return noise(rendered.image), rendered.mask
        mask = self.mask((picture.shape[0], picture.shape[1]), seed=seed, name=name, position=position)
        degraded = noise(picture).copy()
        degraded[mask] = WHITE
        return degraded, mask

    def mask(self, size: Size, *, seed: int, name: str, position: int) -> np.ndarray:
        """The mask for a picture, where it does not depend on what is in it.

        Args:
            size: Height and width.
            seed: Of the evaluation.
            name: Of the picture.
            position: Of the picture among all, from 0: the masks of a folder, and the bins of "irregular", are taken
                in turn.

        Returns:
            bool (H, W), True = hole.

        Raises:
            InputError: If a file does not fit, or no draw falls between the bounds.
        """
        if self.kind is None:
            return self._read(self.files[position % len(self.files)], size)
        kind = KINDS[self.kind]
        if kind.draw is None:
            raise ValueError(f"the mask of {self.kind} depends on the picture")
        bounds = self.bounds or (BINS[position % len(BINS)] if kind.in_turn else None)
        if bounds is None:
            return kind.draw(seed_words(seed, "mask", self.kind, name), *size)
        seeds = functools.partial(seed_words, seed, "mask", self.kind, name)
        return _within(kind.draw, bounds, size, seeds, grows=kind.grows)

    def _read(self, path: Path, size: Size) -> np.ndarray:
        found = read_picture(path).size
        if found == size or not self.resizes:
            return read_mask(path, size)
        mask = read_mask(path, found).astype(np.uint8)
        return cv2.resize(mask, size[::-1], interpolation=cv2.INTER_NEAREST_EXACT) > 0


def parse_holes(text: str, *, resizes: bool = False) -> Holes:
    """The damage that `text` names: "box", "free-form:10-20", or a folder of masks, which are resized if asked for.

    Raises:
        InputError: If it is neither, or the share makes no sense.
    """
    if Path(text).is_dir():
        return Holes(None, files=tuple(list_images(text)), folder=text, resizes=resizes)
    name, _, share = text.partition(":")
    if name not in KINDS:
        raise InputError("--masks", f"{text!r} is no folder and no known kind",
                         f"choose one of {', '.join(KINDS)}, or a folder of masks")
    if not share:
        return Holes(name)
    if not KINDS[name].varies or KINDS[name].draw is None:
        raise InputError("--masks", f"{name} has a size of its own, which {text!r} cannot change", f"give {name}")
    try:
        low, high = (float(bound) for bound in share.split("-"))
    except ValueError:
        low, high = 0.0, 0.0
    if not 0 <= low < high <= 90:
        raise InputError("--masks", f"{text!r} names no share of the picture",
                         f"give two numbers of per cent from 0 to 90, as in {name}:10-20")
    return Holes(name, (low, high))


def _within(draw: Draw, bounds: tuple[float, float], size: Size, seeds: Callable[[str], tuple[int, int]], *,
            grows: bool) -> np.ndarray:
    """Draw, and join the draws if they grow, until the share lies between the bounds; what would exceed them is
    dropped."""
    mask = np.zeros(size, bool)
    for attempt in range(ATTEMPTS):
        drawn = draw(seeds(str(attempt)), *size)
        joined = mask | drawn if grows else drawn
        share = 100 * joined.mean()
        if bounds[0] <= share < bounds[1] and joined.any():
            return joined
        if share < bounds[0] and grows:
            mask = joined
    raise InputError("--masks", f"no mask of {size[1]} x {size[0]} pixels between {bounds[0]:g} and {bounds[1]:g} per "
                     f"cent in {ATTEMPTS} draws", "allow a wider range, or larger pictures")
