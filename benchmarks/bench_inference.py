"""Filling holes in pictures of many sizes: seconds, peak memory, arithmetic against the machine's rate.

    python benchmarks/bench_inference.py [--sizes 256x256 512x680 1024x1024 2048x2048 4000x3000]
                                         [--masks centre scratches free-form] [--precision bfloat16] [--repeats 3]

Each case runs in a process of its own, which restores a seeded picture without denoising it, as
`python -m pipelines.restore --denoiser none` does: once to trace the graph, then up to `--repeats` times, of which the
fastest is printed; none after ENOUGH_SECONDS, so that large cases run once, with the tracing. The machine's rate is
that of a matrix product of 2048 x 2048 in float32, measured right after.
GFLOP are those of the whole network at that size; what a small hole spares shows as a share above the machine's rate.
The official network's seconds are those of the yardstick (below), scaled by this machine's rate.
"""

from __future__ import annotations

import argparse
import itertools
import json
import multiprocessing
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.plan import STRATEGIES, make_plan

PRODUCT_SIDE = 2048
# The official graph on a machine with 390 GFLOP/s: seconds at these sizes. It was killed at 2048 x 2048.
OFFICIAL_SECONDS, OFFICIAL_RATE = {"256x256": 0.217, "512x680": 1.87, "1024x1024": 15.9}, 390.0
ENOUGH_SECONDS = 60.0
MASKS = {"centre": "a quarter of each side", "scratches": "3 %", "free-form": "20 %"}


def main() -> None:
    """Print a line for each size and mask."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", default=["256x256", "512x680", "1024x1024", "2048x2048", "4000x3000"])
    parser.add_argument("--masks", nargs="+", default=list(MASKS), choices=MASKS)
    parser.add_argument("--precision", default="float32", choices=("float32", "bfloat16"))
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--memory-limit", help="as of pipelines.restore")
    parser.add_argument("--window", type=int, help="as of pipelines.restore")
    parser.add_argument("--strategy", default="auto", choices=STRATEGIES)
    parser.add_argument("--weights", default="default", help="shipped weights or a file")
    parser.add_argument("--case", help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.case:
        print(json.dumps(measure(*arguments.case.split(","), arguments)))
        return
    print("| size      | holes     | ratio | first s |      s | official s | of official | peak MB | planned "
          "| GFLOP | product GFLOP/s | share |")
    for size, mask in itertools.product(arguments.sizes, arguments.masks):
        with tempfile.TemporaryDirectory() as folder:
            drawn = Path(folder) / "mask.npy"
            # Drawing takes memory, which must neither be counted nor be missing when the picture is planned.
            with ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool:
                np.save(drawn, pool.submit(seeded_mask, mask, *sides(size)).result())
            command = [sys.executable, __file__, "--case", f"{size},{drawn}", "--precision", arguments.precision,
                       "--repeats", str(arguments.repeats), "--strategy", arguments.strategy, "--weights",
                       arguments.weights]
            command += ["--memory-limit", arguments.memory_limit] if arguments.memory_limit else []
            command += ["--window", str(arguments.window)] if arguments.window else []
            found = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
            print_row(size, mask, found)


def print_row(size: str, mask: str, found: dict[str, Any]) -> None:
    """One line of the table."""
    official, part = "", ""
    if size in OFFICIAL_SECONDS:
        seconds = OFFICIAL_SECONDS[size] * OFFICIAL_RATE / found["rate"]
        official, part = f"{seconds:.2f}", f"{found['seconds'] / seconds:.2f}"
    share = found["gflop"] / found["seconds"] / found["rate"]
    print(f"| {size:<9} | {mask:<9} | {found['ratio']:5.1%} | {found['first_seconds']:7.2f} | {found['seconds']:6.2f} "
          f"| {official:>10} | {part:>11} | {found['peak_megabytes']:7.0f} | {found['planned_megabytes']:7.0f} "
          f"| {found['gflop']:5.0f} | {found['rate']:15.0f} | {share:5.0%} |", flush=True)


def sides(size: str) -> tuple[int, int]:
    """Height and width of "WIDTHxHEIGHT"."""
    width, height = (int(side) for side in size.split("x"))
    return height, width


def measure(size: str, mask_file: str, arguments: argparse.Namespace) -> dict[str, float]:
    """Figures of one case, in this process."""
    from pipelines import runtime

    runtime.start(seed=0, precision=arguments.precision)
    from pipelines.images import Picture
    from pipelines.machine import parse_bytes, peak_bytes
    from pipelines.restoration import Restorer

    height, width = sides(size)
    picture, mask = Picture(seeded_picture(height, width)), np.load(mask_file)
    limit = parse_bytes(arguments.memory_limit) if arguments.memory_limit else None
    restorer = Restorer(denoiser="none", inpainter=arguments.weights, strategy=arguments.strategy, memory_limit=limit,
                        window=arguments.window)
    seconds: list[float] = []
    for _ in range(1 + arguments.repeats):
        if sum(seconds) > ENOUGH_SECONDS:
            break
        start = time.perf_counter()
        restorer.restore(picture, mask)
        seconds.append(time.perf_counter() - start)
    peak = peak_bytes() / 2**20  # before the rate is measured
    plan = make_plan(mask, strategy=arguments.strategy, memory_limit=limit, window=arguments.window)
    return {"first_seconds": seconds[0], "seconds": min(seconds[1:] or seconds), "rate": product_rate(),
            "ratio": float(mask.mean()), "gflop": network_gflop(height, width),
            "planned_megabytes": plan.peak_bytes / 2**20, "window": plan.window,
            "peak_megabytes": peak}


def seeded_picture(height: int, width: int) -> np.ndarray:
    """uint8 (H, W, 3): coarse structure and fine texture."""
    import cv2

    random = np.random.default_rng(0)
    coarse = cv2.resize(random.uniform(0, 255, (height // 64 + 2, width // 64 + 2, 3)), (width, height),
                        interpolation=cv2.INTER_CUBIC)
    return np.clip(coarse + random.normal(0, 8, coarse.shape), 0, 255).astype(np.uint8)


def seeded_mask(kind: str, height: int, width: int) -> np.ndarray:
    """bool (H, W), True = hole."""
    from pipelines.evaluation.holes import parse_holes

    if kind == "centre":
        mask = np.zeros((height, width), bool)
        mask[height * 3 // 8:height * 5 // 8, width * 3 // 8:width * 5 // 8] = True
        return mask
    share = "scratches:2.5-3.5" if kind == "scratches" else "free-form:18-22"
    return parse_holes(share).mask((height, width), seed=0, name="", position=0)


def product_rate() -> float:
    """GFLOP/s of a float32 matrix product, the best of ten."""
    import tensorflow as tf

    matrix = tf.random.stateless_normal([PRODUCT_SIDE, PRODUCT_SIDE], [0, 0])
    product = tf.function(lambda: tf.reduce_sum(tf.matmul(matrix, matrix)))
    product().numpy()
    best = float("inf")
    for _ in range(10):
        start = time.perf_counter()
        product().numpy()
        best = min(best, time.perf_counter() - start)
    return 2 * PRODUCT_SIDE**3 / best / 1e9


def network_gflop(height: int, width: int) -> float:
    """Of DeepFill v2's convolutions, and of the attention's two products with all queries and keys."""
    convolutions = 50.4e9 * height * width / 256**2
    patches = height * width / 64
    return (convolutions + 2 * patches**2 * (9 * 96 + 16 * 96)) / 1e9


if __name__ == "__main__":
    main()
