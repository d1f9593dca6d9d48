"""Exported StableHLO programs on the device that JAX finds: pictures a second, against its matrix products.

    python -m pipelines.export --format stablehlo --size 512x512 --batch 16 --precision bfloat16 --output PROGRAM
    python benchmarks/bench_stablehlo.py PROGRAM [PROGRAM ...] [--seconds 3]

Needs NumPy and JAX only (without the project's environment: PYTHONPATH=. python3 ...). Pictures and masks lie on the
device already; the clock runs over many calls in a row, after two to warm up. GFLOP are those of the program's
convolutions and matrix products; the limit is what the device does in a product of two matrices of 8192 x 8192, in
float32 (TF32 where the device has it) and in bfloat16.
"""

from __future__ import annotations

import argparse
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.portable.program import compile_module

SIDE = 8192


def main() -> None:
    """Print a line for each program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("programs", nargs="+", type=Path)
    parser.add_argument("--seconds", type=float, default=3, help="for each measurement")
    arguments = parser.parse_args()
    import jax

    device = jax.devices()[0]
    loaded = [load(folder, device) for folder in arguments.programs]
    rates = {dtype: product_rate(dtype, arguments.seconds, device) for dtype in ("float32", "bfloat16")}
    print(f"{device.device_kind}, JAX {jax.__version__}: matrix products "
          + ", ".join(f"{rate / 1e12:.1f} TFLOP/s in {dtype}" for dtype, rate in rates.items()))
    print("| program | batch | pictures/s | ms a picture | GFLOP a picture | of the limit in float32, bfloat16 |")
    print("|---|---|---|---|---|---|", flush=True)
    for folder, (run, batch, operations) in zip(arguments.programs, loaded):
        each = seconds_of(run, arguments.seconds) / batch
        shares = ", ".join(f"{operations / batch / each / rate:.1%}" for rate in rates.values())
        print(f"| {folder.name} | {batch} | {1 / each:.1f} | {1000 * each:.2f} | {operations / batch / 1e9:.0f} "
              f"| {shares} |", flush=True)


def load(folder: Path, device: Any) -> tuple[Callable[[], Any], int, int]:
    """What runs the program once, its batch size, and its operations."""
    import jax

    manifest = json.loads((folder / "manifest.json").read_text(encoding="utf-8"))
    program = compile_module((folder / manifest["program"]["file"]).read_bytes(), device)
    batch, height, width, _ = manifest["inputs"][0]["shape"]
    random = np.random.default_rng(0)
    mask = np.zeros((batch, height, width, 1), np.uint8)
    mask[:, height * 3 // 8:height * 5 // 8, width * 3 // 8:width * 5 // 8] = 255
    arrays = {**np.load(folder / manifest["weights"]), "mask": mask,
              "image": random.integers(0, 256, (batch, height, width, 3), np.uint8)}
    inputs = [jax.device_put(arrays[entry["name"]], device) for entry in manifest["inputs"]]
    return lambda: program.execute(inputs), batch, manifest["operations"]


def product_rate(dtype: str, seconds: float, device: Any) -> float:
    """Operations a second in a product of random matrices."""
    import jax

    matrix = jax.device_put(np.random.default_rng(0).normal(size=(SIDE, SIDE)).astype(np.float32), device).astype(dtype)
    product = jax.jit(lambda factor: factor @ factor)
    return 2 * SIDE**3 / seconds_of(lambda: product(matrix), seconds)


def seconds_of(run: Callable[[], Any], seconds: float) -> float:
    """Mean time of a call, of as many in a row as fit."""
    import jax

    for _ in range(2):
        jax.block_until_ready(run())
    started = time.perf_counter()
    jax.block_until_ready(run())
    count = max(3, int(seconds / (time.perf_counter() - started)))
    started = time.perf_counter()
    for _ in range(count):
        results = run()
    jax.block_until_ready(results)
    return (time.perf_counter() - started) / count


if __name__ == "__main__":
    main()
