"""python -m pipelines.train_damage: train the detector of damage on undamaged pictures."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from pipelines import command
from pipelines.errors import InputError


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    return command.run(_parser(), _work, argv)


def _parser() -> argparse.ArgumentParser:
    parser = command.Parser(
        prog="python -m pipelines.train_damage",
        description="Train the detector of damage: scratches, dust and the like are drawn on undamaged pictures, and "
                    "it learns to find them. The run folder ends with detector.npz, which detect and restore take as "
                    "--detector-weights.")
    parser.add_argument("--data", required=True, metavar="DIR|GLOB", help="undamaged pictures, 300 pixels or more")
    parser.add_argument("--validation", metavar="DIR|GLOB", help="other undamaged pictures, to measure with")
    parser.add_argument("--output", required=True, metavar="RUN", help="run folder to write")
    parser.add_argument("--config", metavar="YAML", help="settings, see pipelines/configs/damage.yaml")
    parser.add_argument("--resume", action="store_true", help="go on from the last checkpoint")
    parser.add_argument("--device", choices=("auto", "cpu", "gpu"), default="auto", help="default: auto")
    parser.add_argument("--precision", default="float32", choices=("float32", "bfloat16"), help="(default: float32)")
    command.add_common_arguments(parser)
    return parser


def _work(arguments: argparse.Namespace) -> int:
    from pipelines import config, run_folder, runtime
    from pipelines.images import list_images

    paths = list_images(arguments.data)
    validation_paths = list_images(arguments.validation) if arguments.validation else None
    runtime.start(arguments.device, seed=arguments.seed, precision=arguments.precision)
    from tqdm import tqdm

    from pipelines.damage.examples import Examples
    from pipelines.damage.training import WEIGHTS_FILE, DamageTrainingConfig, train

    settings = config.load(arguments.config, DamageTrainingConfig)
    facts = {"data": arguments.data, "images": len(paths), "validation": arguments.validation,
             "precision": arguments.precision}
    folder = run_folder.create(arguments.output, settings, seed=arguments.seed, resume=arguments.resume, facts=facts)
    validation = None if validation_paths is None else Examples(validation_paths, arguments.seed)
    with tqdm(total=settings.steps, unit="step", file=sys.stderr, disable=None) as bar:
        def show(step: int, figures: dict[str, float]) -> None:
            bar.set_postfix({name: f"{value:.4f}" for name, value in figures.items()}, refresh=False)
            bar.update(step - bar.n)
            if bar.disable and step % settings.checkpoint_steps == 0:  # no terminal: a line for the log
                print(f"step {step} of {settings.steps}: {figures}", flush=True)

        try:
            figures = train(settings, Examples(paths, arguments.seed), validation, Path(folder), show)
        except FloatingPointError as error:
            raise InputError(folder, str(error), "begin a new run with a lower learning_rate") from error
    print(f"wrote {folder}: {WEIGHTS_FILE}, "
          f"{', '.join(f'{name} {value:.4f}' for name, value in figures.items()) or 'trained already'}")
    return command.DONE


if __name__ == "__main__":
    sys.exit(main())
