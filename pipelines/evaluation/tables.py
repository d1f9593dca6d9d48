"""Tables for people, in Markdown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Optional

from pipelines.evaluation.figures import HOLE, MEASURES
from pipelines.evaluation.published import PAPER
from pipelines.evaluation.statistics import Estimate
from pipelines.evaluation.summary import ALL, Row

TITLES = {"psnr": "PSNR dB", "ssim": "SSIM", "l1": "L1 %", "lpips": "LPIPS", "fid": "FID"}
DIGITS = {"psnr": 2, "ssim": 3, "l1": 2, "lpips": 4, "fid": 2}
FACTORS = {"l1": 100.0}  # a share is shown in per cent
ABSENT = "-"


def markdown_table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """A Markdown table whose columns are aligned in plain text as well, the first to the left."""
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]

    def line(cells: Sequence[str]) -> str:
        return "| " + " | ".join(cell.ljust(width) if column == 0 else cell.rjust(width)
                                 for column, (cell, width) in enumerate(zip(cells, widths))) + " |"

    rule = "|" + "|".join("-" * (width + 2) if column == 0 else "-" * (width + 1) + ":"
                          for column, width in enumerate(widths)) + "|"
    return "\n".join([line(header), rule, *map(line, rows)])


def report(rows: Sequence[Row], *, absent: Mapping[str, str]) -> str:
    """The whole table.md.

    Args:
        rows: Of `summary.summarise`.
        absent: Why a measure is missing everywhere: {"lpips": "no weights"}.
    """
    parts = []
    for condition in dict.fromkeys(row.condition for row in rows):
        groups = dict.fromkeys(row.bin for row in rows if row.condition == condition)
        for group in groups:
            chosen = [row for row in rows if (row.condition, row.bin) == (condition, group)]
            title = f"## {condition}" if group == ALL else f"### {condition}, holes of {group}"
            parts += [title, figures_table(chosen, absent)]
            if group == ALL and any(row.differences for row in chosen):
                parts += [f"Difference to {chosen[0].system}, picture by picture, with bootstrap 95 % intervals:",
                          differences_table(chosen, absent)]
    return "\n\n".join(parts) + "\n"


def figures_table(rows: Sequence[Row], absent: Mapping[str, str]) -> str:
    """Means of every measure over the picture and over its holes, FID, and costs."""
    measures = [*MEASURES, "fid"]
    header = ["system", "pictures", *(prefix.replace("_", " ") + TITLES[name] for name in measures
                                      for prefix in ("", HOLE)), "seconds", "peak MB"]
    return markdown_table(header, [_figures(row, measures, absent) for row in rows])


def differences_table(rows: Sequence[Row], absent: Mapping[str, str]) -> str:
    """Differences to the first row."""
    names = [prefix + name for name in MEASURES if name not in absent for prefix in ("", HOLE)]
    header = ["system", *(name.replace(name.removeprefix(HOLE), TITLES[name.removeprefix(HOLE)]).replace("_", " ")
                          for name in names)]
    return markdown_table(header, [[row.system, *(_interval(row.differences.get(name), name.removeprefix(HOLE))
                                                  for name in names)] for row in rows if row.differences])


def published_block(rows: Sequence[Row]) -> str:
    """The published figures of the paper's four systems, and its gain counted both ways beside ours."""
    table = markdown_table(["system", "PSNR dB", "SSIM", "FID", "LPIPS"],
                           [[name, f"{psnr:.2f}", f"{ssim:g}", f"{fid:g}", f"{lpips:.4f}"]
                            for name, psnr, ssim, fid, lpips in PAPER])
    gains = [_gain("published", PAPER[0][1], PAPER[1][1])]
    for row in rows:
        other = next((one for one in rows if one.system == PAPER[1][0] and one.bin == row.bin == ALL
                      and one.condition == row.condition and one.count), None)
        if row.system == PAPER[0][0] and row.count and other is not None:
            gains.append(_gain(f"here, {row.condition}", row.means["psnr"].mean, other.means["psnr"].mean))
    return ("## Published\n\nOn Places2, by the paper. Not comparable with the figures above unless they were measured "
            "on Places2, with masks like the paper's.\n\n" + table + f"\n\nThe gain in PSNR of {PAPER[0][0]} over "
            f"{PAPER[1][0]}, which the paper calls 17.4 %:\n\n"
            + markdown_table(["", "gain dB", "relative to the result", "relative to the baseline"], gains) + "\n")


def _gain(title: str, ours: float, baseline: float) -> list[str]:
    gain = ours - baseline
    return [title, f"{gain:+.2f}", f"{gain / ours:+.1%}", f"{gain / baseline:+.1%}"]


def _figures(row: Row, measures: Sequence[str], absent: Mapping[str, str]) -> list[str]:
    if row.note:
        return [row.system, row.note, *[ABSENT] * (2 * len(measures) + 2)]
    cells = [row.system, str(row.count)]
    for name in measures:
        for prefix in ("", HOLE):
            value = (row.distances.get(prefix + name) if name == "fid"
                     else row.means[prefix + name].mean if prefix + name in row.means else None)
            cells.append(absent.get(name) or _number(value, name))
    if not row.costs:
        return cells + [ABSENT] * 2
    return cells + [f"{row.costs['seconds']:.2f}", f"{row.costs['peak_memory_megabytes']:.0f}"]


def _number(value: Optional[float], name: str, sign: str = "") -> str:
    return ABSENT if value is None else f"{value * FACTORS.get(name, 1.0):{sign}.{DIGITS[name]}f}"


def _interval(value: Optional[Estimate], name: str) -> str:
    if value is None:
        return ABSENT
    limits = "" if value.low is None else f" [{_number(value.low, name, '+')}, {_number(value.high, name, '+')}]"
    return _number(value.mean, name, "+") + limits
