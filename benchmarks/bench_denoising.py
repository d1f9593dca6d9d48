"""Denoising by a network trained on the picture itself, by a shipped one as it is, and by one adapted to the picture.

    python benchmarks/bench_denoising.py [--data PHOTOS] [--count 12] [--noise gaussian:25 ...] [--precision bfloat16]

Each picture gets seeded noise, rounded and clipped to its type. Figures are means over the pictures; seconds include
the prediction. Without --data, the clean examples.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np

from pipelines import runtime
from pipelines.denoising import choose_denoiser, denoise_tiled, load_denoiser
from pipelines.images import Picture, list_images, read_picture
from pipelines.metrics import psnr, ssim
from pipelines.training_noise import noisy_version, parse_training_noise

EXAMPLES = Path(__file__).parents[1] / "examples" / "clean"
NOISES = ("gaussian:10", "gaussian:25", "gaussian:50", "poisson-gaussian:60:5")
SEED = 1000  # none of a training's


def main() -> None:
    """Print a table for each noise."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=str(EXAMPLES), help="folder of clean pictures")
    parser.add_argument("--count", type=int, default=12, help="pictures to measure on, evenly chosen (default: 12)")
    parser.add_argument("--noise", nargs="+", default=NOISES, help=f"(default: {' '.join(NOISES)})")
    parser.add_argument("--systems", nargs="+", help="of self, auto and the shipped models (default: all)")
    parser.add_argument("--precision", default="float32", choices=("float32", "bfloat16"))
    arguments = parser.parse_args()
    runtime.start(seed=0, precision=arguments.precision)
    import weights

    systems = arguments.systems or ["self", *weights.names(weights.N2V), "auto"]
    paths = list_images(arguments.data)
    paths = [paths[index] for index in np.linspace(0, len(paths) - 1, min(arguments.count, len(paths))).astype(int)]
    print(f"{len(paths)} pictures, {matrix_rate():.0f} GFLOP/s in a matrix product")
    for noise in arguments.noise:
        measure(noise, paths, systems)


def matrix_rate(side: int = 2048, repeats: int = 5) -> float:
    """GFLOP/s of a float32 matrix product."""
    import tensorflow as tf

    matrix = tf.random.normal([side, side])
    (matrix @ matrix).numpy()
    started = time.perf_counter()
    for _ in range(repeats):
        (matrix @ matrix).numpy()
    return 2 * repeats * side ** 3 / (time.perf_counter() - started) / 1e9


def measure(noise: str, paths: list[Path], systems: list[str]) -> None:
    """Print the table of one noise."""
    figures: dict[str, list[tuple[float, float, float]]] = {system: [] for system in ("input", *systems)}
    begun: Counter[str] = Counter()
    for path in paths:
        truth = read_picture(path)
        noisy = noisy_version(truth, [parse_training_noise(noise)], seed=SEED, name=path.stem)
        figures["input"].append((psnr(truth.pixels, noisy), ssim(truth.pixels, noisy), 0.0))
        for system in systems:
            started = time.perf_counter()
            name, image = denoise(system, Picture(noisy))
            seconds = time.perf_counter() - started
            figures[system].append((psnr(truth.pixels, image), ssim(truth.pixels, image), seconds))
            begun.update([name] if system == "auto" else [])
        print(f"\r{noise}: {len(figures['input'])} of {len(paths)}", end="", file=sys.stderr, flush=True)
    print(f"\n\n{noise}; auto: {', '.join(f'{count} x {name}' for name, count in begun.items())}")
    print(f"| {'system':<24} | PSNR dB | SSIM  | auto better in | seconds |")
    print(f"|{'-' * 26}|---------|-------|----------------|---------|")
    for system, rows in figures.items():
        wins = ""
        if "auto" in systems and system != "auto":
            wins = f"{sum(auto[0] > row[0] for auto, row in zip(figures['auto'], rows))} of {len(rows)}"
        quality, structure, seconds = np.mean(rows, axis=0)
        print(f"| {system:<24} | {quality:7.2f} | {structure:.3f} | {wins:>14} | {seconds:7.1f} |", flush=True)


def denoise(system: str, picture: Picture) -> tuple[str, np.ndarray]:
    """Name of the denoiser and its result, of the picture's type."""
    pixels = picture.pixels if picture.pixels.ndim == 3 else picture.pixels[..., np.newaxis]
    mask = np.zeros(picture.size, bool)
    choice = choose_denoiser(system, load_denoiser(system), pixels[np.newaxis], mask, value_range=picture.value_range,
                             seed=0, seconds=60)
    if choice.denoiser is None:
        return choice.name, picture.pixels
    result = np.clip(denoise_tiled(choice.denoiser, pixels, mask), *picture.value_range)
    result = np.rint(result) if picture.pixels.dtype.kind == "u" else result
    return choice.name, result.astype(picture.pixels.dtype).reshape(picture.pixels.shape)


if __name__ == "__main__":
    main()
