"""python -m pipelines.export: what other programs and other machines can use of trained networks."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines import command
from pipelines.errors import InputError

if TYPE_CHECKING:
    from pipelines.exporting.networks import Networks

DEFAULT = "default"
TRAIN_STEP = "train-step"
FORMATS = ("savedmodel", "stablehlo", "bioimageio", "keras")
# Which options each export takes besides --output, --format, --what, --seed and --debug.
OPTIONS = {
    "savedmodel": {"denoiser", "inpainter", "detector", "serving"},
    "stablehlo": {"denoiser", "inpainter", "size", "batch", "precision"},
    "bioimageio": {"denoiser", "licence"},
    "keras": {"inpainter", "discriminator"},
    TRAIN_STEP: {"config", "resume", "start_from", "data", "full_float32", "file_bytes", "float16"},
}
NEEDED = {"stablehlo": ("size",), TRAIN_STEP: ("data",)}


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    return command.run(_parser(), _work, argv)


def _parser() -> argparse.ArgumentParser:
    parser = command.Parser(prog="python -m pipelines.export",
                            description="Export the trained system for other programs: see docs/serving.md; or the "
                                        "training step for machines where TensorFlow 2.15 does not run: see "
                                        "docs/portable.md.")
    parser.add_argument("--output", required=True, metavar="DIR", help="new folder to write")
    parser.add_argument("--format", choices=FORMATS, default="savedmodel",
                        help="savedmodel: the whole chain for TensorFlow and TensorFlow Serving (default); stablehlo: "
                             "the chain for one size of pictures, for JAX; bioimageio: the denoiser for the BioImage "
                             "Model Zoo; keras: the inpainting network as .keras and .h5")
    parser.add_argument("--what", choices=("chain", TRAIN_STEP), default="chain", help="chain: trained networks "
                        "(default); train-step: the training step, with --format stablehlo")
    chain = parser.add_argument_group("trained networks")
    chain.add_argument("--denoiser", metavar="NAME|DIR|none", help="a shipped model, a model folder or none (default: "
                       "the shipped one)")
    chain.add_argument("--inpainter", metavar="NAME|FILE", help="shipped weights or a weights file (default: the "
                       "shipped ones)")
    chain.add_argument("--detector", metavar="learned|FILE", help="savedmodel: add the signature detect, which finds "
                       "damage: by the shipped network or by weights of one's own (default: masks are given)")
    chain.add_argument("--serving", action="store_true", default=None,
                       help="savedmodel: write serving.md and request.json for TensorFlow Serving, too")
    chain.add_argument("--size", type=_size, metavar="HxW", help="stablehlo: of the pictures, such as 512x512")
    chain.add_argument("--batch", type=_count, metavar="N", help="stablehlo: number of pictures (default: 1)")
    chain.add_argument("--precision", choices=("float32", "bfloat16"), help="stablehlo: of the networks' layers, "
                       "bfloat16 for GPUs (default: float32)")
    chain.add_argument("--licence", metavar="SPDX", help="bioimageio: licence of the weights of a denoiser of one's "
                       "own, such as CC-BY-4.0")
    chain.add_argument("--discriminator", metavar="RUN", help="keras: run folder whose discriminator goes along")
    step = parser.add_argument_group("training step")
    step.add_argument("--config", metavar="YAML", help="settings, see pipelines/configs/deepfill_*.yaml")
    begun = step.add_mutually_exclusive_group()
    begun.add_argument("--resume", metavar="RUN", help="run folder to go on from (default: new weights)")
    begun.add_argument("--start-from", metavar="NAME|FILE", help="weights to start from")
    step.add_argument("--data", nargs="+", metavar="PACKED", help="packed pictures that the program is to be run with: "
                      "their number and size become part of it")
    step.add_argument("--full-float32", action="store_true", default=None, help="forbid TF32, which GPUs use for "
                      "convolutions otherwise")
    step.add_argument("--file-bytes", type=_count, metavar="N", help="size in bytes that every file of the state stays "
                      "below (default: 15000000)")
    step.add_argument("--float16", action="store_true", default=None, help="write the state of new weights in half the "
                      "size")
    command.add_common_arguments(parser)
    return parser


def _size(text: str) -> tuple[int, int]:
    match = re.fullmatch(r"([1-9]\d*)x([1-9]\d*)", text)
    if match is None:
        raise argparse.ArgumentTypeError(f"expected height and width such as 512x768, received: {text}")
    return int(match[1]), int(match[2])


def _count(text: str) -> int:
    if not (text.isdecimal() and int(text) > 0):
        raise argparse.ArgumentTypeError(f"expected a whole number from 1, received: {text}")
    return int(text)


def _work(arguments: argparse.Namespace) -> int:
    _check(arguments)
    from pipelines import runtime

    if arguments.what == TRAIN_STEP:
        from pipelines.exporting.train_step import export_train_step

        export_train_step(arguments)
        remark = f"python {Path(arguments.output, 'portable.pyz')} --data ... --output ... trains"
    else:
        runtime.start("cpu", seed=arguments.seed)
        from deepfill_tf.new_folder import new_folder

        with new_folder(arguments.output) as folder:
            remark = _EXPORTS[arguments.format](arguments, folder)
    print(f"wrote {arguments.output}: {remark}")
    return command.DONE


def _check(arguments: argparse.Namespace) -> None:
    """Raise InputError for options that the chosen export does not take or lacks, or an output that is in use."""
    export = arguments.format if arguments.what == "chain" else TRAIN_STEP
    if export == TRAIN_STEP and arguments.format != "stablehlo":
        raise InputError("--what", "the training step is exported for JAX", "add --format stablehlo")
    for name in sorted(set().union(*OPTIONS.values()) - OPTIONS[export]):
        if getattr(arguments, name) is not None:
            raise InputError(f"--{name.replace('_', '-')}", f"is of no use to the export of {export}", "leave it out")
    for name in NEEDED.get(export, ()):
        if getattr(arguments, name) is None:
            raise InputError(f"--{name}", f"is missing, which the export of {export} needs", "add it")
    output = Path(arguments.output)
    if output.exists() and (not output.is_dir() or any(output.iterdir())):
        raise InputError(output, "exists already and is not an empty folder", "choose another --output")


def _saved_model(arguments: argparse.Namespace, folder: Path) -> str:
    networks = _networks(arguments)
    from pipelines.exporting.saved_model import export_saved_model

    export_saved_model(networks, folder)
    if arguments.serving:
        from pipelines.exporting.serving_note import write_serving_note

        write_serving_note(folder, Path(arguments.output).resolve().name)
    return f"saved_model_cli show --all --dir {arguments.output} lists its signatures"


def _stablehlo(arguments: argparse.Namespace, folder: Path) -> str:
    from pipelines import runtime

    with runtime.layers_in(arguments.precision or "float32"):
        networks = _networks(arguments)
    from pipelines.exporting.stablehlo import RUNNER_FILE, export_stablehlo

    export_stablehlo(networks, folder, size=arguments.size, batch=arguments.batch or 1)
    return f"python {Path(arguments.output, RUNNER_FILE)} IMAGE.npy MASK.npy RESTORED.npy runs it"


def _bioimageio(arguments: argparse.Namespace, folder: Path) -> str:
    from pipelines.exporting.model_zoo import export_model_zoo
    from pipelines.exporting.networks import load_denoiser_with_origin

    denoiser, origin = load_denoiser_with_origin(arguments.denoiser or DEFAULT)
    return export_model_zoo(denoiser, origin, folder, licence=arguments.licence).name


def _keras(arguments: argparse.Namespace, folder: Path) -> str:
    from pipelines.exporting.keras_files import load_discriminator, save_as_keras
    from weights import load_generator

    models = {"generator": load_generator(arguments.inpainter or DEFAULT)}
    if arguments.discriminator is not None:
        models["discriminator"] = load_discriminator(Path(arguments.discriminator))
    for name, model in models.items():
        save_as_keras(model, folder, name)
    return ", ".join(sorted(path.name for path in folder.iterdir()))


def _networks(arguments: argparse.Namespace) -> Networks:
    from pipelines.exporting.networks import load_networks

    return load_networks(arguments.denoiser or DEFAULT, arguments.inpainter or DEFAULT, arguments.detector)


_EXPORTS = {"savedmodel": _saved_model, "stablehlo": _stablehlo, "bioimageio": _bioimageio, "keras": _keras}


if __name__ == "__main__":
    sys.exit(main())
