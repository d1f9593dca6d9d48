"""What the figures look like: the best, middle and worst cases of a system in one picture."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import cv2
import numpy as np

from pipelines.evaluation.cases import Case
from pipelines.evaluation.figures import Figures
from pipelines.evaluation.runner import as_truth
from pipelines.images import Picture, read_picture, write_picture

EACH = 5  # cases of each sort
SIDE, GAP, TEXT = 160, 6, 16  # pixels: longest side of a picture, space between, height of a line of text


def draw_contact_sheet(path: Path, figures: Mapping[Case, Figures], results: Mapping[Case, Path]) -> None:
    """Write a sheet: input, result and truth of each case; a column each for the best, the median and the worst ones.

    Args:
        path: The PNG file.
        figures: Of one system, by case; ranked by PSNR of the holes, or of the picture where there are none.
        results: The files.
    """
    def quality(case: Case) -> float:
        hole, whole = figures[case]["hole_psnr"], figures[case]["psnr"]
        return hole if hole is not None else whole or 0.0

    ranked = sorted(figures, key=lambda case: (-quality(case), case.condition, case.picture))
    columns = [_column(title, cases, figures, results) for title, cases in (
        ("best", ranked[:EACH]), ("median", _middle(ranked)), ("worst", ranked[::-1][:EACH]))]
    height = max(column.shape[0] for column in columns)
    sheet = np.concatenate([np.pad(column, ((0, height - column.shape[0]), (0, 4 * GAP), (0, 0)), constant_values=255)
                            for column in columns], axis=1)
    write_picture(path, sheet, like=Picture(sheet))


def _middle(ranked: Sequence[Case]) -> Sequence[Case]:
    start = max((len(ranked) - EACH) // 2, 0)
    return ranked[start:start + EACH]


def _column(title: str, cases: Sequence[Case], figures: Mapping[Case, Figures], results: Mapping[Case, Path]
            ) -> np.ndarray:
    width = 3 * (SIDE + GAP)
    parts = [_text(f"{title}: input, result, truth", width)]
    for case in cases:
        own = figures[case]
        label = f"PSNR {own['psnr']:.2f}"
        if own["hole_psnr"] is not None:
            label += f", hole {own['hole_psnr']:.2f}"
        label += f": {case.picture}, {case.condition}"
        truth = read_picture(case.truth).pixels
        shown = [read_picture(case.input).pixels, as_truth(results[case], truth), truth]
        parts += [np.concatenate([_framed(pixels) for pixels in shown], axis=1), _text(label, width)]
    return np.concatenate(parts)


def _framed(pixels: np.ndarray) -> np.ndarray:
    """A picture in a white square of SIDE, and the gap beside it."""
    height, width = pixels.shape[:2]
    scale = SIDE / max(height, width)
    size = (max(round(width * scale), 1), max(round(height * scale), 1))
    small = cv2.resize(pixels, size, interpolation=cv2.INTER_AREA if scale < 1 else cv2.INTER_NEAREST)
    framed = np.full((SIDE, SIDE + GAP, 3), 255, np.uint8)
    framed[:size[1], :size[0]] = small if small.ndim == 3 else small[..., np.newaxis]
    return framed


def _text(text: str, width: int) -> np.ndarray:
    line = np.full((TEXT, width, 3), 255, np.uint8)
    cv2.putText(line, text, (0, TEXT - 4), cv2.FONT_HERSHEY_SIMPLEX, 0.4, (0, 0, 0), 1, cv2.LINE_AA)
    return line
