"""Which pixels of a picture are damaged, and by what: the detectors joined."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional

import numpy as np

from denoise.noise import wavelet_sigma
from pipelines.damage import kinds
from pipelines.damage.classical import CLASSICAL
from pipelines.damage.growth import grow, growth_for
from pipelines.damage.kinds import DEAD_PIXELS, KINDS, MISSING, TEXT, DamageSettings
from pipelines.damage.regions import Regions
from pipelines.damage.transparency import is_erased, transparent
from pipelines.images import Picture

SUSPECT = 0.1  # likelihood from which on a filter is heard
CERTAIN = 0.95  # probability from which on the network is heard about single pixels, beside the filter
SUREST = 0.98  # likelihood that a filter or the network can give a region at most, so that either can be overruled


@dataclass(frozen=True)
class FoundDamage:
    """What was found.

    Args:
        likelihood: How likely each pixel is damaged, (H, W) float32 from 0 to 1.
        masks: For each kind that was looked for, bool (H, W), True = damaged; they do not overlap.
        mask: All kinds together, grown by `growth`.
        growth: Pixels by which the mask reaches beyond `masks`.
        warnings: What the user should know, a sentence each.
    """

    likelihood: np.ndarray
    masks: dict[str, np.ndarray]
    mask: np.ndarray
    growth: int
    warnings: tuple[str, ...] = ()

    @property
    def pixels(self) -> dict[str, int]:
        """Number of pixels of each kind."""
        return {kind: int(mask.sum()) for kind, mask in self.masks.items()}

    def joined(self, other: FoundDamage) -> FoundDamage:
        """What was found here or in `other`; where both found something, its kind is as here."""
        here = np.logical_or.reduce(list(self.masks.values()))
        return FoundDamage(
            np.maximum(self.likelihood, other.likelihood),
            {kind: mask | (other.masks[kind] & ~here) for kind, mask in self.masks.items()},
            self.mask | other.mask, max(self.growth, other.growth),
            tuple(dict.fromkeys(self.warnings + other.warnings)))


class DamageDetector:
    """Looks for damage in any number of pictures; the network is loaded once.

    Args:
        settings: What to look for, and how.

    Raises:
        InputError, weights.WeightsError: If the network cannot be had.
    """

    def __init__(self, settings: DamageSettings = DamageSettings()) -> None:
        self.settings = settings
        self._learned = None if settings.detector == kinds.CLASSICAL else _load(settings.weights)

    def find(self, picture: Picture, denoised: Optional[np.ndarray] = None) -> FoundDamage:
        """Look for damage.

        Args:
            picture: As it was read. Of a stack, the damage that shows in the mean of its planes.
            denoised: The same pixels with less noise, to look at instead; or None.

        Raises:
            ValueError: If `denoised` is of another shape than `picture.pixels`.
        """
        if denoised is not None and denoised.shape != picture.pixels.shape:
            raise ValueError(f"`denoised` must have shape {picture.pixels.shape}. Received: {denoised.shape}")
        colours = _colours(picture, picture.pixels if denoised is None else denoised)
        likelihoods = {kind: np.zeros(picture.size, np.float32) for kind in KINDS if kind in self.settings.kinds}
        damaged = None
        if self._learned is not None:
            probabilities = self._learned.probabilities(colours)
            damaged = probabilities.sum(axis=-1)
            likelihoods = {kind: probabilities[..., KINDS.index(kind)] for kind in likelihoods}
        total = sum(likelihoods.values())
        if damaged is not None:
            from pipelines.damage.network import sought_probability  # needs TensorFlow, which the filters do not

            sought, total = total, sought_probability(total, damaged).numpy()
            if self.settings.detector == kinds.BOTH and DEAD_PIXELS in likelihoods:
                others = sought_probability(sought - likelihoods[DEAD_PIXELS], damaged).numpy()
                total = np.maximum(others, _doubted(total))
                likelihoods[DEAD_PIXELS] = _doubted(likelihoods[DEAD_PIXELS])
        if self.settings.detector != kinds.LEARNED:
            sigma = _noise(colours)
            # Of letters the network knows better than the filter whether they belong to the scene.
            heard = CLASSICAL.keys() - ([] if damaged is None else [TEXT])
            for kind in likelihoods.keys() & heard:
                found = CLASSICAL[kind](colours, sigma)
                # Of single pixels the filter knows better: it asks what a faulty one shows, and compares each of them.
                if damaged is not None and kind != DEAD_PIXELS:
                    found = _agreed(found, damaged)
                likelihoods[kind] = np.maximum(likelihoods[kind], found)
        likelihood = np.maximum(total, np.maximum.reduce(list(likelihoods.values())))
        hidden = transparent(picture)
        likelihood[hidden] = float(MISSING in likelihoods and is_erased(hidden))
        if MISSING in likelihoods:
            likelihoods[MISSING][hidden] = 2  # above all others
        return self._marked(likelihood, likelihoods, colours)

    def _marked(self, likelihood: np.ndarray, likelihoods: dict[str, np.ndarray], colours: np.ndarray) -> FoundDamage:
        threshold, warnings = 1 - self.settings.sensitivity, []
        if (likelihood > threshold).mean() > self.settings.max_ratio:
            warnings.append(f"{(likelihood > threshold).mean():.0%} of the picture looks damaged, more than the "
                            f"{self.settings.max_ratio:.0%} that may be, so only the likeliest is marked; look at the "
                            "mask")
            threshold = float(np.quantile(likelihood, 1 - self.settings.max_ratio))
        damage = likelihood > threshold
        names = list(likelihoods)
        likeliest = np.stack(list(likelihoods.values())).argmax(axis=0)
        masks = {name: damage & (likeliest == index) for index, name in enumerate(names)}
        sharp = masks.get(DEAD_PIXELS, np.zeros_like(damage))
        growth = self.settings.grow
        if growth is None:
            growth = growth_for(colours.mean(axis=-1), damage & ~sharp)
        return FoundDamage(likelihood, masks, grow(damage & ~sharp, growth) | sharp, growth, tuple(warnings))


def find_damage(picture: Picture, denoised: Optional[np.ndarray] = None,
                settings: DamageSettings = DamageSettings()) -> FoundDamage:
    """Look for damage in one picture; arguments as in `DamageDetector.find`."""
    return DamageDetector(settings).find(picture, denoised)


def _load(name: str) -> Any:
    import weights
    from pipelines import runtime

    path = Path(weights.find(name, kind="damage"))
    runtime.start(None, precision=None)  # the device and the precision are the caller's to choose
    from pipelines.damage.learned import LearnedDetector
    from pipelines.damage.network import load_network

    return LearnedDetector(load_network(path))


def _doubted(probability: np.ndarray) -> np.ndarray:
    """`probability` with odds so much lower that one of `CERTAIN` becomes an even chance."""
    return probability / (probability + CERTAIN / (1 - CERTAIN) * (1 - probability))


def _agreed(found: np.ndarray, damaged: np.ndarray) -> np.ndarray:
    """What filter and network say together of the regions that the filter has found: their log odds add up, as those
    of independent witnesses do. All (H, W) float32 from 0 to 1."""
    regions = Regions(found > SUSPECT)
    network = np.clip(regions.mean(damaged), 1 - SUREST, SUREST)[regions.labels]
    filtered = np.minimum(found, SUREST)
    odds = filtered / (1 - filtered) * network / (1 - network)
    return np.where(regions.labels > 0, odds / (1 + odds), 0).astype(np.float32)


def _colours(picture: Picture, pixels: np.ndarray) -> np.ndarray:
    """(H, W, C) float32, 0 to 1."""
    low, high = picture.value_range
    if picture.is_stack:
        pixels = pixels.mean(axis=0, dtype=np.float32)
    shares = np.clip((pixels.astype(np.float32) - np.float32(low)) / np.float32(high - low), 0, 1)
    return shares[..., np.newaxis] if shares.ndim == 2 else shares


def _noise(colours: np.ndarray) -> float:
    """Standard deviation of the noise, mean of the channels."""
    planes = [plane for plane in np.moveaxis(colours, -1, 0) if min(plane.shape) > 1 and np.ptp(plane) > 0]
    return float(np.mean([wavelet_sigma(plane) for plane in planes])) if planes else 0.0
