"""The work of `python -m pipelines.restore`: one picture after another, small ones of one size together."""

from __future__ import annotations

import argparse
import json
from collections.abc import Hashable
from pathlib import Path
from typing import TYPE_CHECKING, Any, Optional, Union, cast

import numpy as np

from pipelines import command, runtime
from pipelines.batches import capacity
from pipelines.comparison import comparison
from pipelines.damage import DamageDetector, TwoPasses, marked_by_colour
from pipelines.damage.transparency import opaque
from pipelines.damage_arguments import damage_settings
from pipelines.errors import InputError
from pipelines.images import (Picture, check_writable, make_folder, read_mask, read_picture, read_sketch, replacing,
                              write_mask, write_picture)
from pipelines.overlap import overlapped
from pipelines.plan import make_plan
from pipelines.restoration_result import Prepared, RestorationResult
from pipelines.restore_jobs import Job, plan_jobs
from pipelines.step_bar import StepBar

if TYPE_CHECKING:
    from pipelines.restoration import Restorer

Inputs = tuple[Picture, Optional[np.ndarray], Union[None, str, np.ndarray]]  # picture, mask (None: to be found), edges
Restored = tuple[Picture, RestorationResult]  # the picture transparent only where it still shall be


def restore_files(arguments: argparse.Namespace) -> int:
    """Restore every input; returns 0, or 1 if some of several failed. A single one's error is raised.

    Raises:
        InputError: If the arguments or the only input cannot be used.
    """
    jobs = plan_jobs(arguments)
    # The faults of a single picture show before TensorFlow and the networks are loaded.
    first = _read(jobs[0], arguments) if len(jobs) == 1 else None
    device = runtime.start(arguments.device, seed=arguments.seed, precision=arguments.precision)
    from pipelines.restoration import Restorer

    bar = StepBar()
    restorer = Restorer(denoiser=arguments.denoiser, inpainter=arguments.inpainter, seed=arguments.seed,
                        denoise_seconds=arguments.denoise_seconds, progress=bar.show,
                        inpaints=arguments.mask != "none", strategy=arguments.strategy,
                        memory_limit=arguments.memory_limit, window=arguments.window)
    if arguments.edges is not None:
        restorer.check_guidable()
    detector = _detector(arguments)

    def compute(jobs: list[Job], inputs: list[Inputs]) -> list[Restored]:
        bar.title = jobs[0].source.name
        with bar:
            return _restore(restorer, detector, jobs, inputs)

    entries: list[dict[str, Any]] = []
    try:
        for job, outcome in overlapped(jobs, read=lambda job: first or _read(job, arguments),
                                       likeness=lambda inputs: _likeness(inputs[0], arguments.denoiser),
                                       compute=compute, write=lambda job, restored: _write(job, *restored)):
            try:
                entries.append(outcome.result())
            except Exception as error:
                if len(jobs) == 1 or arguments.debug:
                    raise
                line = command.describe(error)
                line = line if str(job.source) in line else f"{job.source}: {line}"
                command.report_error(line)
                entries.append({"input": str(job.source), "error": line})
            else:
                for warning in entries[-1]["warnings"]:
                    command.report_warning(f"{job.source}: {warning}")
                print(_summary(entries[-1]), flush=True)
    finally:  # what was done is on record, too, when the rest was interrupted
        if arguments.report is not None and entries:
            _write_report(arguments.report, {
                "files": entries, "device": device, "precision": arguments.precision, "seed": arguments.seed,
                "versions": runtime.versions()})
    failures = sum("error" in entry for entry in entries)
    if failures:
        command.report_error(f"{failures} of {len(jobs)} pictures could not be restored, see above")
    return command.SOME_FAILED if failures else command.DONE


def plan_files(arguments: argparse.Namespace) -> int:
    """Print, for every input, what restoring it will take; nothing is restored or written.

    Raises:
        InputError: If the arguments or an input cannot be used.
    """
    detector = _detector(arguments)
    for job in plan_jobs(arguments):
        picture, mask, _ = _read(job, arguments)
        if mask is None:
            # Once it is denoised, the picture may show a little more.
            mask = cast(DamageDetector, detector).find(picture).mask
        plan = make_plan(mask, strategy=arguments.strategy, memory_limit=arguments.memory_limit,
                         window=arguments.window, denoises=arguments.denoiser != "none",
                         trains=arguments.denoiser in ("auto", "self"))
        print(f"{job.source}: {mask.mean():.1%} to fill; {plan.describe()}", flush=True)
    return command.DONE


