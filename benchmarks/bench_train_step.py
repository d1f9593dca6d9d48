"""A training step of DeepFill v2: images/s, time outside convolutions, arithmetic against the machine's rate.

    python benchmarks/bench_train_step.py [--batch-sizes 4 16] [--image-size 256] [--steps 3]
                                          [--precision onednn_bfloat16] [--xla]

A step updates discriminator and generator once, as the default configuration does. Its arithmetic is what the
layers' definitions ask for; the machine's rate is that of a matrix product of 2048 x 2048 in float32. All is
measured in turns and medians are taken, so that other work on the machine slows everything down alike.
"""

from __future__ import annotations

import argparse
import dataclasses
import math
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import tensorflow as tf

from deepfill_tf import masks
from deepfill_tf.config import PRECISIONS, DeepFillConfig
from deepfill_tf.sources import open_source
from deepfill_tf.training_run import TrainingRun
from pipelines import runtime

EXAMPLES = Path(__file__).parents[1] / "examples" / "clean"
PRODUCT_SIDE = 2048
PRODUCTS = 5      # in each turn
MULTIPLY_ADD = 2  # operations


@dataclasses.dataclass(frozen=True)
class Convolution:
    """A convolution and the gradients that a step takes of it.

    Args:
        inputs, kernel, outputs: Shapes.
        strides, dilations, padding: As TensorFlow takes them.
        to_inputs, to_kernel: Whether the gradient with respect to either is computed.
    """

    inputs: tuple[int, ...]
    kernel: tuple[int, ...]
    outputs: tuple[int, ...]
    strides: tuple[int, ...]
    dilations: tuple[int, ...]
    padding: str
    to_inputs: bool
    to_kernel: bool

    @property
    def arithmetic(self) -> int:
        """Operations; each gradient takes as many as the convolution itself."""
        passes = 1 + self.to_inputs + self.to_kernel
        return MULTIPLY_ADD * math.prod(self.outputs) * math.prod(self.kernel[:3]) * passes

    def run(self, dtype: tf.DType, xla: bool) -> Callable[[], object]:
        """A function that computes it."""
        inputs, kernel, upstream = (tf.cast(tf.random.normal(shape), dtype)
                                    for shape in (self.inputs, self.kernel, self.outputs))

        @tf.function(jit_compile=xla)
        def compute(inputs, kernel, upstream):
            wanted = [inputs] * self.to_inputs + [kernel] * self.to_kernel
            with tf.GradientTape() as tape:
                tape.watch(wanted)
                outputs = tf.nn.conv2d(inputs, kernel, self.strides, self.padding, dilations=self.dilations)
            return outputs, tape.gradient(outputs, wanted, upstream)

        computed = compute.get_concrete_function(inputs, kernel, upstream)
        return lambda: computed(inputs, kernel, upstream)


