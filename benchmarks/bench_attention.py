"""Time and peak memory of the whole generator, with attention for the hole alone and for the whole picture.

    python benchmarks/bench_attention.py [--sizes 256x256 512x680 1024x1024] [--block-mb 128] [--repeats 3]

Weights and pictures are random, holes are scratches over 3 % of the picture. Each line is a process of its own, so
that its peak is its own; the last column is free of the machine's speed.
"""

from __future__ import annotations

import argparse
import json
import resource
import subprocess
import sys
import time

SIZES = ("256x256", "512x680", "1024x1024", "2048x2048")
HOLE_SHARE = 0.03
PRODUCT_SIDE = 2048


def main() -> None:
    """Print one line for each size and extent of the attention."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="+", default=SIZES, help="heights x widths, multiples of 8")
    parser.add_argument("--extents", nargs="+", default=("hole", "whole"), choices=("hole", "whole"))
    parser.add_argument("--block-mb", type=int, default=128, help="bound for the score maps, in MiB")
    parser.add_argument("--repeats", type=int, default=3, help="runs after the first, of which the fastest counts; "
                                                               "0: the first counts")
    parser.add_argument("--measure", help=argparse.SUPPRESS)  # what each process is told to do
    arguments = parser.parse_args()
    if arguments.measure is not None:
        print(json.dumps(measure(*json.loads(arguments.measure))))
        return
    print("| size      | attention | seconds | peak MB | product GFLOP/s | in products of 2048 |\n"
          "|-----------|-----------|---------|---------|-----------------|---------------------|")
    for size in arguments.sizes:
        for extent in arguments.extents:
            height, width = (int(side) for side in size.split("x"))
            task = json.dumps([height, width, extent == "hole", arguments.block_mb * 2**20, arguments.repeats])
            found = subprocess.run([sys.executable, __file__, "--measure", task], check=True,
                                   stdout=subprocess.PIPE, text=True).stdout
            seconds, peak, product = json.loads(found.splitlines()[-1])
            rate = 2 * PRODUCT_SIDE**3 / product / 1e9
            print(f"| {size:<9} | {extent:<9} | {seconds:7.2f} | {peak:7.0f} | {rate:15.0f} "
                  f"| {seconds / product:19.1f} |", flush=True)


def measure(height: int, width: int, hole_only: bool, block_bytes: int, repeats: int) -> tuple[float, float, float]:
    """Seconds of the generator, peak memory of this process in MB, seconds of a matrix product."""
    from pipelines import runtime

    runtime.start(seed=0)
    import numpy as np
    import tensorflow as tf

    from deepfill_tf import build_generator, complete
    from deepfill_tf.two_stages import restricted_to_hole

    generator = build_generator()
    if hole_only:
        generator = restricted_to_hole(generator)
    generator.get_layer("contextual_attention").block_bytes = block_bytes
    image = tf.constant(np.random.default_rng(0).uniform(-1, 1, [1, height, width, 3]), tf.float32)
    mask = scratched(height, width)
    unknown = [tf.TensorSpec([None, None, None, channels]) for channels in (3, 1)]
    inpaint = tf.function(lambda image, mask: complete(generator, image, mask), input_signature=unknown)
    matrix = tf.random.normal([PRODUCT_SIDE, PRODUCT_SIDE])
    products = [seconds_of(lambda: tf.matmul(matrix, matrix)) for _ in range(5)]
    inpaint.get_concrete_function()  # traces
    runs = [seconds_of(lambda: inpaint(image, mask)) for _ in range(repeats + 1)]
    products += [seconds_of(lambda: tf.matmul(matrix, matrix)) for _ in range(5)]
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    # On a machine that others use as well, the middle of the products is what the generator had.
    return min(runs[1:] or runs), peak, float(np.median(products))


def scratched(height, width):
    """float32 (1, height, width, 1): scratches, 1 = hole, until their share is reached."""
    import tensorflow as tf

    from deepfill_tf import masks

    mask, attempt = tf.zeros([height, width, 1]), 0
    while tf.reduce_mean(mask) < HOLE_SHARE:
        mask = tf.maximum(mask, masks.scratches(tf.constant([0, attempt]), height, width))
        attempt += 1
    return mask[tf.newaxis]


def seconds_of(work):
    """Seconds until the result of `work` can be read."""
    started = time.perf_counter()
    work().numpy()
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
