"""The denoiser for the BioImage Model Zoo."""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from denoise import Denoiser
from denoise.bioimageio import SUFFIX, export_bioimageio
from pipelines.errors import InputError
from pipelines.exporting.card import example
from pipelines.exporting.networks import NOT_STATED, Origin
from pipelines.quiet import harmless_lines_dropped

DOCUMENTATION = """# Noise2Void denoiser {name}

Removes noise from pictures like those that it was trained on, in their units. Trained by n2v-deepfill with n2v's own
network. Data: {source}. Licence of the weights: {licence}.

The archive holds the network and its normalisation. n2v-deepfill also fills marked damage before the network sees it,
and pads pictures whose sides are no multiples of the network's.
"""


def export_model_zoo(denoiser: Optional[Denoiser], origin: Origin, folder: Path, *, licence: Optional[str] = None
                     ) -> Path:
    """Write an archive for the BioImage Model Zoo into a folder; returns its path.

    Args:
        denoiser: None is refused.
        origin: Its name and licence go into the archive.
        folder: Exists.
        licence: SPDX identifier, in place of the origin's.

    Raises:
        InputError: If there is no denoiser, or no licence.
    """
    if denoiser is None:
        raise InputError("--denoiser", "none leaves nothing to export", "give a shipped model or a model folder")
    licence = licence or origin.licence
    if licence == NOT_STATED:
        raise InputError("--licence", "is missing: the Model Zoo asks for that of the weights",
                         "add one, such as --licence CC-BY-4.0")
    path = folder / f"{origin.name}{SUFFIX}"
    image, _ = example()
    documentation = DOCUMENTATION.format(name=origin.name, source=origin.source, licence=licence)
    with harmless_lines_dropped():
        export_bioimageio(denoiser, path, image if denoiser.channels == 3 else image[..., 1],
                          name=f"n2v {origin.name}", licence=licence, documentation=documentation)
    return path
