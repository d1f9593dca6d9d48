"""python -m pipelines.export: what other programs and other machines can use of a run."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipelines import command
from pipelines.errors import InputError
from pipelines.run_folder import CHECKPOINTS


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    return command.run(_parser(), _work, argv)


def _parser() -> argparse.ArgumentParser:
    parser = command.Parser(prog="python -m pipelines.export",
                            description="Export the training step as a program that JAX runs where TensorFlow 2.15 "
                                        "does not, with its state and the runner portable.pyz.")
    parser.add_argument("--format", required=True, choices=("stablehlo",), help="of the program: an HLO module, "
                        "which the runner turns into StableHLO")
    parser.add_argument("--what", required=True, choices=("train-step",), help="part to export")
    parser.add_argument("--config", metavar="YAML", help="settings, see pipelines/configs/deepfill_*.yaml")
    begun = parser.add_mutually_exclusive_group()
    begun.add_argument("--resume", metavar="RUN", help="run folder to go on from (default: new weights)")
    begun.add_argument("--start-from", metavar="NAME|FILE", help="weights to start from")
    parser.add_argument("--data", required=True, nargs="+", metavar="PACKED", help="packed pictures that the program "
                        "is to be run with: their number and size become part of it")
    parser.add_argument("--output", required=True, metavar="DIR", help="new folder to write")
    parser.add_argument("--full-float32", action="store_true", help="forbid TF32, which GPUs use for convolutions "
                        "otherwise")
    parser.add_argument("--file-bytes", type=int, default=15_000_000, metavar="N",
                        help="size in bytes that every file of the state stays below (default: 15000000)")
    parser.add_argument("--float16", action="store_true", help="write the state of new weights in half the size")
    command.add_common_arguments(parser)
    return parser


def _work(arguments: argparse.Namespace) -> int:
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
    _export_step(settings, arguments, shape)
    print(f"wrote {arguments.output}: python {Path(arguments.output, 'portable.pyz')} --data ... --output ... trains")
    return command.DONE


def _export_step(settings: Any, arguments: argparse.Namespace, shape: tuple[int, ...]) -> None:
    import tensorflow as tf

    from deepfill_tf.new_folder import new_folder
    from deepfill_tf.portable_step import portable_train_step
    from pipelines.portable_export import export_program
    from weights import load_generator

    tf.config.experimental.enable_tensor_float_32_execution(not arguments.full_float32)  # becomes part of the program
    start = None if arguments.start_from is None else load_generator(arguments.start_from)
    try:
        with new_folder(arguments.output) as folder:
            made = portable_train_step(settings, pictures=shape[0], side=shape[1], seed=arguments.seed, start=start,
                                       checkpoints=arguments.resume and Path(arguments.resume, CHECKPOINTS))
            export_program(made.function, made.arguments, made.variables, folder, step=made.step,
                           weights=made.weights, file_bytes=arguments.file_bytes, half=arguments.float16,
                           facts={"batch_size": settings.batch_size, "seed": arguments.seed,
                                  "config": dataclasses.asdict(settings)})
    except ValueError as error:
        raise InputError("train-step", str(error), "correct the arguments") from error


if __name__ == "__main__":
    sys.exit(main())
