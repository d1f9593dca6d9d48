"""The chain as a SavedModel: plain TensorFlow loads it, with nothing of this project."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

import tensorflow as tf

from pipelines.exporting.card import example, facts, write_papers
from pipelines.exporting.networks import Networks
from pipelines.exporting.served_chain import ServedChain
from pipelines.exporting.served_detector import ServedDetector

CONFIG_FILE = "config.json"
EXAMPLE_FILES = IMAGE_FILE, MASK_FILE, RESTORED_FILE = ("example_image.png", "example_mask.png", "example_restored.png")

REMARKS = """B pictures of one height H and width W, any from 1. Without noise removal (`inpaint`), every pixel outside
the holes is that of the input, bit by bit. `_bytes` are whole PNG or JPEG files, each of a size of its own; an empty
mask means that there is nothing to fill, and one mask serves all pictures of a call. Orientation tags and colour
profiles are not looked at, 16 bits become 8, and alpha is dropped.

example_restored.png is what this model makes of example_image.png and example_mask.png."""


def export_saved_model(networks: Networks, folder: Path) -> None:
    """Write a SavedModel with its card, facts, licence and an example as assets.

    Args:
        networks: What it is to run.
        folder: Empty.
    """
    chain = ServedChain(networks.denoiser, networks.inpainter)
    functions = chain.signatures()
    if networks.detector is not None:
        chain.detector = ServedDetector(networks.detector)  # an attribute, so that its variables are saved, too
        functions.update(chain.detector.signatures())
    signatures = {name: function.get_concrete_function() for name, function in functions.items()}
    told = facts(networks, {name: described(function) for name, function in signatures.items()})
    with tempfile.TemporaryDirectory() as temporary:
        assets = Path(temporary)
        write_papers(assets, networks, told, REMARKS)
        (assets / CONFIG_FILE).write_text(json.dumps(told, indent=1) + "\n", encoding="utf-8")
        image, mask = (array[tf.newaxis] for array in example())
        restored = signatures["serving_default"](image=tf.constant(image), mask=tf.constant(mask))["restored"]
        for name, picture in zip(EXAMPLE_FILES, (image, mask, restored)):
            (assets / name).write_bytes(tf.io.encode_png(picture[0]).numpy())
        chain.assets = {path.name: tf.saved_model.Asset(str(path)) for path in sorted(assets.iterdir())}
        tf.saved_model.save(chain, str(folder), signatures=signatures)


def described(function: Any) -> dict[str, dict[str, str]]:
    """The inputs and outputs of a signature by name: "uint8 (B, H, W, 3)"."""
    sides = {"inputs": function.structured_input_signature[0], "outputs": function.structured_outputs}
    named = {"inputs": {spec.name: spec for spec in sides["inputs"]}, "outputs": sides["outputs"]}
    return {side: {name: f"{spec.dtype.name} ({_shape(spec.shape)})" for name, spec in tensors.items()}
            for side, tensors in named.items()}


def _shape(shape: tf.TensorShape) -> str:
    sides = (letter if side is None else str(side) for letter, side in zip("BHW" + "?" * 9, shape))
    return ", ".join(sides) + ("," if shape.rank == 1 else "")
