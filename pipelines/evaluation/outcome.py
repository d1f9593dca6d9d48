"""What an evaluation leaves: tables, figures of every picture, plots and contact sheets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

from pipelines.evaluation import contact_sheet, plots, tables
from pipelines.evaluation.cases import Case, Condition
from pipelines.evaluation.features import FeatureStore
from pipelines.evaluation.figures import Figures
from pipelines.evaluation.records import write_json, write_text
from pipelines.evaluation.summary import Row, summarise, write_csv

Costs = Mapping[str, Mapping[Case, Mapping[str, Any]]]


def write_outcome(folder: Path, conditions: Sequence[Condition], figures: Mapping[str, Mapping[Case, Figures]],
                  results: Mapping[str, Mapping[Case, Path]], *, costs: Costs, missing: Mapping[str, str],
                  absent: Mapping[str, str], features: Optional[FeatureStore], is_paper: bool
                  ) -> tuple[str, list[Path]]:
    """Write everything.

    Args:
        folder: Of the evaluation.
        conditions: In the order of the table.
        figures, results: By system and case; the first system is what others are compared to.
        costs: Of the systems that were run here.
        missing: Systems that were not, and why.
        absent: Measures that were not taken, and why.
        features: For FID; None leaves it out.
        is_paper: Whether the published figures follow.

    Returns:
        The text of table.md, and all files.
    """
    def distances(system: str, cases: Sequence[Case]) -> Mapping[str, Optional[float]]:
        return {} if features is None else features.distances({case: results[system][case] for case in cases})

    if features is not None:
        features.fill([(case, results[system][case]) for system, measured in figures.items() for case in measured])
    rows = summarise(figures, [condition.name for condition in conditions], missing=missing, distances=distances,
                     costs=lambda system, case: costs.get(system, {}).get(case))
    text = tables.report(rows, absent=absent) + ("\n" + tables.published_block(rows) if is_paper else "")
    files = [folder / name for name in ("table.md", "table.csv", "results.json", "costs.json")]
    write_text(files[0], text)
    write_csv(files[1], rows)
    write_json(files[2], _content(figures, rows))
    write_json(files[3], {system: {str(case.file): cost for case, cost in found.items()}
                          for system, found in costs.items()})
    files += plots.draw_all(folder, rows, figures, conditions)
    for system, measured in figures.items():
        if measured:
            files.append(folder / f"cases_{system}.png")
            contact_sheet.draw_contact_sheet(files[-1], measured, results[system])
    return text, files


def _content(figures: Mapping[str, Mapping[Case, Figures]], rows: Sequence[Row]) -> dict[str, Any]:
    """Figures alone: two runs of one command give the same bytes."""
    return {
        "systems": {system: [{"condition": case.condition, "picture": case.picture, "hole_ratio": case.hole_ratio,
                              **own} for case, own in measured.items()] for system, measured in figures.items()},
        "distances": [{"condition": row.condition, "bin": row.bin, "system": row.system, **row.distances}
                      for row in rows if row.distances]}
