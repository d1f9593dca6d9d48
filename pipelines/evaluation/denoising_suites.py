"""Noise2Void's own benchmarks: BSD68 with Gaussian noise, and W2S with the noise of a microscope."""

from __future__ import annotations

import argparse
import dataclasses
import functools
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from tqdm import tqdm

from pipelines import command, config, run_folder, runtime
from pipelines.errors import InputError
from pipelines.evaluation.noise import parse_noise
from pipelines.evaluation.published import BSD68
from pipelines.evaluation.records import Records, write_json, write_text
from pipelines.evaluation.tables import markdown_table
from pipelines.images import list_images, read_picture
from pipelines.metrics import psnr, scale_invariant_psnr

if TYPE_CHECKING:
    from denoise.config import DenoiserConfig

BSD68_CONFIG = Path(__file__).parents[1] / "configs" / "n2v_bsd68.yaml"
NOISE = "gaussian:25"


def run_bsd68(arguments: argparse.Namespace) -> int:
    """Train on Train400 with noise of sigma 25, denoise BSD68, and put the result beside the published ones.

    Noisy values are neither rounded nor clipped, as in the published benchmark.
    """
    from denoise.config import DenoiserConfig

    published = config.load(BSD68_CONFIG, DenoiserConfig)
    settings = config.load(arguments.config or BSD68_CONFIG, DenoiserConfig)
    settings = dataclasses.replace(settings, train_epochs=max(1, round(settings.train_epochs * arguments.fraction)))
    training, test = (_pictures(Path(arguments.data), name) for name in ("train400", "bsd68"))
    folder = run_folder.create(arguments.output, settings, seed=arguments.seed, resume=True, facts={
        "suite": "n2v-bsd68", "training": sorted(training), "test": sorted(test), "precision": arguments.precision})
    runtime.start(arguments.device, seed=arguments.seed, precision=arguments.precision)
    from denoise import Denoiser

    noise = parse_noise(NOISE)

    def noisy(name: str, picture: np.ndarray) -> np.ndarray:
        return noise.apply_unclipped(picture, seed=arguments.seed, name=name).astype(np.float32)

    @functools.lru_cache(None)
    def denoiser() -> Denoiser:
        with tqdm(total=settings.steps, unit="step", desc="training", disable=None, file=sys.stderr) as bar:
            return Denoiser.train([noisy(*item) for item in training.items()], axes="YX", config=settings,
                                  folder=folder / "denoiser", seed=arguments.seed, resume=True,
                                  progress=lambda done, *_: bar.update(done - bar.n))

    results = _measured(test, Records(folder / "finished.jsonl"), {
        "input": noisy, "n2v": lambda name, truth: denoiser().predict(noisy(name, truth), axes="YX")})
    done = _training_share(settings, published)
    rows = [["noisy input", _mean(results, "input", "psnr"), "measured here"],
            [f"Noise2Void, {done}", _mean(results, "n2v", "psnr"), "measured here"],
            *([title, f"{value:.2f}", f"published: {source}"] for title, value, source in BSD68)]
    text = (f"BSD68, {len(test)} pictures, Gaussian noise of sigma 25, not clipped; PSNR in dB of range 255, the mean "
            f"of the pictures' own.\n\n" + markdown_table(["system", "PSNR", "where from"], rows))
    _finish(folder, text, {"results": results, "training": done})
    return command.DONE


