"""Plots of an evaluation: against noise, against the size of holes, and all measures side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from pipelines.evaluation.cases import Case, Condition
from pipelines.evaluation.figures import Figures
from pipelines.evaluation.statistics import bin_name, bin_order, estimate
from pipelines.evaluation.summary import ALL, Row
from pipelines.evaluation.tables import DIGITS, TITLES
from pipelines.image_files.atomic import replacing

PARTS = 5  # groups of equally many pictures, where all holes fall into one bin
DPI = 110


def draw_all(folder: Path, rows: Sequence[Row], figures: Mapping[str, Mapping[Case, Figures]],
             conditions: Sequence[Condition]) -> list[Path]:
    """Write the plots that there are data for; returns their paths."""
    written = [*_against_noise(folder, rows, conditions)]
    for condition in conditions:
        chosen = [row for row in rows if row.condition == condition.name and row.bin == ALL and row.count]
        written.append(_bars(folder / f"measures_{condition.name}.png", chosen))
        measured = {system: {case: own for case, own in cases.items() if case.condition == condition.name
                             and own["hole_psnr"] is not None} for system, cases in figures.items()}
        if any(len(cases) > 1 for cases in measured.values()):
            written.append(_against_holes(folder / f"hole_ratio_{condition.name}.png", measured))
    return written


def _against_noise(folder: Path, rows: Sequence[Row], conditions: Sequence[Condition]) -> list[Path]:
    """A plot for each kind of noise and of damage that was measured at several levels."""
    series: dict[tuple[str, str], list[Condition]] = {}
    for condition in conditions:
        if condition.noise.levels:
            series.setdefault((condition.noise.kind, condition.holes.name), []).append(condition)
    written = []
    for (kind, holes), members in series.items():
        members = sorted(members, key=lambda condition: condition.noise.levels)
        if len(members) < 2:
            continue
        figure, axes = _figure(1)
        for system in dict.fromkeys(row.system for row in rows if row.count):
            points = [(condition.noise.levels[0], row.means["psnr"]) for condition in members for row in rows
                      if (row.condition, row.bin, row.system) == (condition.name, ALL, system) and row.count]
            _line(axes[0], [level for level, _ in points], [value for _, value in points], system)
        axes[0].set(xlabel=f"level of {kind} noise", ylabel="PSNR in dB", title=f"{holes} holes")
        written.append(_save(figure, axes[-1], folder / f"noise_{kind}_{holes}.png".replace(":", "-")))
    return written


def _against_holes(path: Path, measured: Mapping[str, Mapping[Case, Figures]]) -> Path:
    """PSNR over the picture and over its holes, by bin or, within a single one, by groups of equal size."""
    ratios = sorted({case.hole_ratio for cases in measured.values() for case in cases})
    bins = sorted({bin_name(ratio) for ratio in ratios}, key=bin_order)
    edges = np.quantile(ratios, np.linspace(0, 1, PARTS + 1)[1:-1])
    figure, axes = _figure(2)
    for axis, name in zip(axes, ("psnr", "hole_psnr")):
        for system, cases in measured.items():
            groups: dict[Any, list[Case]] = {}
            for case in cases:
                group = bin_name(case.hole_ratio) if len(bins) > 1 else int(np.searchsorted(edges, case.hole_ratio))
                groups.setdefault(group, []).append(case)
            points = sorted((100 * float(np.mean([case.hole_ratio for case in members])),
                             estimate([value for case in members if (value := cases[case][name]) is not None]))
                            for members in groups.values())
            _line(axis, [share for share, _ in points], [value for _, value in points], system)
        axis.set(xlabel="holes in % of the picture", ylabel=f"{'hole ' if name != 'psnr' else ''}PSNR in dB")
    return _save(figure, axes[-1], path)


def _bars(path: Path, rows: Sequence[Row]) -> Path:
    """Every measure of every system, with its interval."""
    names = [name for name in (prefix + measure for measure in TITLES for prefix in ("", "hole_"))
             if any(name in row.means for row in rows)]
    figure, axes = _figure(max(len(names), 1), height=0.9 + 0.32 * len(rows))
    places = np.arange(len(rows))[::-1]
    for axis, name in zip(axes, names):
        measure = name.removeprefix("hole_")
        for place, row in zip(places, rows):
            if name in row.means:
                value = row.means[name]
                low, high = (value.mean if bound is None else bound for bound in (value.low, value.high))
                axis.barh(place, value.mean, xerr=[[max(value.mean - low, 0)], [max(high - value.mean, 0)]],
                          color="tab:blue" if place == places[0] else "0.75", capsize=2)
                axis.text(0, place, f" {value.mean:.{DIGITS[measure] + (2 if measure == 'l1' else 0)}f}", va="center",
                          fontsize=7, bbox={"facecolor": "white", "alpha": 0.7, "linewidth": 0, "pad": 0.5})
        axis.set(title=("hole " if name != measure else "") + TITLES[measure].removesuffix(" %"))
        axis.set_yticks(places, [row.system for row in rows] if axis is axes[0] else [""] * len(rows))
    return _save(figure, None, path)


def _figure(columns: int, height: float = 4.5) -> tuple[Any, Any]:
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(1.5 + 2.0 * columns if columns > 2 else 2.5 + 4.5 * columns, height), layout="constrained")
    FigureCanvasAgg(figure)
    return figure, figure.subplots(1, columns, squeeze=False)[0]


def _line(axis: Any, places: Sequence[float], values: Sequence[Any], label: str) -> None:
    means = [value.mean for value in values]
    errors = [[value.mean - (value.mean if value.low is None else value.low) for value in values],
              [(value.mean if value.high is None else value.high) - value.mean for value in values]]
    axis.errorbar(places, means, yerr=np.maximum(errors, 0), marker="o", markersize=3, capsize=2, label=label)


def _save(figure: Any, legend: Any, path: Path) -> Path:
    if legend is not None and legend.get_legend_handles_labels()[1]:
        legend.legend(fontsize=8, loc="center left", bbox_to_anchor=(1.0, 0.5))
    with replacing(path) as temporary:
        figure.savefig(temporary, format="png", dpi=DPI)
    return path
