"""A denoiser as an archive for the BioImage Model Zoo, written by n2v's own exporter."""

from __future__ import annotations

import io
import tempfile
import warnings
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import yaml

from denoise.model import Denoiser
from denoise.official import quiet

DESCRIPTION_FILE = "rdf.yaml"
SUFFIX = ".bioimage.io.zip"
SIDE = 64  # pixels: of the example that the zoo's check runs


def export_bioimageio(denoiser: Denoiser, path: Path, image: np.ndarray, *, name: str, licence: str,
                      documentation: str) -> None:
    """Write the network and its normalisation as a Model Zoo archive, in format 0.4.

    Args:
        denoiser: For 2D pictures. What it does around its network (filling damage, averaging over turns, padding,
            each image's own mean and deviation) does not go along.
        path: File to write, *.bioimage.io.zip.
        image: (H, W) or (H, W, C), at least 64 x 64: a picture of the kind that it was trained on.
        name: What the model is called, at least 5 characters.
        licence: Of the weights, as an SPDX identifier.
        documentation: Markdown.

    Raises:
        ValueError: If the denoiser is for volumes, or `image` is smaller or of other channels.

    Differs from the reference:
        n2v's exporter states float64, a fixed size, its own licence and that napari-n2v trained the network. Here the
        archive says float32, which all consumers take, any size that the network takes, and what is true.
    """
    samples = image.reshape(*image.shape[:2], -1)
    if denoiser.axes != "YXC" or samples.shape[-1] != denoiser.channels or min(samples.shape[:2]) < SIDE:
        raise ValueError(f"`image` should be at least {SIDE} x {SIDE} with {denoiser.channels} channels along YXC. "
                         f"Received: {image.shape} for {denoiser.axes}")
    with tempfile.TemporaryDirectory() as temporary:
        model, archive = Path(temporary, "model"), Path(temporary, "archive")
        archive.mkdir()
        denoiser.save(model)
        official = Denoiser.load(model)._official  # n2v exports from a folder only
        with quiet(), warnings.catch_warnings():
            warnings.filterwarnings("ignore", "tags: could not check tag categories")  # asks the zoo's site
            official.export_TF(name, "", ["n2v-deepfill"], samples[:SIDE, :SIDE].astype(np.float32), "YXC", None,
                               result_path=archive)
        (written,) = archive.glob(f"*{SUFFIX}")
        multiple = 2 ** official.config.unet_n_depth
        _mend(written, path, {"name": name, "license": licence}, documentation, multiple)


def _mend(written: Path, path: Path, changes: Mapping[str, Any], documentation: str, multiple: int) -> None:
    with zipfile.ZipFile(written) as old, zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as new:
        described = yaml.safe_load(old.read(DESCRIPTION_FILE))
        documented = described["documentation"]
        described.update(changes, documentation="README.md")
        (entry,), (result,) = described["inputs"], described["outputs"]
        channels = entry["shape"][-1]
        entry.update(data_type="float32", shape={"min": [1, multiple, multiple, channels],
                                                 "step": [0, multiple, multiple, 0]})
        result.update(data_type="float32", shape={"reference_tensor": entry["name"], "scale": [1.0] * 4,
                                                  "offset": [0.0] * 4})
        for member in old.namelist():
            contents = old.read(member)
            if member == DESCRIPTION_FILE:
                contents = yaml.safe_dump(described, sort_keys=False).encode()
            elif member == documented:
                member, contents = described["documentation"], documentation.encode()
            elif member.endswith(".npy"):
                buffer = io.BytesIO()
                np.save(buffer, np.load(io.BytesIO(contents)).astype(np.float32))
                contents = buffer.getvalue()
            new.writestr(member, contents)
