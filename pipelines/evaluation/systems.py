"""What is measured: chains of at most one denoiser and one inpainter, in either order."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Optional

import numpy as np

from pipelines.baselines import BASELINES
from pipelines.errors import InputError
from pipelines.evaluation.classic_denoisers import BM3D_MISSING, BM3D_REMEDY, denoise_classically, has_bm3d
from pipelines.images import Picture

if TYPE_CHECKING:
    from pipelines.restoration import Restorer

N2V, DEEPFILL_V2, DEEPFILL_V1 = "n2v", "deepfill_v2", "deepfill_v1"
DENOISERS = (N2V, "nlm", "bm3d")
INPAINTERS = (DEEPFILL_V2, DEEPFILL_V1, *BASELINES)
INPUT = "input"  # the degraded picture as it is

DEFAULT = ("n2v+deepfill_v2", "deepfill_v2", "deepfill_v1", "deepfill_v2+n2v", "n2v+telea", "telea", "navier-stokes",
           "biharmonic", "n2v+biharmonic", "nlm+deepfill_v2", "bm3d+deepfill_v2", "bm3d+telea", INPUT)
PAPER = ("n2v+deepfill_v2", "deepfill_v2", "deepfill_v1")
COMODGAN = "comodgan"  # whose row is filled by --results

Chain = tuple[str, ...]


def parse_system(text: str) -> Chain:
    """The steps of a system: "n2v+telea" denoises, then fills the holes; "telea+n2v" the other way round.

    Raises:
        InputError: If a step is unknown, or there are two of a kind.
    """
    if text == INPUT:
        return ()
    steps = tuple(text.split("+"))
    for step in steps:
        if step not in DENOISERS + INPAINTERS:
            raise InputError("--systems", f"unknown step {step!r} in {text!r}",
                             f"join denoisers ({', '.join(DENOISERS)}) and inpainters ({', '.join(INPAINTERS)}) by +, "
                             f"or give {INPUT}")
    if any(sum(step in kind for step in steps) > 1 for kind in (DENOISERS, INPAINTERS)):
        raise InputError("--systems", f"{text!r} has two steps of a kind", "give one denoiser and one inpainter")
    return steps


@dataclasses.dataclass(frozen=True)
class Settings:
    """How the networks among the steps are made; what `pipelines.restoration.Restorer` takes.

    Args:
        denoiser: Of the step n2v: "auto", "self", a model's name or folder.
        denoise_seconds: Upper bound on training it for one picture.
        inpainter: Weights of deepfill_v2.
        v1_weights: Weights of deepfill_v1, of which none are shipped.
        seed: Of the training.
    """

    denoiser: str = "auto"
    denoise_seconds: float = 600.0
    inpainter: str = "default"
    v1_weights: Optional[str] = None
    seed: int = 0


class Workshop:
    """Carries out steps; networks are loaded once, when they are first needed."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._restorers: dict[str, Restorer] = {}

    def obstacle(self, chain: Chain) -> Optional[tuple[str, str]]:
        """What is missing for a chain, and how to get it; None if nothing is."""
        if DEEPFILL_V1 in chain and self.settings.v1_weights is None:
            return "no weights", "give --v1-weights FILE, see python -m weights.convert"
        if "bm3d" in chain and not has_bm3d():
            return BM3D_MISSING, BM3D_REMEDY
        return None

    def run(self, step: str, pixels: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, list[str]]:
        """Do one step.

        Args:
            step: One of `DENOISERS` or `INPAINTERS`.
            pixels: uint8 (H, W) or (H, W, 3).
            mask: bool (H, W): the holes that are left, True = hole.

        Returns:
            The picture after it, of the same shape and type, and what the step has to warn of.
        """
        if step in DENOISERS and step != N2V:
            return denoise_classically(step, pixels, mask), []
        if step not in self._restorers:
            self._restorers[step] = self._make(step)
        result = self._restorers[step].restore(Picture(pixels), mask)
        return result.denoised if step == N2V else result.image, result.report["warnings"]

    def _make(self, step: str) -> Restorer:
        from pipelines.restoration import Restorer

        settings = self.settings
        if step == N2V:  # a classic inpainter, because what it makes of the holes is not looked at
            return Restorer(denoiser=settings.denoiser, inpainter="telea", seed=settings.seed,
                            denoise_seconds=settings.denoise_seconds)
        names = {DEEPFILL_V2: settings.inpainter, DEEPFILL_V1: settings.v1_weights or ""}
        return Restorer(denoiser="none", inpainter=names.get(step, step), seed=settings.seed)


def weights_facts(settings: Settings) -> dict[str, str]:
    """The hashes of the weights behind the names, by which a run knows whether they are still the same.

    Raises:
        weights.WeightsError: If there are no weights of a name.
    """
    import weights
    from pipelines.evaluation.cases import sha256
    from pipelines.inpainting import inpainter_files

    files = inpainter_files(settings.inpainter)
    if settings.v1_weights is not None:
        files["v1_weights"] = weights.find(settings.v1_weights, kind=weights.DEEPFILL_V2)
    if settings.denoiser == "auto":  # may take any of the shipped ones
        files.update({name: weights.find(name, kind="n2v") for name in weights.names("n2v")})
    elif settings.denoiser not in ("self", "none"):
        folder = Path(settings.denoiser)
        files["denoiser"] = (folder / "weights_best.h5" if folder.is_dir()
                             else weights.find(settings.denoiser, kind="n2v"))
    return {name: sha256(path) for name, path in files.items() if path.is_file()}


def prefixes(chain: Chain) -> Sequence[Chain]:
    """The parts of a chain that begin with its first step; systems that share one share its results."""
    return [chain[:length] for length in range(1, len(chain) + 1)]
