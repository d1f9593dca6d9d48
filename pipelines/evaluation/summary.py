"""From figures of pictures to rows of a table."""

from __future__ import annotations

import csv
import dataclasses
import io
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Optional

import numpy as np

from pipelines.evaluation.cases import Case
from pipelines.evaluation.figures import HOLE, MEASURES, Figures
from pipelines.evaluation.records import write_text
from pipelines.evaluation.statistics import Estimate, bin_name, bin_order, estimate

ALL = "all"
NAMES = tuple(prefix + measure for measure in MEASURES for prefix in ("", HOLE))

Distances = Callable[[str, Sequence[Case]], Mapping[str, Optional[float]]]
Costs = Callable[[str, Case], Optional[Mapping[str, Any]]]


@dataclasses.dataclass(frozen=True)
class Row:
    """A system under one condition, over all pictures or those of one bin.

    Args:
        count: Pictures measured.
        means: Estimates by `NAMES`; those that nothing was measured for are left out.
        differences: The same of the differences to the first system, over the pictures that both have.
        distances: "fid" and "hole_fid", where there is an Inception module.
        costs: "seconds", of which the median, since the first picture pays for loading the networks, and
            "peak_memory_megabytes", the most of all; none for results from elsewhere.
        note: Why there is nothing, "no weights" say.
    """

    condition: str
    bin: str
    system: str
    count: int
    means: Mapping[str, Estimate]
    differences: Mapping[str, Estimate]
    distances: Mapping[str, Optional[float]] = dataclasses.field(default_factory=dict)
    costs: Mapping[str, float] = dataclasses.field(default_factory=dict)
    note: str = ""


def summarise(figures: Mapping[str, Mapping[Case, Figures]], conditions: Sequence[str], *,
              missing: Mapping[str, str], distances: Optional[Distances], costs: Costs) -> list[Row]:
    """Rows for every condition and bin, in the order of the systems, of which the first is what others differ from."""
    rows = []
    first = next(iter(figures.values()), {})
    for condition in conditions:
        cases = {case for measured in figures.values() for case in measured if case.condition == condition}
        bins = sorted({bin_name(case.hole_ratio) for case in cases}, key=bin_order)
        for group in [ALL, *(bins if len(bins) > 1 else [])]:
            for system, measured in figures.items():
                own = [case for case in measured if case.condition == condition
                       and group in (ALL, bin_name(case.hole_ratio))]
                rows.append(Row(
                    condition, group, system, len(own), _means(measured, own), _differences(measured, first, own),
                    distances(system, own) if distances else {}, _usual_costs(costs, system, own)))
            rows += [Row(condition, group, system, 0, {}, {}, note=note) for system, note in missing.items()]
    return rows


def write_csv(path: Path, rows: Sequence[Row]) -> None:
    """Write the rows with all their figures, a column for each."""
    table = [_flat(row) for row in rows]
    columns = list(dict.fromkeys(name for row in table for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    writer.writerows(table)
    write_text(path, text.getvalue())


def _means(measured: Mapping[Case, Figures], cases: Sequence[Case]) -> dict[str, Estimate]:
    return _estimates({name: [value for case in cases if (value := measured[case].get(name)) is not None]
                       for name in NAMES})


def _differences(measured: Mapping[Case, Figures], first: Mapping[Case, Figures], cases: Sequence[Case]
                 ) -> dict[str, Estimate]:
    if measured is first:
        return {}
    return _estimates({name: [own - other for case in cases if case in first
                              and (own := measured[case].get(name)) is not None
                              and (other := first[case].get(name)) is not None] for name in NAMES})


def _estimates(values: Mapping[str, Sequence[float]]) -> dict[str, Estimate]:
    found = {name: estimate(numbers) for name, numbers in values.items()}
    return {name: value for name, value in found.items() if value is not None}


def _usual_costs(costs: Costs, system: str, cases: Sequence[Case]) -> dict[str, float]:
    found = [cost for case in cases if (cost := costs(system, case)) is not None]
    return {name: float(choose([cost[name] for cost in found]))
            for name, choose in (("seconds", np.median), ("peak_memory_megabytes", max))} if found else {}


def _flat(row: Row) -> dict[str, Any]:
    flat: dict[str, Any] = {"condition": row.condition, "bin": row.bin, "system": row.system, "pictures": row.count}
    for suffix, estimates in (("", row.means), ("_difference", row.differences)):
        for name, value in estimates.items():
            flat[name + suffix] = value.mean
            flat[f"{name}{suffix}_low"], flat[f"{name}{suffix}_high"] = value.low, value.high
    return {**flat, **row.distances, **row.costs, "note": row.note}
