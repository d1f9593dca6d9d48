"""The exported SavedModel against pipelines.restore: requests per second and latency.

    python benchmarks/bench_serving.py [--sizes 256 512] [--clients 1 2] [--requests 20]

One process holds the SavedModel of the shipped inpainter (no denoiser, so that both do the same work) and a `Restorer`;
so many client threads send one request after another. Requests of both alternate in blocks, since machines change
their speed; the pictures and masks are the same. Overhead: median latency against the Restorer's.
"""

from __future__ import annotations

import argparse
import tempfile
import threading
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from pipelines import runtime

BLOCKS = 4


def main() -> None:
    """Print a line for each size and number of clients."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", type=int, nargs="+", default=[256, 512])
    parser.add_argument("--clients", type=int, nargs="+", default=[1, 2])
    parser.add_argument("--requests", type=int, default=20, help="of each way and client")
    arguments = parser.parse_args()
    runtime.start("cpu", seed=0)
    import tensorflow as tf

    from pipelines import export
    from pipelines.images import Picture
    from pipelines.restoration import Restorer
    from weights import DEEPFILL_V2, default_name

    inpainter = default_name(DEEPFILL_V2)  # an export has one, restore may choose between three
    restorer = Restorer(denoiser="none", inpainter=inpainter)
    with tempfile.TemporaryDirectory() as folder:
        model = Path(folder, "model")
        if export.main(["--output", str(model), "--denoiser", "none", "--inpainter", inpainter]) != 0:
            raise SystemExit(1)
        serve = tf.saved_model.load(str(model)).signatures["serving_default"]
        print("| size | clients | way | requests/s | median s | 99th percentile s | overhead |")
        for size in arguments.sizes:
            image, mask = picture_and_mask(size)
            ways: dict[str, Callable[[], np.ndarray]] = {
                "pipelines.restore": lambda: restorer.restore(Picture(image), mask).image,
                "SavedModel": lambda: serve(image=tf.constant(image[np.newaxis]), mask=tf.constant(
                    mask[np.newaxis, ..., np.newaxis].astype(np.uint8)))["restored"].numpy()[0]}
            first, second = (way() for way in ways.values())  # traces both
            np.testing.assert_array_equal(first, second)
            for clients in arguments.clients:
                report(size, clients, ways, arguments.requests)


def report(size: int, clients: int, ways: dict[str, Callable[[], np.ndarray]], requests: int) -> None:
    """Print a line for each way."""
    latencies: dict[str, list[float]] = {name: [] for name in ways}
    seconds = dict.fromkeys(ways, 0.0)
    for _ in range(BLOCKS):
        for name, way in ways.items():
            started = time.perf_counter()
            latencies[name] += asked(way, clients, max(requests // BLOCKS, 1))
            seconds[name] += time.perf_counter() - started
    own = float(np.median(latencies["pipelines.restore"]))
    for name, found in latencies.items():
        median = float(np.median(found))
        print(f"| {size} | {clients} | {name} | {len(found) / seconds[name]:.2f} | {median:.3f} "
              f"| {np.percentile(found, 99):.3f} | {median / own - 1:+.1%} |", flush=True)


def asked(way: Callable[[], np.ndarray], clients: int, requests: int) -> list[float]:
    """Seconds of each request, with so many clients at once."""
    found: list[float] = []

    def ask() -> None:
        for _ in range(requests):
            started = time.perf_counter()
            way()
            found.append(time.perf_counter() - started)

    threads = [threading.Thread(target=ask) for _ in range(clients)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return found


def picture_and_mask(size: int) -> tuple[np.ndarray, np.ndarray]:
    """uint8 (size, size, 3) and bool (size, size) with scratches."""
    from skimage.data import astronaut
    from skimage.transform import resize

    image = np.uint8(np.rint(255 * resize(astronaut(), (size, size), anti_aliasing=True)))
    mask = np.zeros((size, size), bool)
    mask[size // 8::size // 4, size // 8:] = mask[size // 4:, size // 3:size // 3 + 3] = True
    return image, mask


if __name__ == "__main__":
    main()
