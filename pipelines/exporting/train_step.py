"""The training step as a program for machines where TensorFlow 2.15 does not run: see docs/portable.md."""

from __future__ import annotations

import argparse
import dataclasses
from pathlib import Path
from typing import Any

from pipelines.errors import InputError
from pipelines.run_folder import CHECKPOINTS


def export_train_step(arguments: argparse.Namespace) -> None:
    """Do what `python -m pipelines.export --what train-step` was asked for.

    Raises:
        InputError: If settings, data and weights do not go together.
    """
    from deepfill_tf.config import DeepFillConfig
    from pipelines import config, runtime
    from pipelines.portable.pictures import read_pictures
    from pipelines.portable.state_files import Problem

    if arguments.float16 and arguments.resume:
        raise InputError("--float16", "Adam's moments, which --resume brings, do not fit into it", "leave one out")
    settings = config.load(arguments.config, DeepFillConfig)
    try:
        shape = read_pictures(arguments.data).shape
    except Problem as error:
        raise InputError("--data", str(error), "write them by train_deepfill --write-packed") from error
    runtime.start("cpu", seed=arguments.seed)
    _export(settings, arguments, shape)


def _export(settings: Any, arguments: argparse.Namespace, shape: tuple[int, ...]) -> None:
    import tensorflow as tf

    from deepfill_tf.new_folder import new_folder
    from deepfill_tf.portable_step import portable_train_step
    from pipelines.portable.state_files import FILE_BYTES
    from pipelines.portable_export import export_program
    from weights import load_generator

    tf.config.experimental.enable_tensor_float_32_execution(not arguments.full_float32)  # becomes part of the program
    start = None if arguments.start_from is None else load_generator(arguments.start_from)
    try:
        with new_folder(arguments.output) as folder:
            made = portable_train_step(settings, pictures=shape[0], side=shape[1], seed=arguments.seed, start=start,
                                       checkpoints=arguments.resume and Path(arguments.resume, CHECKPOINTS))
            export_program(made.function, made.arguments, made.variables, folder, step=made.step,
                           weights=made.weights, file_bytes=arguments.file_bytes or FILE_BYTES,
                           half=bool(arguments.float16),
                           facts={"batch_size": settings.batch_size, "seed": arguments.seed,
                                  "config": dataclasses.asdict(settings)})
    except ValueError as error:
        raise InputError("train-step", str(error), "correct the arguments") from error
