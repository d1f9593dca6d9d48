"""Which files `python -m pipelines.restore` reads and writes; decided, and checked, before any work."""

from __future__ import annotations

import argparse
import dataclasses
import os
from pathlib import Path
from typing import Optional

from pipelines.errors import InputError
from pipelines.images import check_folder, counterpart, list_images, output_paths

MASK_KEYWORDS = ("auto", "none")
EDGES_KEYWORDS = ("auto",)


@dataclasses.dataclass(frozen=True)
class Job:
    """The files of one picture.

    Args:
        source: The picture.
        mask: Its mask file; None where the mask is found or not wanted.
        edges: Its sketch; None where the edges are found or not wanted.
        target: Where the restored picture goes.
        mask_copy: Where the mask that was used goes, if asked for.
        comparison: Where before, mask and after go, if asked for.
    """

    source: Path
    mask: Optional[Path]
    edges: Optional[Path]
    target: Path
    mask_copy: Optional[Path]
    comparison: Optional[Path]

    @property
    def outputs(self) -> list[Path]:
        """All that will be written."""
        return [path for path in (self.target, self.mask_copy, self.comparison) if path is not None]


def plan_jobs(arguments: argparse.Namespace) -> list[Job]:
    """One job for each picture that `--input` means.

    Raises:
        InputError: If inputs, masks, sketches or outputs cannot be what was asked for, two results would have one
            name, or a result would take the place of something that is read.
    """
    sources = _sources(arguments.input, arguments.output)
    if arguments.edges is not None and arguments.mask == "none":
        raise InputError("--edges", "guides what fills the holes, and --mask none leaves none", "leave one out")
    if arguments.mask_color is not None and arguments.mask is not None:
        raise InputError("--mask-color", "says where the damage is, and --mask does, too", "leave one out")
    masks = _given(arguments.mask, "mask", MASK_KEYWORDS)
    sketches = _given(arguments.edges, "edges", EDGES_KEYWORDS)
    targets = output_paths(sources, arguments.input, arguments.output)
    single = len(sources) == 1
    jobs = []
    for source, target in zip(sources, targets):
        # In a folder a missing mask is that picture's fault alone, which is told when its turn comes.
        mask, edges = (_belonging(given, source, arguments.input, must_exist=single) for given in (masks, sketches))
        jobs.append(Job(source, mask, edges, target,
                        target.with_name(f"{target.stem}_mask.png") if arguments.save_mask else None,
                        target.with_name(f"{target.stem}_compare.png") if arguments.compare else None))
    _check_outputs(jobs, arguments.report)
    return jobs


def _sources(pattern: str, output: str) -> list[Path]:
    """The pictures, without earlier results where the output folder lies inside the input folder."""
    sources = list_images(pattern)
    if not Path(pattern).is_dir() or not Path(output).is_dir():
        return sources
    results = Path(os.path.realpath(output))
    if results == Path(os.path.realpath(pattern)):
        return sources  # the input folder itself, which is refused file by file
    kept = [source for source in sources if results not in Path(os.path.realpath(source)).parents]
    if not kept:
        raise InputError(pattern, "holds no images besides those in the output folder", "choose another --output")
    return kept


def _given(argument: Optional[str], option: str, keywords: tuple[str, ...]) -> Optional[Path]:
    """The file or folder that `argument` names, if it does."""
    if argument is None or argument in keywords:
        return None
    path = Path(argument)
    if not path.exists():
        others = " or ".join(f"--{option} {keyword}" for keyword in keywords)
        raise InputError(path, f"no such {option} file or folder", f"check the path, or use {others}")
    return path


def _belonging(given: Optional[Path], source: Path, pattern: str, *, must_exist: bool) -> Optional[Path]:
    """The mask or sketch for `source`: `given` itself, or the counterpart in that folder."""
    if given is None or given.is_file():
        return given
    try:
        return counterpart(given, source, pattern)
    except InputError:
        if must_exist:
            raise
        return given / source.name  # does not exist, or is one of several: reading it says so


def _check_outputs(jobs: list[Job], report: Optional[Path]) -> None:
    read = {os.path.realpath(path): path for job in jobs for path in (job.source, job.mask, job.edges)
            if path is not None}
    written: dict[str, Path] = {}
    for path in [path for job in jobs for path in job.outputs] + ([] if report is None else [report]):
        place = os.path.realpath(path)
        if place in read:
            raise InputError(path, "is an input, which is never overwritten", "choose another output")
        if place in written:
            raise InputError(path, "would be written twice", "rename one of the inputs, or choose another output")
        written[place] = path
    if report is not None:
        _check_report(report)


def _check_report(path: Path) -> None:
    if path.is_dir() or (path.exists() and not os.access(path, os.W_OK)):
        raise InputError(path, "is a folder or write-protected", "give another file name as --report")
    try:
        check_folder(path.parent)
    except OSError as error:
        raise InputError(path, f"cannot be written ({error.strerror})", "give a file in an existing folder") from error
