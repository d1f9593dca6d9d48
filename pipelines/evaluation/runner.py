"""Every system on every case: pictures on the disk, figures and costs on record, nothing done twice."""

from __future__ import annotations

import errno
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

import numpy as np
from tqdm import tqdm

from pipelines import command
from pipelines.errors import InputError
from pipelines.evaluation.cases import Case, sha256
from pipelines.evaluation.costs import measured
from pipelines.evaluation.figures import Figures, compare, compare_perceptually
from pipelines.evaluation.records import Records
from pipelines.evaluation.systems import INPAINTERS, Chain, Workshop, prefixes
from pipelines.images import Picture, make_folder, read_picture, write_picture

OUTPUTS = "outputs"


class Runner:
    """Restores and measures.

    Args:
        folder: Of the evaluation.
        records: What earlier runs have finished.
        workshop: Carries out the steps of the systems.
        lpips: The metric and the hash of its weights; None leaves it out.
    """

    def __init__(self, folder: Path, records: Records, workshop: Workshop, lpips: Optional[tuple[Any, str]]) -> None:
        self.folder = folder
        self.records = records
        self.workshop = workshop
        self.lpips = lpips
        self.failures = 0

    def run(self, systems: Mapping[str, Chain], cases: Sequence[Case]) -> dict[str, dict[Case, Path]]:
        """Restore each case by each system; a case that fails is reported, and the others go on.

        Returns:
            For each system the results' files.
        """
        results: dict[str, dict[Case, Path]] = {system: {} for system in systems}
        with tqdm(total=len(systems) * len(cases), desc="restoring", unit="picture", disable=None,
                  file=sys.stderr) as bar:
            for case in cases:
                for system, chain in systems.items():
                    bar.set_postfix_str(f"{case.picture}, {system}", refresh=False)
                    try:
                        results[system][case] = self._restore(case, chain)
                    except Exception as error:
                        if _is_disk_full(error):
                            raise  # the others would fail alike
                        self._failed(f"{system}: {case.file}", error)
                    bar.update()
        return results

    def measure(self, results: Mapping[str, Mapping[Case, Path]]) -> dict[str, dict[Case, Figures]]:
        """The figures of results, by system and case."""
        found: dict[str, dict[Case, Figures]] = {system: {} for system in results}
        count = sum(map(len, results.values()))
        with tqdm(total=count, desc="measuring", unit="picture", disable=None, file=sys.stderr) as bar:
            for system, files in results.items():
                for case, path in files.items():
                    try:
                        found[system][case] = self._figures(system, case, path)
                    except Exception as error:
                        self._failed(str(path), error)
                    bar.update()
        return found

    def cost(self, case: Case, chain: Chain) -> dict[str, Any]:
        """Seconds of a chain's steps together, as if nothing had been shared; the highest peak of memory; warnings."""
        steps = [self.records["+".join(prefix), case.condition, case.picture] for prefix in prefixes(chain)]
        return {"seconds": round(sum(step["seconds"] for step in steps), 3),
                "peak_memory_megabytes": max((step["peak_memory_megabytes"] for step in steps), default=0),
                "warnings": [warning for step in steps for warning in step["warnings"]]}

    def _restore(self, case: Case, chain: Chain) -> Path:
        """Do the steps of a chain that are not done yet; systems that begin alike share them."""
        before = case.input
        for prefix in prefixes(chain):
            key = ("+".join(prefix), case.condition, case.picture)
            path = self.folder / OUTPUTS / key[0] / case.file
            if key not in self.records or not path.is_file():
                mask = _mask(case)
                if any(step in INPAINTERS for step in prefix[:-1]):
                    mask = np.zeros_like(mask)  # what was filled is no hole any more
                pixels = read_picture(before).pixels
                with measured() as cost:
                    restored, warnings = self.workshop.run(prefix[-1], pixels, mask)
                make_folder(path.parent)
                write_picture(path, restored, like=Picture(restored))
                self.records.add(key, {**cost, "warnings": warnings})
            before = path
        return before

    def _figures(self, system: str, case: Case, path: Path) -> Figures:
        digest = sha256(path)
        truth = read_picture(case.truth).pixels
        parts = {"figures": (compare, "")}
        if self.lpips is not None:
            metric, weights_digest = self.lpips
            parts["lpips"] = (lambda *pictures: compare_perceptually(metric, *pictures), weights_digest)
        figures: Figures = {}
        for part, (measure, version) in parts.items():
            key = (part, version, case.condition, case.picture, digest)
            if key not in self.records:
                image = as_truth(path, truth)
                self.records.add(key, dict(measure(truth, image, _mask(case))))
            figures.update(self.records[key])
        return figures

    def _failed(self, what: str, error: Exception) -> None:
        self.failures += 1
        line = command.describe(error)
        command.report_error(line if what in line else f"{what}: {line}")


def _is_disk_full(error: Optional[BaseException]) -> bool:
    while error is not None:
        if isinstance(error, OSError) and error.errno == errno.ENOSPC:
            return True
        error = error.__cause__
    return False


def as_truth(path: Path, truth: np.ndarray) -> np.ndarray:
    """Read a result as uint8 of the truth's shape, between gray and gray kept as RGB as well.

    Raises:
        InputError: If it cannot be read or is of another size.
    """
    picture = read_picture(path)
    if picture.is_stack or picture.size != truth.shape[:2]:
        raise InputError(path, f"is of {picture.size[1]} x {picture.size[0]} pixels, the truth of "
                         f"{truth.shape[1]} x {truth.shape[0]}", "give results of the size of the inputs")
    if picture.pixels.dtype != np.uint8:
        raise InputError(path, f"is of type {picture.pixels.dtype}", "give results of 8 bit, as the inputs are")
    if picture.pixels.ndim == truth.ndim:
        return picture.pixels
    if truth.ndim == 3:
        return np.repeat(picture.pixels[..., np.newaxis], 3, axis=-1)
    if (picture.pixels == picture.pixels[..., :1]).all():
        return picture.pixels[..., 0]
    raise InputError(path, "is a colour picture, the truth is gray", "give gray results")


def _mask(case: Case) -> np.ndarray:
    return read_picture(case.mask).pixels > 127  # one of our own, in which there may be no hole
