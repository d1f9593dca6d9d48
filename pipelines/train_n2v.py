"""python -m pipelines.train_n2v: one denoiser for one set of noisy images, without clean ones."""

from __future__ import annotations

import argparse
import dataclasses
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Tuple

import numpy as np

from denoise.config import DenoiserConfig
from pipelines import command
from pipelines.errors import InputError

if TYPE_CHECKING:
    from denoise.training import TrainingSummary

AXES = ("YX", "YXC", "TYX", "TYXC", "ZYX", "ZYXC")
# n2v masks one pixel in a box of side sqrt(100 / n2v_perc_pix), in a volume too: 1.5 means 0.2 % there
VOLUME_SETTINGS = {"n2v_patch_shape": (16, 64, 64), "n2v_perc_pix": 1.5}
IMAGES_CHECKED_FOR_CORRELATION = 8


@dataclasses.dataclass(frozen=True)
class TrainingSettings(DenoiserConfig):
    """What --config holds: the denoiser's settings, and what is done to the images first.

    Args:
        luminance: Make colour images gray.
        synthetic_noise: Noise for images that have none, such as "gaussian:10-50", see `pipelines.training_noise`;
            of several, each image gets one.
    """

    luminance: bool = False
    synthetic_noise: Tuple[str, ...] = ()


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command; returns its exit code."""
    return command.run(_parser(), _work, argv)


def _parser() -> argparse.ArgumentParser:
    parser = command.Parser(
        prog="python -m pipelines.train_n2v",
        description="Train a Noise2Void denoiser on noisy images alone. The output folder is a model folder "
                    "that n2v itself can load.")
    parser.add_argument("--data", required=True, metavar="DIR|GLOB",
                        help="noisy images: PNG, JPEG, TIFF, ...")
    parser.add_argument("--axes", type=str.upper, choices=AXES, metavar="AXES",
                        help=f"axes of every image, one of {', '.join(AXES)} (default: as found, the frames "
                             "of a stack being T, independent of each other)")
    parser.add_argument("--mask", metavar="FILE|DIR",
                        help="damage to learn nothing from, white = damaged: one for all, or a folder of PNG "
                             "files named like the images")
    parser.add_argument("--output", required=True, metavar="RUN", help="run folder to write")
    parser.add_argument("--config", metavar="YAML", help="settings, see pipelines/configs/n2v*.yaml")
    parser.add_argument("--resume", action="store_true", help="go on from the last finished epoch")
    parser.add_argument("--seconds", type=float, metavar="S", help="stop after S seconds at the latest")
    parser.add_argument("--device", choices=("auto", "cpu", "gpu"), default="auto", help="default: auto")
    parser.add_argument("--precision", choices=("float32", "bfloat16"), default="float32",
                        help="of convolutions (default: float32)")
    command.add_common_arguments(parser)
    return parser


def _work(arguments: argparse.Namespace) -> int:
    from pipelines import config, run_folder, runtime

    settings = config.load(arguments.config, TrainingSettings)
    if arguments.seconds is not None and not arguments.seconds > 0:
        raise InputError("--seconds", f"must be above 0, found {arguments.seconds}", "give a time in seconds")
    paths, images, axes = _read(arguments.data, arguments.axes, settings, arguments.seed)
    if "Z" in axes and arguments.config is None:
        settings = config.load(None, TrainingSettings, **VOLUME_SETTINGS)
    if len(settings.n2v_patch_shape) != (3 if "Z" in axes else 2):
        raise InputError(arguments.config or "--axes",
                         f"n2v_patch_shape {list(settings.n2v_patch_shape)} does not fit axes {axes}",
                         "give it one side each for Y and X, and for Z before them if there is Z")
    damage = None if arguments.mask is None else _read_damage(
        Path(arguments.mask), paths, images, axes, arguments.data)
    runtime.start(arguments.device, seed=arguments.seed, precision=arguments.precision)
    _warn_of_correlation(images, axes)
    facts = {"data": arguments.data, "images": len(images), "axes": axes, "mask": arguments.mask,
             "precision": arguments.precision}
    folder = run_folder.create(arguments.output, settings, seed=arguments.seed, resume=arguments.resume,
                               facts=facts)

    from tqdm import tqdm

    from denoise.model import Denoiser

    with tqdm(total=settings.steps, unit="step", file=sys.stderr, disable=None) as bar:
        def show(done: int, planned: int, losses: dict) -> None:
            bar.set_postfix({name: f"{loss:.4f}" for name, loss in losses.items()}, refresh=False)
            bar.update(done - bar.n)

        denoiser = Denoiser.train(images, axes=axes, damage=damage, config=settings, folder=folder,
                                  seed=arguments.seed, seconds=arguments.seconds, progress=show,
                                  resume=arguments.resume)
    if denoiser.summary is not None:
        print(_report(folder, denoiser.summary))
    return command.DONE


def _read(pattern: str, wanted: str | None, settings: TrainingSettings, seed: int) \
        -> tuple[list[Path], list[np.ndarray], str]:
    """Read all images and do to them what the settings ask for; returns their paths, pixels and axes."""
    from pipelines.images import Picture, list_images, read_picture
    from pipelines.training_noise import noisy_version, parse_training_noise

    noises = [parse_training_noise(text) for text in settings.synthetic_noise]
    paths, images, axes = list_images(pattern), [], wanted
    for path in paths:
        picture = read_picture(path)
        if settings.luminance and "C" in picture.axes:
            picture = Picture(_luminance(picture.pixels), is_stack=picture.is_stack)
        found = picture.axes.replace("Z", "T")
        axes = axes or found
        if axes.replace("Z", "T") != found:
            raise InputError(path, f"has axes {picture.axes}, expected {axes}",
                             "train on images of one kind, or name their axes with --axes")
        images.append(noisy_version(picture, noises, seed=seed, name=path.stem) if noises else picture.pixels)
    return paths, images, axes or ""


def _luminance(pixels: np.ndarray) -> np.ndarray:
    """RGB (..., 3) as gray, of the same type."""
    gray = pixels @ np.array([0.299, 0.587, 0.114])  # ITU-R BT.601, as in JPEG
    return (gray.round() if pixels.dtype.kind == "u" else gray).astype(pixels.dtype)


def _read_damage(mask: Path, paths: Sequence[Path], images: Sequence[np.ndarray], axes: str,
                 pattern: str) -> list[np.ndarray]:
    """The mask of each image, (Y, X)."""
    from pipelines.images import counterpart, read_mask

    damage = []
    for path, image in zip(paths, images):
        height, width = (image.shape[axes.index(axis)] for axis in "YX")
        damage.append(read_mask(counterpart(mask, path, pattern) if mask.is_dir() else mask, (height, width)))
    return damage


def _warn_of_correlation(images: Sequence[np.ndarray], axes: str) -> None:
    from denoise.noise import estimate_noise

    frames = [image[0] if axes[0] in "TZ" else image for image in images[:IMAGES_CHECKED_FOR_CORRELATION]]
    correlated = sum(estimate_noise(frame).is_correlated for frame in frames)
    if 2 * correlated > len(frames):
        command.report_warning(
            f"neighbouring pixels have similar noise in {correlated} of {len(frames)} images looked at "
            "(JPEG, demosaicing, scaling?): Noise2Void will do less, since it takes for image what can be "
            "told from the neighbours")


def _report(folder: Path, summary: TrainingSummary) -> str:
    ends = {"steps": "all steps done", "time": "stopped by --seconds, so another run may end elsewhere",
            "patience": "stopped, no more progress"}
    return (f"wrote {folder}: config.json, weights_best.h5 (epoch {summary.best_epoch}, validation loss "
            f"{summary.validation_loss:.4f}) after {summary.steps} of {summary.planned_steps} steps in "
            f"{summary.seconds:.0f} s; {ends[summary.stopped_by]}")


if __name__ == "__main__":
    sys.exit(main())
