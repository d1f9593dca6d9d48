"""python -m pipelines.train_deepfill: train the inpainting network on undamaged pictures."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from pipelines import command
from pipelines.errors import InputError


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    return command.run(_parser(), _work, argv)


def _parser() -> argparse.ArgumentParser:
    parser = command.Parser(
        prog="python -m pipelines.train_deepfill",
        description="Train the inpainting network. The run folder ends with generator.h5 and, as a SavedModel, "
                    "generator/: restore --inpainter takes either.")
    parser.add_argument("--data", required=True, metavar="DIR|GLOB|LIST|TFRECORDS",
                        help="undamaged pictures: a folder with all below it, a glob, a text file that lists them, "
                             "or TFRecord shards")
    parser.add_argument("--output", metavar="RUN", help="run folder to write")
    parser.add_argument("--config", metavar="YAML", help="settings, see pipelines/configs/deepfill_*.yaml "
                                                         "(default: the paper's)")
    parser.add_argument("--validation", metavar="DIR|...", help="pictures to validate on (default: some of --data "
                                                                "are set aside)")
    parser.add_argument("--edges", metavar="DIR", help="guided: white drawings on black of the same names as the "
                        "pictures (default: edges are detected)")
    parser.add_argument("--start-from", metavar="NAME|FILE", help="weights to start from, instead of random ones")
    begun = parser.add_mutually_exclusive_group()
    begun.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    begun.add_argument("--import-state", metavar="DIR", help="go on, in a new run folder or an old one, from what "
                       "portable.pyz wrote, see docs/portable.md")
    parser.add_argument("--write-records", metavar="FOLDER",
                        help="write --data as TFRecord shards, which disks read faster, instead of training")
    parser.add_argument("--write-packed", metavar="FOLDER", help="write squares of --data, --packed-side pixels wide, "
                        "to files of less than 60 MB for portable.pyz, instead of training")
    parser.add_argument("--packed-side", type=int, default=288, metavar="N", help="default: 288")
    parser.add_argument("--device", choices=("auto", "cpu", "gpu"), default="auto", help="default: auto")
    command.add_common_arguments(parser)
    return parser


def _work(arguments: argparse.Namespace) -> int:
    from deepfill_tf.config import DeepFillConfig
    from pipelines import config

    if sum(map(bool, (arguments.output, arguments.write_records, arguments.write_packed))) != 1:
        raise InputError("arguments", "there must be one of --output, --write-records and --write-packed",
                         "give one of them")
    settings = config.load(arguments.config, DeepFillConfig)
    return _train(arguments, settings) if arguments.output else _write_files(arguments)


def _write_files(arguments: argparse.Namespace) -> int:
    from pipelines import runtime, training_files

    runtime.start("cpu", seed=arguments.seed)
    if arguments.write_records:
        training_files.write_records(arguments.data, arguments.write_records, seed=arguments.seed)
    else:
        training_files.write_packed(arguments.data, arguments.write_packed, side=arguments.packed_side)
    return command.DONE


def _train(arguments: argparse.Namespace, settings: Any) -> int:
    from pipelines import run_folder, runtime

    # A cluster's strategy has to come before the devices are started.
    runtime.start(None if os.environ.get("TF_CONFIG") else arguments.device, seed=arguments.seed)
    from deepfill_tf.distribution import choose_strategy, is_chief
    from deepfill_tf.training_run import TrainingRun, check_devices
    from deepfill_tf.validation import Validation
    from pipelines import training_data, training_session
    from pipelines.portable_import import continue_from_state

    try:
        strategy = choose_strategy()
        check_devices(settings, strategy)
    except ValueError as error:
        raise InputError("the devices", str(error), "correct --config or TF_CONFIG") from error
    # Everything that can be refused is, before there is a folder.
    writes, folder = is_chief(strategy), Path(arguments.output)
    data = training_data.open_data(arguments.data, arguments.validation, settings, arguments.edges)
    start = _start(arguments.start_from, settings) if arguments.start_from else None
    corrupt = data.find_corrupt(folder)
    if writes:
        facts = {"data": arguments.data, "images": data.source.count, "validation": arguments.validation,
                 "edges": arguments.edges, "start_from": arguments.start_from}
        run_folder.create(folder, settings, seed=arguments.seed, facts=facts,
                          resume=arguments.resume or arguments.import_state is not None)
        training_data.remember(corrupt, folder)
    data = data.without(corrupt)
    run = TrainingRun(settings, data.source, folder / run_folder.CHECKPOINTS, seed=arguments.seed, strategy=strategy,
                      start=start)
    if arguments.import_state is not None:
        continue_from_state(run, Path(arguments.import_state), folder / training_session.WEIGHTS_FILE)
    if not writes:
        training_session.follow(run)
        return command.DONE
    print(f"training on {data.describe()}", flush=True)
    seconds = training_session.train(run, folder, Validation(data.examples(), settings),
                                     validates=data.validation is not None)
    print(f"wrote {folder}: {training_session.WEIGHTS_FILE}, {training_session.SAVED_MODEL}/, tables and checkpoints; "
          f"{settings.steps} steps, {seconds:.0f} s in this session")
    return command.DONE


def _start(name: str, settings: Any) -> Any:
    from deepfill_tf.generator import hole_fill_of
    from weights import load_generator

    start = load_generator(name)
    if start.name != settings.model or (len(start.inputs) == 3) != settings.guided:
        raise InputError("--start-from", f"holds a {'guided ' if len(start.inputs) == 3 else ''}{start.name}, and the "
                         f"configuration asks for a {'guided ' if settings.guided else ''}{settings.model}",
                         "give other weights or another --config")
    if hole_fill_of(start) != settings.hole_fill:
        raise InputError("--start-from", f"holds a network whose hole_fill is {hole_fill_of(start)}, and the "
                         f"configuration asks for {settings.hole_fill}", "give other weights or another --config")
    return start


if __name__ == "__main__":
    sys.exit(main())