def run_w2s(arguments: argparse.Namespace) -> int:
    """Denoise micrographs that came with a ground truth: by a network for each, and by one for all of them.

    Scale-invariant PSNR is measured up to brightness and contrast, which differ between a picture and the mean of 400.
    """
    from denoise.config import DenoiserConfig

    truths, noisy = (_pictures(Path(arguments.data) / "w2s", name) for name in ("ground_truth", "noisy"))
    if missing := sorted(truths.keys() ^ noisy.keys()):
        raise InputError(Path(arguments.data) / "w2s", f"{missing[0]} is not in both noisy and ground_truth",
                         "give a ground truth for each picture")
    shape = next(iter(noisy.values())).shape
    own = config.load(arguments.config, DenoiserConfig) if arguments.config else DenoiserConfig.for_image(shape)
    shared = dataclasses.replace(own, train_epochs=max(1, round(4 * own.train_epochs * arguments.fraction)))
    own = dataclasses.replace(own, train_epochs=max(1, round(own.train_epochs * arguments.fraction)))
    folder = run_folder.create(arguments.output, own, seed=arguments.seed, resume=True, facts={
        "suite": "n2v-w2s", "pictures": sorted(noisy), "precision": arguments.precision})
    runtime.start(arguments.device, seed=arguments.seed, precision=arguments.precision)
    from denoise import Denoiser

    @functools.lru_cache(None)
    def denoiser() -> Denoiser:
        return Denoiser.train(list(noisy.values()), axes="YX", config=shared, folder=folder / "denoiser",
                              seed=arguments.seed, resume=True)

    def by_own(name: str, _truth: np.ndarray) -> np.ndarray:
        own_denoiser = Denoiser.train([noisy[name]], axes="YX", config=own, seed=arguments.seed)
        return own_denoiser.predict(noisy[name], axes="YX")

    results = _measured(truths, Records(folder / "finished.jsonl"), {
        "input": lambda name, _truth: noisy[name], "own": by_own,
        "shared": lambda name, _truth: denoiser().predict(noisy[name], axes="YX")})
    titles = {"input": "noisy input", "own": f"Noise2Void trained on each picture, {own.steps} steps",
              "shared": f"Noise2Void trained on all {len(noisy)}, {shared.steps} steps"}
    rows = [[title, *(_mean(results, system, figure) for figure in ("psnr", "scale_invariant_psnr"))]
            for system, title in titles.items()]
    text = (f"W2S, {len(noisy)} micrographs with the noise of the microscope, measured against the mean of 400 frames. "
            "PSNR in dB: plain of range 255; scale-invariant of the ground truth's own range.\n\n"
            + markdown_table(["system", "PSNR", "scale-invariant PSNR"], rows))
    _finish(folder, text, {"results": results})
    return command.DONE


def _pictures(parent: Path, name: str) -> dict[str, np.ndarray]:
    """The gray pictures of a folder, by stem."""
    if not (parent / name).is_dir():
        raise InputError(parent, f"has no folder {name}", "give the folder of the benchmark's data as --data")
    pictures = {}
    for path in list_images(parent / name):
        pictures[path.stem] = read_picture(path).pixels
        if pictures[path.stem].ndim != 2:
            raise InputError(path, "is not a gray picture", "the benchmark's are")
    return pictures


def _measured(truths: dict[str, np.ndarray], records: Records,
              systems: dict[str, Callable[[str, np.ndarray], np.ndarray]]) -> dict[str, dict[str, Any]]:
    """For each system, the figures of each picture; finished ones are not denoised again."""
    for system, denoise in systems.items():
        for name, truth in tqdm(truths.items(), desc=system, unit="picture", disable=None, file=sys.stderr):
            if (system, name) not in records:
                image = denoise(name, truth)
                records.add((system, name), {"psnr": psnr(truth, image),
                                             "scale_invariant_psnr": scale_invariant_psnr(truth, image)})
    return {system: {name: records[system, name] for name in truths} for system in systems}


def _mean(results: dict[str, dict[str, Any]], system: str, figure: str) -> str:
    return f"{np.mean([values[figure] for values in results[system].values()]):.2f}"


def _training_share(settings: DenoiserConfig, published: DenoiserConfig) -> str:
    """What was done of the published training, in words."""
    share = settings.steps * settings.train_batch_size / (published.steps * published.train_batch_size)
    if settings == published:
        return f"the published training ({settings.steps:,} steps of batch {settings.train_batch_size})"
    changed = [field.name for field in dataclasses.fields(settings)
               if getattr(settings, field.name) != getattr(published, field.name) and field.name != "train_epochs"]
    others = f", other {', '.join(changed)}" if changed else ""
    return (f"{settings.steps:,} steps of batch {settings.train_batch_size}: {share:.2%} of the published training's "
            f"patches{others}")


def _finish(folder: Path, text: str, content: dict[str, Any]) -> None:
    write_text(folder / "table.md", text + "\n")
    write_json(folder / "results.json", content)
    print(text)
    print(f"wrote {folder}: table.md, results.json")
