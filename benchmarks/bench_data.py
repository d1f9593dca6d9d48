"""How fast training data are made: images/s from files and from TFRecord shards, and milliseconds of a step.

    python benchmarks/bench_data.py [--data DIR|GLOB|FLIST] [--image-size 256] [--batch-size 16]
                                    [--step-seconds 0.05]

Data are made while the step before is computed, so they cost nothing as long as their share of the step time is
below 100 %. Give the seconds that your step takes; the default is that of a fast GPU. On a machine that computes the
step on the same cores, the share is what data take from it. Without --data, the clean examples.
"""

from __future__ import annotations

import argparse
import dataclasses
import os
import tempfile
import time
from pathlib import Path

import tensorflow as tf

from deepfill_tf.config import DeepFillConfig
from deepfill_tf.data import training_batches
from deepfill_tf.records import write_records
from deepfill_tf.sources import open_source
from pipelines import runtime

EXAMPLES = Path(__file__).parents[1] / "examples" / "clean"
MARGIN = 1.125  # short side of shards made for a crop size, as a multiple of it


@dataclasses.dataclass(frozen=True)
class OneImage:
    """A source without reading and decoding."""

    image: tf.Tensor

    def images(self, seed, first_position, *, wanted=None):
        """The same image for ever."""
        return tf.data.Dataset.range(first_position, tf.int64.max).map(lambda position: (position, self.image))


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=str(EXAMPLES), help="undamaged pictures")
    parser.add_argument("--image-size", type=int, default=256, help="side of the crops")
    parser.add_argument("--batch-size", type=int, default=16)
    parser.add_argument("--step-seconds", type=float, default=0.05, help="of a training step, default: 0.05")
    parser.add_argument("--seconds", type=float, default=5.0, help="to measure each row")
    arguments = parser.parse_args()
    runtime.start(seed=0)
    config = DeepFillConfig(image_size=arguments.image_size, batch_size=arguments.batch_size)
    files = open_source(arguments.data, smallest=config.image_size)
    with tempfile.TemporaryDirectory() as folder:
        short_side = round(config.image_size * MARGIN)
        write_records(files.paths, Path(folder, "whole"))
        write_records(files.paths, Path(folder, "small"), short_side=short_side)
        _, image = next(iter(files.images(0, 0)))
        sources = {
            "files": files,
            "shards": open_source(Path(folder, "whole"), smallest=config.image_size),
            f"shards, short side {short_side}": open_source(Path(folder, "small"), smallest=config.image_size),
            "memory (crops and masks alone)": OneImage(image),
        }
        print(f"{files.count} pictures, crops of {config.image_size}, batch {config.batch_size}, {os.cpu_count()} "
              f"cores, a step of {1000 * arguments.step_seconds:.0f} ms")
        print(f"| {'from':<30} | decoded/s | images/s | data ms/step | share of step |")
        print(f"|{'-' * 32}|-----------|----------|--------------|---------------|")
        for name, source in sources.items():
            decoded = 1 / seconds_each(source.images(0, 0).prefetch(32), arguments.seconds)
            step = seconds_each(training_batches(source, config, seed=0), arguments.seconds)
            print(f"| {name:<30} | {decoded:9.0f} | {config.batch_size / step:8.0f} | {1000 * step:12.1f} "
                  f"| {step / arguments.step_seconds:13.0%} |", flush=True)


def seconds_each(dataset: tf.data.Dataset, seconds: float) -> float:
    """Mean time of an element, once the pipeline has found its pace."""
    elements = iter(dataset)
    for _ in range(2):  # the first round is not what counts
        count, started = 0, time.perf_counter()
        while time.perf_counter() < started + seconds:
            next(elements)
            count += 1
    return (time.perf_counter() - started) / count


if __name__ == "__main__":
    main()
