"""The complete training step as one program: from packed pictures to updated weights, with nothing from outside."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any, Optional

import tensorflow as tf

from deepfill_tf.config import DeepFillConfig
from deepfill_tf.data import draw_sample
from deepfill_tf.epochs import shuffled
from deepfill_tf.objective import Losses
from deepfill_tf.trainer import Trainer


@dataclasses.dataclass(frozen=True)
class PortableStep:
    """A training step and what it works on.

    Args:
        function: Does `count` steps from `first_step` on and returns the mean of each loss; compiled by XLA. The
            same seed and step see the same crops, flips and masks as `training_batches` draws from these pictures.
        arguments: What it takes, by position: data uint8 (N, S, S, 3), seed, first_step and count int64.
        variables: All that it reads and writes, see `portable_variables`.
        weights: Those names among them that training cannot do without: all but Adam's.
        step: Steps done.
    """

    function: Callable[..., Losses]
    arguments: dict[str, tf.TensorSpec]
    variables: dict[str, tf.Variable]
    weights: tuple[str, ...]
    step: int


def portable_train_step(config: DeepFillConfig, *, pictures: int, side: int, seed: int,
                        checkpoints: Optional[Path] = None, start: Optional[tf.keras.Model] = None) -> PortableStep:
    """Build the training step for a data set of a known size.

    Args:
        config: Settings of the run.
        pictures: How many there are.
        side: Their height and width, at least `config.image_size`.
        seed: Of the initial weights and, inside v1's critics, of every step.
        checkpoints: Those of a `TrainingRun` with the same settings, to go on from the last one.
        start: A generator whose weights a new run starts from.

    Raises:
        ValueError: If the crops do not fit, the precision is mixed_float16, whose scale is no part of the state, or
            there is no checkpoint of such a run.
    """
    if side < config.image_size:
        raise ValueError(f"`side` should be at least the {config.image_size} pixels of a crop. Received: {side}")
    if config.precision == "mixed_float16":
        raise ValueError("`precision` should be float32 or mixed_bfloat16 for a portable step. Received: mixed_float16")
    trainer = Trainer(config, seed=seed, start=start)
    variables = portable_variables(trainer)
    if checkpoints is not None:
        _restore(trainer, checkpoints)
    number = tf.TensorSpec([], tf.int64)
    arguments = {"data": tf.TensorSpec([pictures, side, side, 3], tf.uint8), "seed": number, "first_step": number,
                 "count": number}
    return PortableStep(_steps(trainer, arguments), arguments, variables,
                        tuple(name for name in variables if "_adam/" not in name), int(trainer.step))


def portable_variables(trainer: Trainer) -> dict[str, tf.Variable]:
    """All that training changes, under names that do not depend on how the trainer came about.

    Adam's moments are made if they are not there yet. A state that goes to another machine and back is found again
    by these names.
    """
    objective = trainer.objective
    named = {"step": trainer.step, **_numbered("average", trainer.average, trainer.generator.variables)}
    for part, variables, trained, adam in (
            ("generator", trainer.generator.variables, trainer.generator.trainable_variables,
             trainer.generator_optimizer),
            ("critic", objective.variables, objective.critic_variables, trainer.critic_optimizer)):
        adam._create_all_weights(trained)  # as its first step would
        named |= {**_numbered(part, variables), f"{part}_adam/steps": adam.iterations}
        for slot in ("m", "v"):
            named |= _numbered(f"{part}_adam/{slot}", [adam.get_slot(variable, slot) for variable in trained], trained)
    return named


def _numbered(part, variables, named_after=None):
    return {f"{part}/{index:03d}/{namesake.name.partition(':')[0]}": variable
            for index, (variable, namesake) in enumerate(zip(variables, named_after or variables))}


def _restore(trainer: Trainer, checkpoints: Path) -> None:
    latest = tf.train.latest_checkpoint(str(checkpoints))
    if latest is None:
        raise ValueError(f"`checkpoints` should hold those of a run. Received: {str(checkpoints)!r}, where there are "
                         "none")
    try:
        tf.train.Checkpoint(trainer=trainer).restore(latest).assert_existing_objects_matched()
    except AssertionError as error:
        raise ValueError(f"`config` should be that of the run in {str(checkpoints)!r}. Received another: "
                         f"{str(error).partition(chr(10))[0]}") from error


def packed_batch(data: tf.Tensor, config: DeepFillConfig, seed: int | tf.Tensor, step: tf.Tensor
                 ) -> tuple[tf.Tensor, tf.Tensor]:
    """What `training_batches` gives for the step after `step` when its source holds these pictures.

    Args:
        data: uint8 (N, S, S, 3) RGB.
        config: Crop size, batch size and mask mix.
        seed: Of order, crops, flips and masks; an integer or int64.
        step: int64, steps done.

    Returns:
        Images float32 (B, draws, H, W, 3) in [-1, 1], masks float32 (B, draws, H, W, 1), 1 = hole.
    """
    count, draws = data.shape[0], config.draws
    samples = config.batch_size * draws
    positions = step * samples + tf.range(samples, dtype=tf.int64)
    first_epoch = positions[0] // count
    epochs = (samples + count - 2) // count + 1  # so many can a batch touch
    order = tf.concat([shuffled(count, seed, first_epoch + later) for later in range(epochs)], axis=0)
    places = tf.gather(order, positions - first_epoch * count)
    # One after the other: unrolled, compiling takes minutes, and TensorFlow cannot vectorise stateless random numbers.
    images, masks = tf.map_fn(lambda sample: draw_sample(tf.gather(data, sample[0]), config, seed, sample[1]),
                              (places, positions), fn_output_signature=(tf.float32, tf.float32))
    return tuple(tf.reshape(part, [config.batch_size, draws, *part.shape[1:]]) for part in (images, masks))


def _steps(trainer: Trainer, arguments: dict[str, tf.TensorSpec]) -> Any:
    """The compiled function of `PortableStep`."""

    @tf.function
    def one_step(data, seed, number):
        return trainer.train_step(packed_batch(data, trainer.config, seed, number))

    @tf.function(jit_compile=True)
    def function(data, seed, first_step, count):
        # Traced before the loop, which has to know what the losses are called.
        step = one_step.get_concrete_function(*(arguments[name] for name in ("data", "seed", "first_step")))

        def body(done, sums):
            losses = step(data, seed, first_step + done)
            return done + 1, {name: sums[name] + loss for name, loss in losses.items()}

        trainer.step.assign(first_step)
        _, sums = tf.while_loop(lambda done, _: done < count, body, (
            tf.zeros([], tf.int64), {name: tf.zeros([]) for name in step.structured_outputs}))
        return {name: total / tf.cast(count, tf.float32) for name, total in sums.items()}

    return function
