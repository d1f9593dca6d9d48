"""What goes along with exported networks: a card for people, facts for programs, the licence, an example."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from importlib import metadata
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.exporting.networks import Networks
from pipelines.runtime import versions

Signature = Mapping[str, Mapping[str, str]]  # "inputs" and "outputs" -> name -> type and shape, as text

CARD = """# n2v-deepfill

Restores pictures that are noisy and damaged: Noise2Void denoises, DeepFill v2 fills the holes that a mask marks.

| | network | licence of the weights | source |
|---|---|---|---|
{networks}

Made by {versions}. The licence of the code is in the file LICENSE.

| signature | inputs | outputs |
|---|---|---|
{signatures}

Pictures are RGB from 0 to 255; a mask marks holes by values above 127, or above 0 in a mask of 0 and 1. `denoised` is
the picture before its holes are filled.

{remarks}
"""


def facts(networks: Networks, signatures: Mapping[str, Signature]) -> dict[str, Any]:
    """What the card says, as JSON."""
    origins = {role: {name: value for name, value in dataclasses.asdict(origin).items() if name != "card"}
               for role, origin in networks.origins.items()}
    return {"networks": origins, "signatures": signatures, "versions": versions()}


def card(told: Mapping[str, Any], remarks: str) -> str:
    """The card as Markdown, from `facts` and a paragraph on the kind of export."""
    rows = (f"| `{name}` | {_tensors(signature['inputs'])} | {_tensors(signature['outputs'])} |"
            for name, signature in told["signatures"].items())
    made_by = ", ".join(f"{package} {version}" for package, version in told["versions"].items())
    networks = (f"| {role} | {origin['name']} | {origin['licence']} | {origin['source']} |"
                for role, origin in told["networks"].items())
    return CARD.format(networks="\n".join(networks), versions=made_by, signatures="\n".join(rows), remarks=remarks)


def _tensors(kinds: Mapping[str, str]) -> str:
    return "; ".join(f"`{name}` {kind}" for name, kind in kinds.items())


def write_papers(folder: Path, networks: Networks, told: Mapping[str, Any], remarks: str) -> None:
    """Write the card as README.md, the shipped models' own cards as NAME.md, and the licence as LICENSE."""
    (folder / "README.md").write_text(card(told, remarks), encoding="utf-8")
    (folder / "LICENSE").write_text(licence(), encoding="utf-8")
    for origin in networks.origins.values():
        if origin.card:
            (folder / f"{origin.name}.md").write_text(origin.card, encoding="utf-8")


def licence() -> str:
    """The text of the project's licence."""
    try:
        text = metadata.distribution("n2v-deepfill").read_text("licenses/LICENSE")
    except metadata.PackageNotFoundError:  # run from a folder that is not installed
        text = None
    return text or (Path(__file__).resolve().parents[2] / "LICENSE").read_text(encoding="utf-8")


def example() -> tuple[np.ndarray, np.ndarray]:
    """A noisy, scratched picture, uint8 (128, 160, 3), and its mask, uint8 (128, 160, 1)."""
    from skimage.data import astronaut
    from skimage.draw import line

    noise = np.random.default_rng(0).normal(0, 15, (128, 160, 3))
    image = np.clip(np.rint(astronaut()[40:168, 150:310] + noise), 0, 255).astype(np.uint8)
    mask = np.zeros((128, 160, 1), np.uint8)
    for start, end in (((8, 0), (60, 157)), ((70, 20), (122, 130))):
        rows, columns = line(*start, *end)
        for thickness in range(3):
            mask[rows + thickness, columns] = 255
    image[mask[..., 0] > 0] = 255
    return image, mask
