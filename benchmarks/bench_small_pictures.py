"""Small pictures: seconds for each, restored one by one and together, as the pictures of a folder are.

    python benchmarks/bench_small_pictures.py [--data DIR] [--sizes 64 128 256] [--pictures 64] [--denoiser none|NAME]

Pictures are crops of those in DIR (by default the clean examples), each with a hole of its own. Both ways are run in
turns, three times; the fastest of each counts. Memory is the most that the process has taken so far.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

import numpy as np

from pipelines import runtime
from pipelines.batches import capacity
from pipelines.images import Picture, list_images, read_picture
from pipelines.machine import peak_bytes
from pipelines.restoration import Restorer

EXAMPLES = Path(__file__).parents[1] / "examples" / "clean"
ROUNDS = 3


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=str(EXAMPLES), help="folder of pictures")
    parser.add_argument("--sizes", type=int, nargs="+", default=[64, 128, 256], help="sides of the crops")
    parser.add_argument("--pictures", type=int, default=64, help="how many of each size")
    parser.add_argument("--denoiser", default="none", help="none, or a model")
    arguments = parser.parse_args()
    runtime.start(seed=0)
    restorer = Restorer(denoiser=arguments.denoiser)
    photos = [read_picture(path).pixels for path in list_images(arguments.data)]
    photos = [photo for photo in photos if photo.ndim == 3]
    print("| size | at a time | one by one | together | of that | differs by | peak memory |\n" + "|---" * 7 + "|")
    for size in arguments.sizes:
        random, cases = np.random.default_rng(0), []
        for index in range(arguments.pictures):
            cases.append((Picture(crop(photos[index % len(photos)], size, random)), hole(size, random)))
        together = capacity((size, size))
        seconds: dict[int, list[float]] = {1: [], together: []}
        images: dict[int, list[np.ndarray]] = {}
        for _ in range(ROUNDS + 1):
            for at_a_time, measured in seconds.items():
                started = time.perf_counter()
                images[at_a_time] = restored(restorer, cases, at_a_time)
                measured.append((time.perf_counter() - started) / len(cases))
        difference = max(np.abs(one.astype(int) - other).max() for one, other in zip(*images.values()))
        single, joint = (min(values[1:]) for values in seconds.values())  # in the first round graphs are optimised
        print(f"| {size} x {size} | {together} | {single * 1000:.0f} ms | {joint * 1000:.0f} ms | "
              f"{joint / single:.2f} | {difference} grey levels | {peak_bytes() / 2**30:.2f} GB |", flush=True)


def restored(restorer: Restorer, cases: list[tuple[Picture, np.ndarray]], at_a_time: int) -> list[np.ndarray]:
    """The restored images."""
    images = []
    for first in range(0, len(cases), at_a_time):
        prepared = [restorer.prepare(*case) for case in cases[first:first + at_a_time]]
        images += [result.image for result in restorer.finish(prepared)]
    return images


def crop(photo: np.ndarray, size: int, random: np.random.Generator) -> np.ndarray:
    """A square part of the photo."""
    top, left = (int(random.integers(side - size + 1)) for side in photo.shape[:2])
    return np.ascontiguousarray(photo[top:top + size, left:left + size])


def hole(size: int, random: np.random.Generator) -> np.ndarray:
    """A box, a quarter as wide as the picture."""
    mask = np.zeros((size, size), bool)
    top, left = random.integers(size * 3 // 4, size=2)
    mask[top:top + size // 4, left:left + size // 4] = True
    return mask


if __name__ == "__main__":
    main()
