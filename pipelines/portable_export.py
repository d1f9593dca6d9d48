"""A compiled training step as files that JAX can run where TensorFlow does not: see `pipelines.portable`."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import tensorflow as tf

from pipelines.exporting.hlo_program import hlo_program
from pipelines.portable.program import MANIFEST_FILE
from pipelines.portable.session import STATE_FOLDER
from pipelines.portable.state_files import FILE_BYTES, halved, write_state

RUNNER_FILE = "portable.pyz"
RUNNER_MODULES = ("pipelines/__init__.py", "pipelines/portable/*.py", "deepfill_tf/__init__.py",
                  "deepfill_tf/packed_images.py")
RUNNER_MAIN = "import sys\n\nfrom pipelines.portable.__main__ import main\n\nsys.exit(main())\n"


def export_program(function: Any, arguments: Mapping[str, tf.TensorSpec], variables: Mapping[str, tf.Variable],
                   folder: Path, *, facts: Mapping[str, Any], step: int = 0, weights: Iterable[str] = (),
                   file_bytes: int = FILE_BYTES, half: bool = False) -> None:
    """Write a function's program, a manifest of its inputs and outputs, its variables, and the runner.

    Args:
        function: See `hlo_program`.
        arguments: Their names and full shapes, in order; `pipelines.portable` runs functions that take data, seed,
            first_step and count.
        variables: Under their names; at least all that the function writes. Others that it reads, such as the
            optimiser's settings, are exported as they are.
        folder: To write; made if need be.
        facts: What else the manifest should tell, as JSON; the runner needs `batch_size` and `seed`.
        step: Steps done.
        weights: Names of the variables without which training could not go on; the runner writes them apart, too, as
            float16.
        file_bytes: Size in bytes that every file of the state stays below.
        half: Whether the state is written as float16, which Adam's moments, once there are any, do not stand.

    Raises:
        ValueError: See `hlo_program`.
    """
    program = hlo_program(function, arguments, variables)
    state = {name: variable.numpy() for name, variable in program.variables.items()}
    write_state(folder / STATE_FOLDER, step, halved(state) if half else state, file_bytes=file_bytes, compressed=True)
    write_runner(folder / RUNNER_FILE)
    manifest = {**program.write(folder), "weights": [name for name in program.variables if name in set(weights)],
                **facts}
    (folder / MANIFEST_FILE).write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def write_runner(path: Path) -> None:
    """Write `pipelines.portable` as one file: `python portable.pyz --help`."""
    root = Path(__file__).resolve().parents[1]
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for module in [module for pattern in RUNNER_MODULES for module in sorted(root.glob(pattern))]:
            archive.write(module, module.relative_to(root).as_posix())
        archive.writestr("__main__.py", RUNNER_MAIN)
