"""The chain for one size of pictures as a program that JAX runs where TensorFlow 2.15 does not."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from pipelines.exporting.card import facts, write_papers
from pipelines.exporting.hlo_program import hlo_program
from pipelines.exporting.networks import Networks
from pipelines.exporting.served_chain import ServedChain

MANIFEST_FILE, WEIGHTS_FILE, RUNNER_FILE = "manifest.json", "weights.npz", "run_with_jax.py"
REMARKS = """`python run_with_jax.py image.npy mask.npy restored.npy` runs the program where there are NumPy and JAX, on
a GPU if JAX finds one; manifest.json lists its inputs and outputs in order."""


def export_stablehlo(networks: Networks, folder: Path, *, size: tuple[int, int], batch: int) -> None:
    """Write the program, its weights, a manifest, an example of use, a card and the licence.

    The program is an HLO module, since TensorFlow 2.15 has no converter; JAX turns it into StableHLO.

    Args:
        networks: What it is to run.
        folder: Exists.
        size: Height and width of the pictures.
        batch: Number of pictures.
    """
    chain = ServedChain(networks.denoiser, networks.inpainter, batch=batch, size=size)
    arguments = {"image": tf.TensorSpec([batch, *size, 3], tf.uint8),
                 "mask": tf.TensorSpec([batch, *size, 1], tf.uint8)}
    function = tf.function(chain.restore, input_signature=list(arguments.values()), jit_compile=True)
    program = hlo_program(function, arguments, {**chain.weights, "value_range": chain.value_range})
    np.savez(folder / WEIGHTS_FILE, **{name: variable.numpy() for name, variable in program.variables.items()})
    described = {"inputs": _shapes(program.inputs, "argument"), "outputs": _shapes(program.outputs, "result")}
    told = facts(networks, {"restore": described})
    manifest = {**told, **program.write(folder), "weights": WEIGHTS_FILE}
    (folder / MANIFEST_FILE).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")
    write_papers(folder, networks, told, REMARKS)
    shutil.copyfile(Path(__file__).with_name(RUNNER_FILE), folder / RUNNER_FILE)


def _shapes(entries: list[dict[str, Any]], role: str) -> Mapping[str, str]:
    return {entry["name"]: f"{entry['dtype']} ({', '.join(map(str, entry['shape']))})" for entry in entries
            if entry["role"] == role}
