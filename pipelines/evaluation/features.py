"""FID of results: features are computed once for each file, distances for each system, condition and bin."""

from __future__ import annotations

import hashlib
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Optional

import numpy as np
from tqdm import tqdm

from pipelines.evaluation.cases import Case, sha256
from pipelines.evaluation.figures import with_holes_of
from pipelines.evaluation.frechet import FEWEST, Features, frechet_distance
from pipelines.evaluation.runner import as_truth
from pipelines.image_files.atomic import replacing
from pipelines.images import make_folder, read_picture

FOLDER = "features"


class FeatureStore:
    """Features of files, kept in a folder by the files' hashes.

    Args:
        folder: Of the evaluation.
        features: What `frechet.load_inception` returns.
        module: What it was loaded from; part of where features are kept.
    """

    def __init__(self, folder: Path, features: Features, module: str) -> None:
        self.folder = folder / FOLDER / hashlib.sha256(module.encode()).hexdigest()[:16]
        self.features = features
        make_folder(self.folder)

    def distances(self, results: Mapping[Case, Path]) -> dict[str, Optional[float]]:
        """FID of the results to the truths and, under "hole_fid", that of the truths with the results' holes in them.

        Returns:
            None for what fewer than two pictures, or no holes, leave open.
        """
        holed = {case: path for case, path in results.items() if case.hole_ratio > 0}
        return {"fid": self._distance(results, pastes=False), "hole_fid": self._distance(holed, pastes=True)}

    def _distance(self, results: Mapping[Case, Path], *, pastes: bool) -> Optional[float]:
        if len(results) < FEWEST:
            return None
        return frechet_distance(np.stack([self._of(case.truth) for case in results]),
                                np.stack([self._of(path, case if pastes else None) for case, path in results.items()]))

    def fill(self, results: Sequence[tuple[Case, Path]]) -> None:
        """Compute what is not there yet, with a progress bar."""
        for case, path in tqdm(results, desc="Inception", unit="picture", disable=None, file=sys.stderr):
            self._of(case.truth)
            self._of(path)
            if case.hole_ratio > 0:
                self._of(path, case)

    def _of(self, path: Path, case: Optional[Case] = None) -> np.ndarray:
        """(D,) features of a file or, with a case, of its truth with the file's holes in it."""
        digest = sha256(path) if case is None else f"{sha256(path)}_{sha256(case.truth)[:16]}_{sha256(case.mask)[:16]}"
        kept = self.folder / f"{digest}.npy"
        if not kept.exists():
            pixels = read_picture(path).pixels
            if case is not None:
                truth = read_picture(case.truth).pixels
                pixels = with_holes_of(truth, as_truth(path, truth), read_picture(case.mask).pixels > 127)
            values = self.features([pixels])[0]
            with replacing(kept) as temporary, temporary.open("wb") as file:
                np.save(file, values)
        return np.asarray(np.load(kept))
