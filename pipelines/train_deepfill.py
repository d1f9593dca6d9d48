"""python -m pipelines.train_deepfill: train the inpainting network on a folder of pictures."""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from pipelines import command
from pipelines.errors import InputError

WEIGHTS_FILE, LOSSES_FILE, CHECKPOINTS = "generator.h5", "losses.csv", "checkpoints"
DECODABLE = (".jpg", ".jpeg", ".png", ".bmp")  # by TensorFlow's own operations


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    return command.run(_parser(), _work, argv)


def _parser() -> argparse.ArgumentParser:
    parser = command.Parser(prog="python -m pipelines.train_deepfill",
                            description="Train the inpainting network to reconstruct what holes hide. The run folder "
                                        f"ends with {WEIGHTS_FILE}, which restore --inpainter takes.")
    parser.add_argument("--data", required=True, metavar="DIR|GLOB", help="undamaged pictures")
    parser.add_argument("--output", required=True, metavar="RUN", help="run folder to write")
    parser.add_argument("--config", metavar="YAML", help="settings, see pipelines/configs/deepfill_*.yaml")
    parser.add_argument("--start-from", metavar="NAME|FILE", help="weights to start from, instead of random ones")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--device", choices=("auto", "cpu", "gpu"), default="auto", help="default: auto")
    command.add_common_arguments(parser)
    return parser


def _work(arguments: argparse.Namespace) -> int:
    from deepfill_tf.config import DeepFillConfig
    from pipelines import config, run_folder, runtime
    from pipelines.images import list_images
    from weights import load_generator

    settings = config.load(arguments.config, DeepFillConfig)
    paths = [path for path in list_images(arguments.data) if path.suffix.lower() in DECODABLE]
    if not paths:
        raise InputError(arguments.data, "holds none of the formats that training decodes",
                         f"give files that end with {', '.join(DECODABLE)}")
    facts = {"data": str(arguments.data), "images": len(paths), "start_from": arguments.start_from}
    runtime.start(arguments.device, seed=arguments.seed)
    start = None if arguments.start_from is None else load_generator(arguments.start_from)
    folder = run_folder.create(arguments.output, settings, seed=arguments.seed, resume=arguments.resume, facts=facts)
    seconds = _train(settings, paths, folder, arguments.seed, start)
    print(f"wrote {folder}: {WEIGHTS_FILE}, {LOSSES_FILE} and the last checkpoints, {settings.steps} steps, "
          f"{seconds:.0f} s in this session")
    return command.DONE


def _train(settings, paths, folder: Path, seed: int, start) -> float:
    from tqdm import tqdm

    from deepfill_tf.trainer import GeneratorTrainer
    from weights import save_generator

    started = time.perf_counter()
    trainer = GeneratorTrainer(settings, folder / CHECKPOINTS, seed=seed, start=start)
    _drop_rows_after(folder / LOSSES_FILE, int(trainer.step))
    try:
        with (folder / LOSSES_FILE).open("a", newline="", encoding="utf-8") as file, tqdm(
                total=settings.steps, initial=int(trainer.step), unit="step", disable=None, file=sys.stderr) as bar:
            rows = csv.writer(file)
            for step, losses in trainer.run(paths):
                rows.writerow([step, *(f"{value:.6f}" for value in losses.values())])
                bar.set_postfix({name: f"{value:.4f}" for name, value in losses.items()}, refresh=False)
                bar.update()
                if step % settings.checkpoint_steps == 0:
                    file.flush()
                    save_generator(trainer.averaged, folder / WEIGHTS_FILE)
        save_generator(trainer.averaged, folder / WEIGHTS_FILE)
    except FloatingPointError as error:
        raise InputError(folder, str(error), f"start a new run with --start-from {folder / WEIGHTS_FILE} and a lower "
                         "learning_rate") from error
    return time.perf_counter() - started


def _drop_rows_after(path: Path, step: int) -> None:
    """Forget what a run wrote after the checkpoint that it goes on from: those steps are done again."""
    if path.exists():
        rows = path.read_text(encoding="utf-8").splitlines(keepends=True)
        kept = [row for row in rows if row.endswith("\n") and int(row.partition(",")[0]) <= step]
        path.write_text("".join(kept), encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
