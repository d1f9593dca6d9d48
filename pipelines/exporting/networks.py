"""The networks that are exported, and what a card should say about them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Optional

import weights
from pipelines.damage.kinds import LEARNED
from pipelines.denoising import load_denoiser
from pipelines.errors import InputError
from pipelines.inpainting import load_inpainter
from weights import registry
from weights.registry import DAMAGE, DEEPFILL_V2, N2V

if TYPE_CHECKING:
    import tensorflow as tf

    from denoise import Denoiser

NOT_STATED = "not stated"


@dataclasses.dataclass(frozen=True)
class Origin:
    """Where a network comes from.

    Args:
        name: Of the shipped model, or of the user's file or folder.
        licence: Of the weights.
        source: Who trained it, on what.
        card: What the shipped model's own card says, as Markdown; empty where there is none.
    """

    name: str
    licence: str = NOT_STATED
    source: str = NOT_STATED
    card: str = ""


@dataclasses.dataclass(frozen=True)
class Networks:
    """A denoiser, an inpainter and perhaps a detector of damage, with their origins.

    Args:
        denoiser: None where the noise is left.
        inpainter: A generator.
        detector: The network that finds damage; None where masks are given.
        origins: By "denoiser", "inpainter" and, where there is one, "detector"; that of no denoiser is named "none".
    """

    denoiser: Optional[Denoiser]
    inpainter: tf.keras.Model
    detector: Optional[tf.keras.Model]
    origins: Mapping[str, Origin]


def load_networks(denoiser: str, inpainter: str, detector: Optional[str] = None) -> Networks:
    """Load what `--denoiser`, `--inpainter` and `--detector` name.

    Args:
        denoiser: A shipped model, "default" for the one that is marked so, a model folder, or "none".
        inpainter: Shipped weights, "default", or a weights file.
        detector: "learned" for the shipped network of that use, its name, or a file of weights; None: none.

    Raises:
        InputError, weights.WeightsError: If one cannot be had, or is chosen for each picture or no network.
    """
    generator = load_inpainter(inpainter)
    if generator is None:
        raise InputError("--inpainter", f"{inpainter} is a classic method and no network that could be exported",
                         "give the name of shipped weights or a weights file")
    noise_remover, origin = load_denoiser_with_origin(denoiser)
    origins = {"denoiser": origin, "inpainter": _origin(inpainter, DEEPFILL_V2)}
    if detector is None:
        return Networks(noise_remover, generator, None, origins)
    from pipelines.damage.network import load_network

    name = registry.DEFAULT if detector == LEARNED else detector
    network = load_network(Path(weights.find(name, kind=DAMAGE)))
    return Networks(noise_remover, generator, network, {**origins, "detector": _origin(name, DAMAGE)})


def load_denoiser_with_origin(request: str) -> tuple[Optional[Denoiser], Origin]:
    """The denoiser that `--denoiser` names; None for "none".

    Raises:
        InputError, weights.WeightsError: If it cannot be had, or depends on the picture.
    """
    if request in ("auto", "self"):
        raise InputError("--denoiser", f"{request} chooses one for each picture, and an export has one for all",
                         "give the name of a shipped model, a model folder, or none")
    if request == weights.DEFAULT and weights.default_name(N2V) == weights.DEFAULT:
        raise InputError("--denoiser", "no denoiser comes with this version", "give a model folder that "
                         "python -m pipelines.train_n2v wrote, or none")
    denoiser = load_denoiser(request)
    return denoiser, Origin("none") if denoiser is None else _origin(request, N2V)


def _origin(request: str, kind: str) -> Origin:
    name = registry.default_name(kind) if request == registry.DEFAULT else request
    for entry in registry.entries(kind):
        if entry.name == name:
            card = (registry.REGISTRY_FILE.parent / entry.file).with_name("README.md")
            return Origin(entry.name, entry.licence, entry.source,
                          card.read_text(encoding="utf-8") if card.is_file() else "")
    path = Path(request)
    if path.suffix == ".h5":
        import h5py

        with h5py.File(path, "r") as file:
            return Origin(path.name, *(str(file.attrs.get(key, NOT_STATED)) for key in ("licence", "source")))
    return Origin(path.resolve().name)