def _read(job: Job, arguments: argparse.Namespace) -> Inputs:
    picture = read_picture(job.source, allow_large=arguments.allow_large)
    edges = arguments.edges if job.edges is None else read_sketch(job.edges, picture.size)
    return picture, _mask_of(picture, job, arguments), edges


def _mask_of(picture: Picture, job: Job, arguments: argparse.Namespace) -> Optional[np.ndarray]:
    if job.mask is not None:
        return read_mask(job.mask, picture.size, invert=arguments.mask_invert)
    if arguments.mask_color is not None:
        return marked_by_colour(picture, arguments.mask_color, arguments.tolerance, arguments.grow)
    return np.zeros(picture.size, bool) if arguments.mask == "none" else None


def _detector(arguments: argparse.Namespace) -> Optional[DamageDetector]:
    if arguments.mask in (None, "auto") and arguments.mask_color is None:
        return DamageDetector(damage_settings(arguments))
    return None


def _likeness(picture: Picture, denoiser: str) -> tuple[Hashable, int]:
    """What pictures that are restored together have in common, and how many they may be."""
    # Training takes much longer than the rest, and a stack has frames enough.
    is_alone = denoiser in ("auto", "self") or picture.is_stack
    return picture.size, 1 if is_alone else capacity(picture.size)


def _restore(restorer: Restorer, detector: Optional[DamageDetector], jobs: list[Job],
             inputs: list[Inputs]) -> list[Restored]:
    begun = [_prepare(restorer, detector, *pair) for pair in zip(jobs, inputs)]
    results = restorer.finish([prepared for prepared, _ in begun])
    return [(_with_findings(prepared.picture, passes, result), result)
            for (prepared, passes), result in zip(begun, results)]


def _prepare(restorer: Restorer, detector: Optional[DamageDetector], job: Job,
             inputs: Inputs) -> tuple[Prepared, Optional[TwoPasses]]:
    picture, mask, edges = inputs
    make_folder(job.target.parent)
    check_writable(job.target, picture)
    if mask is not None:
        return restorer.prepare(picture, mask, edges), None
    passes = TwoPasses(cast(DamageDetector, detector), picture)
    return restorer.prepare(picture, passes.found.mask, edges, find_more=passes.look_again), passes


def _with_findings(picture: Picture, passes: Optional[TwoPasses], result: RestorationResult) -> Picture:
    """Tell the report what was found; returns the picture, transparent where it still shall be."""
    if passes is None:
        return picture
    result.report["damage_pixels"] = passes.found.pixels
    result.report["warnings"] += passes.found.warnings
    return opaque(picture, result.mask)


def _write(job: Job, picture: Picture, result: RestorationResult) -> dict[str, Any]:
    """Write what was asked for; returns the picture's entry of the report."""
    write_picture(job.target, result.image, like=picture)
    if job.mask_copy is not None:
        write_mask(job.mask_copy, result.mask)
    if job.comparison is not None:
        pixels = comparison(picture, result.mask, result.image)
        write_picture(job.comparison, pixels, like=Picture(pixels))
    if job.target.suffix.lower() in (".jpg", ".jpeg") and result.report["denoiser"] == "none":
        result.report["warnings"].append("JPEG changes all pixels a little, also those outside the holes; a PNG or "
                                         "TIFF output keeps them bit by bit")
    return {"input": str(job.source), "output": [str(path) for path in job.outputs], **result.report}


def _summary(entry: dict[str, Any]) -> str:
    seconds = sum(entry["seconds"].values())
    return (f"wrote {', '.join(entry['output'])}: denoiser {entry['denoiser']} ({entry['denoiser_reason']}), "
            f"{entry['hole_ratio']:.1%} filled, {seconds:.0f} s")


def _write_report(path: Path, content: dict[str, Any]) -> None:
    try:
        with replacing(path) as temporary:
            temporary.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    except OSError as error:
        raise InputError(path, f"cannot be written ({error.strerror})", "choose another --report") from error
    print(f"wrote {path}")