def main() -> None:
    """Print a line for each batch size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--batch-sizes", type=int, nargs="+", default=(4, 16))
    parser.add_argument("--image-size", type=int, default=256, help="side of the crops, a multiple of 8")
    parser.add_argument("--steps", type=int, default=3, help="measured, after one that compiles")
    parser.add_argument("--precision", choices=PRECISIONS, default="float32")
    parser.add_argument("--xla", action="store_true", help="compile the step with XLA")
    arguments = parser.parse_args()
    device = runtime.start(seed=0)
    print(f"{arguments.image_size} x {arguments.image_size} on the {device}, {arguments.precision}"
          f"{', XLA' if arguments.xla else ''}")
    print("| batch | s/step | images/s | TFLOP/step | outside convolutions | product GFLOP/s | step of that |\n"
          "|-------|--------|----------|------------|----------------------|-----------------|--------------|")
    for batch_size in arguments.batch_sizes:
        config = DeepFillConfig(image_size=arguments.image_size, batch_size=batch_size,
                                precision=arguments.precision, xla=arguments.xla)
        arithmetic, (step, convolutions, product) = measure(config, arguments.steps)
        rate, reached = MULTIPLY_ADD * PRODUCT_SIDE**3 / product, arithmetic / step
        print(f"| {batch_size:5} | {step:6.2f} | {batch_size / step:8.2f} | {arithmetic / 1e12:10.2f} "
              f"| {1 - convolutions / step:20.0%} | {rate / 1e9:15.0f} | {reached / rate:12.0%} |", flush=True)


def measure(config: DeepFillConfig, steps: int) -> tuple[int, np.ndarray]:
    """Operations of a step; seconds of a step, of its convolutions alone, and of a matrix product."""
    size = config.image_size
    images = tf.random.stateless_uniform([config.batch_size, 1, size, size, 3], [0, 0], -1, 1)
    holes = tf.stack([masks.mixture(tf.constant([0, index]), size, size, dict(config.masks))[tf.newaxis]
                      for index in range(config.batch_size)])
    batches = iter(tf.data.Dataset.from_tensors((images, holes)).repeat())
    with tempfile.TemporaryDirectory() as folder:
        source: Any = open_source(EXAMPLES)  # not looked at: the batches above are
        trainer = TrainingRun(config, source, Path(folder), seed=0).trainer
    train = trainer.make_train_function()
    counted = list(step_convolutions(trainer, config.batch_size, size))
    dtype = tf.as_dtype(config.precision[len("mixed_"):] if config.precision.startswith("mixed_") else "float32")
    alike = {convolution: counted.count(convolution) for convolution in counted}
    runs = {convolution: convolution.run(dtype, config.xla) for convolution in alike}
    matrix = tf.random.normal([PRODUCT_SIDE, PRODUCT_SIDE])
    seconds_of(lambda: train(batches))  # compiles
    for run in runs.values():
        seconds_of(run)
    turns = []
    for _ in range(steps):
        products = [seconds_of(lambda: tf.matmul(matrix, matrix)) for _ in range(PRODUCTS)]
        step = seconds_of(lambda: train(batches))
        products += [seconds_of(lambda: tf.matmul(matrix, matrix)) for _ in range(PRODUCTS)]
        convolutions = sum(count * seconds_of(runs[convolution]) for convolution, count in alike.items())
        turns.append([step, convolutions, float(np.median(products))])
    arithmetic = sum(convolution.arithmetic for convolution in counted)
    return arithmetic + attention_arithmetic(config.batch_size, size), np.median(np.array(turns), axis=0)


def step_convolutions(trainer: tf.keras.Model, batch: int, size: int) -> Iterator[Convolution]:
    """All convolutions of a step: one that meets pictures first has no gradient with respect to them."""
    yield from convolutions_of(trainer.generator, batch, size, from_data="conv1/")
    # The discriminator learns from real and completed pictures; the generator's loss goes through it once more.
    yield from convolutions_of(trainer.objective.discriminator, 2 * batch, size, from_data="conv1/")
    yield from convolutions_of(trainer.objective.discriminator, batch, size, to_kernel=False)


def convolutions_of(network: tf.keras.Model, batch: int, size: int, *, from_data: str | None = None,
                    to_kernel: bool = True) -> Iterator[Convolution]:
    """The convolutions of a network for (batch, size, size) pictures; `from_data` names the first layer."""
    specs = [tf.TensorSpec([batch, size, size, channels]) for channels in (3, 1)]
    graph = tf.function(lambda image, mask: network([image, mask])).get_concrete_function(*specs).graph
    for operation in graph.get_operations():
        if operation.type == "Conv2D":
            inputs, kernel, outputs = (tuple(tensor.shape) for tensor in (*operation.inputs, *operation.outputs))
            strides, dilations = (tuple(operation.get_attr(name)) for name in ("strides", "dilations"))
            yield Convolution(inputs, kernel, outputs, strides, dilations, operation.get_attr("padding").decode(),
                              to_inputs=from_data is None or f"/{from_data}" not in operation.name,
                              to_kernel=to_kernel)


def attention_arithmetic(batch: int, size: int) -> int:
    """Operations of the attention's two matrix products, each with two gradients.

    (size / 8)^2 patches of 3 x 3 x 96 features are compared each with each. Blocks of 2 x 2 x 96 are pasted; each of
    a patch's four is shared with its neighbours.
    """
    positions = (size // 8)**2
    return 3 * MULTIPLY_ADD * batch * positions**2 * (3 * 3 * 96 + 2 * 2 * 96)


def seconds_of(work: Callable[[], object]) -> float:
    """Seconds until the results of `work` can be read."""
    started = time.perf_counter()
    last = tf.nest.flatten(work())[-1]
    tf.reshape(last, [-1])[:1].numpy()  # waits for a GPU as well, and copies next to nothing
    return time.perf_counter() - started


if __name__ == "__main__":
    main()
