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

CHECKPOINTS = "checkpoints"


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
    parser.add_argument("--start-from", metavar="NAME|FILE", help="weights to start from, instead of random ones")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--write-records", metavar="FOLDER",
                        help="write --data as TFRecord shards, which disks read faster, instead of training")
    parser.add_argument("--device", choices=("auto", "cpu", "gpu"), default="auto", help="default: auto")
    command.add_common_arguments(parser)
    return parser


def _work(arguments: argparse.Namespace) -> int:
    from deepfill_tf.config import DeepFillConfig
    from pipelines import config

    if bool(arguments.output) == bool(arguments.write_records):
        raise InputError("arguments", "there must be one of --output and --write-records", "give one of them")
    settings = config.load(arguments.config, DeepFillConfig)
    return _write_records(arguments) if arguments.write_records else _train(arguments, settings)


def _train(arguments: argparse.Namespace, settings: Any) -> int:
    from pipelines import run_folder, runtime

    # A cluster's strategy has to come before the devices are started.
    runtime.start(None if os.environ.get("TF_CONFIG") else arguments.device, seed=arguments.seed)
    from deepfill_tf.distribution import choose_strategy, is_chief
    from deepfill_tf.training_run import TrainingRun
    from deepfill_tf.validation import Validation
    from pipelines import training_data, training_session
    from weights import load_generator

    try:
        strategy = choose_strategy()
    except ValueError as error:
        raise InputError("TF_CONFIG", str(error), "correct it") from error
    writes = is_chief(strategy)
    data = training_data.open_data(arguments.data, arguments.validation, settings)
    start = None if arguments.start_from is None else load_generator(arguments.start_from)
    folder = Path(arguments.output)
    if writes:
        facts = {"data": arguments.data, "images": data.source.count, "validation": arguments.validation,
                 "start_from": arguments.start_from}
        run_folder.create(folder, settings, seed=arguments.seed, resume=arguments.resume, facts=facts)
    data = data.checked(folder if writes else None)
    try:
        run = TrainingRun(settings, data.source, folder / CHECKPOINTS, seed=arguments.seed, strategy=strategy,
                          start=start)
    except ValueError as error:
        raise InputError(arguments.config or "--start-from", str(error), "correct it") from error
    if not writes:
        training_session.follow(run)
        return command.DONE
    seconds = training_session.train(run, folder, Validation(data.examples(), settings),
                                     validates=data.validation is not None)
    print(f"wrote {folder}: {training_session.WEIGHTS_FILE}, {training_session.SAVED_MODEL}/, tables and checkpoints; "
          f"{settings.steps} steps, {seconds:.0f} s in this session")
    return command.DONE


def _write_records(arguments: argparse.Namespace) -> int:
    from tqdm import tqdm

    from pipelines import runtime

    runtime.start("cpu", seed=arguments.seed)
    from deepfill_tf.records import write_records
    from deepfill_tf.sources import ImageFiles, open_source

    try:
        source = open_source(arguments.data)
        if not isinstance(source, ImageFiles):
            raise ValueError("holds TFRecord shards already")
        with tqdm(total=source.count, unit="file", disable=None, file=sys.stderr) as bar:
            written = write_records(source.paths, arguments.write_records, seed=arguments.seed, progress=bar.update)
    except (ValueError, OSError) as error:
        raise InputError(arguments.data, str(error), "correct --data or --write-records") from error
    for path, reason in written.corrupt:
        command.report_warning(f"{path}: {reason}; skipped")
    print(f"wrote {arguments.write_records}: {written.count} pictures in {len(written.files)} files, "
          f"{written.size / 1e6:.1f} MB")
    return command.DONE


if __name__ == "__main__":
    sys.exit(main())
