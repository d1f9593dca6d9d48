"""The work of `python -m pipelines.restore`: which files, in what order, and what is written for each."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

import numpy as np
from tqdm import tqdm

from pipelines import command, runtime
from pipelines.comparison import comparison
from pipelines.errors import InputError
from pipelines.images import (Picture, check_writable, list_images, mirrored_name, read_mask, read_picture, replacing,
                              write_mask, write_picture)

MASK_KEYWORDS = ("auto", "none")


def restore_files(arguments: argparse.Namespace) -> int:
    """Restore every input; returns 0, or 1 if some of several failed. A single one's error is raised.

    Raises:
        InputError: If the arguments or the only input cannot be used.
    """
    sources = list_images(arguments.input)
    targets = _targets(sources, arguments)
    if arguments.report is not None:
        _check_report(arguments.report)
    if len(sources) == 1:  # its faults show before TensorFlow and the networks are loaded
        _read(sources[0], targets[0], arguments)
    device = runtime.start(arguments.device, seed=arguments.seed, precision=arguments.precision)
    from pipelines.restoration import Restorer

    bar = _StepBar()
    restorer = Restorer(denoiser=arguments.denoiser, inpainter=arguments.inpainter, seed=arguments.seed,
                        denoise_seconds=arguments.denoise_seconds, progress=bar.show,
                        inpaints=arguments.mask != "none")
    entries, failures = [], 0
    for source, target in zip(sources, targets):
        bar.title = source.name
        try:
            with bar:
                entries.append(_restore_one(restorer, source, target, arguments))
        except (InputError, OSError, MemoryError) as error:
            if len(sources) == 1 or arguments.debug:
                raise
            failures += 1
            command.report_error(error)
            entries.append({"input": str(source), "error": str(error)})
        else:
            for warning in entries[-1]["warnings"]:
                command.report_warning(f"{source}: {warning}")
            print(_summary(entries[-1]))
    if arguments.report is not None:
        _write_report(arguments.report, {"files": entries, "device": device, "precision": arguments.precision,
                                         "seed": arguments.seed, "versions": runtime.versions()})
        print(f"wrote {arguments.report}")
    if failures:
        command.report_error(f"{failures} of {len(sources)} pictures could not be restored, see above")
    return command.SOME_FAILED if failures else command.DONE


def _targets(sources: list[Path], arguments: argparse.Namespace) -> list[Path]:
    """Where each restored picture goes, in folders that exist."""
    output: Path = arguments.output
    is_file = os.path.lexists(arguments.input) and not Path(arguments.input).is_dir()
    if is_file and not output.is_dir() and not str(output).endswith(os.sep):
        targets = [output]
    else:
        if output.exists() and not output.is_dir():
            raise InputError(output, "is a file, but several pictures need a folder", "give a folder as --output")
        targets = [output / mirrored_name(source, arguments.input) for source in sources]
    for folder in {target.parent for target in targets}:
        try:
            folder.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise InputError(folder, f"cannot be made ({error.strerror})", "choose another --output") from error
    return targets


def _read(source: Path, target: Path, arguments: argparse.Namespace) -> tuple[Picture, np.ndarray]:
    """Picture and mask; whatever would keep the result from being written is said now."""
    picture = read_picture(source, allow_large=arguments.allow_large)
    check_writable(target, picture)
    return picture, _mask(source, picture, arguments)


def _mask(source: Path, picture: Picture, arguments: argparse.Namespace) -> np.ndarray:
    if arguments.mask == "none":
        return np.zeros(picture.size, bool)
    if arguments.mask == "auto":
        from pipelines.damage import find_damage

        return find_damage(picture)
    path = Path(arguments.mask)
    if path.is_dir():
        path = _mask_beside(path, source, arguments.input)
    return read_mask(path, picture.size, invert=arguments.mask_invert)


def _mask_beside(folder: Path, source: Path, pattern: str) -> Path:
    """The mask in `folder` with the picture's name, whatever its suffix."""
    name = mirrored_name(source, pattern)
    found = [path for path in sorted((folder / name).parent.glob(f"{_literal(name.stem)}.*")) if path.is_file()]
    if not found:
        raise InputError(source, f"there is no mask {name.with_suffix('')}.* in {folder}",
                         "add one, or use --mask auto")
    return found[0]


def _literal(name: str) -> str:
    import glob

    return glob.escape(name)


def _restore_one(restorer: Any, source: Path, target: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    picture, mask = _read(source, target, arguments)
    result = restorer.restore(picture, mask)
    write_picture(target, result.image, like=picture)
    written = [target]
    if arguments.save_mask:
        written.append(target.with_name(f"{target.stem}_mask.png"))
        write_mask(written[-1], mask)
    if arguments.compare:
        written.append(target.with_name(f"{target.stem}_compare.png"))
        pixels = comparison(picture, mask, result.image)
        write_picture(written[-1], pixels, like=Picture(pixels))
    return {"input": str(source), "output": [str(path) for path in written], **result.report}


def _summary(entry: dict[str, Any]) -> str:
    seconds = sum(entry["seconds"].values())
    return (f"wrote {', '.join(entry['output'])}: denoiser {entry['denoiser']} ({entry['denoiser_reason']}), "
            f"{entry['hole_ratio']:.1%} filled, {seconds:.0f} s")


def _check_report(path: Path) -> None:
    if path.is_dir() or not path.parent.is_dir():
        raise InputError(path, "the report cannot be written there", "give a file name in an existing folder")


def _write_report(path: Path, content: dict[str, Any]) -> None:
    try:
        with replacing(path) as temporary:
            temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(path, f"cannot be written ({error.strerror})", "choose another --report") from error


class _StepBar:
    """A progress bar for the denoiser's training, on a terminal only."""

    def __init__(self) -> None:
        self.title = ""
        self._bar: Any = None

    def show(self, done: int, planned: int, *_: Any) -> None:
        if self._bar is None:
            self._bar = tqdm(total=planned, desc=f"{self.title}: learning its noise", unit="step", leave=False,
                             disable=not sys.stderr.isatty(), file=sys.stderr)
        self._bar.update(done - self._bar.n)

    def __enter__(self) -> _StepBar:
        return self

    def __exit__(self, *_: object) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
