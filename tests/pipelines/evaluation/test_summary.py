import csv
from pathlib import Path

import pytest

from pipelines.evaluation.cases import Case
from pipelines.evaluation.summary import ALL, summarise, write_csv

NOWHERE = Path("nowhere")
CASES = [Case(condition, str(index), NOWHERE, NOWHERE, NOWHERE, ratio) for condition in ("a", "b")
         for index, ratio in enumerate((0.15, 0.15, 0.35))]
FIGURES = {
    "first": {case: {"psnr": 20.0 + int(case.picture), "hole_psnr": None} for case in CASES[:5]},
    "second": {case: {"psnr": 30.0 + 2 * int(case.picture), "hole_psnr": None} for case in CASES}}


@pytest.fixture(scope="module")
def rows():
    return summarise(FIGURES, ["a", "b"], missing={"third": "no weights"}, distances=None,
                     costs=lambda system, case: {"seconds": [9.0, 1.0, 2.0][int(case.picture)],
                                                 "peak_memory_megabytes": int(case.picture)})


def test_rows_are_in_order(rows):
    assert [(row.condition, row.bin, row.system) for row in rows[:9]] == [
        ("a", group, system) for group in (ALL, "10-20 %", "30-40 %") for system in ("first", "second", "third")]
    assert rows[2].note == "no weights" and rows[2].count == 0


def test_means_differences_and_costs(rows):
    first, second = rows[0], rows[1]
    assert first.means["psnr"].mean == 21.0 and first.differences == {} and "hole_psnr" not in first.means
    assert second.differences["psnr"].mean == 11.0  # 10, 11, 12
    assert first.costs == {"seconds": 2.0, "peak_memory_megabytes": 2.0}  # the median, the most
    assert (rows[3].count, rows[3].means["psnr"].mean) == (2, 20.5)


def test_differences_are_of_the_pictures_that_both_have(rows):
    second = next(row for row in rows if (row.condition, row.bin, row.system) == ("b", ALL, "second"))
    assert second.count == 3 and second.differences["psnr"].mean == 10.5


def test_the_csv_has_everything(rows, tmp_path):
    write_csv(tmp_path / "table.csv", rows)
    with (tmp_path / "table.csv").open() as file:
        found = list(csv.DictReader(file))
    assert len(found) == len(rows)
    assert float(found[1]["psnr_difference"]) == 11.0 and float(found[1]["psnr_difference_low"]) < 11.0
    assert found[0]["psnr_difference"] == "" and found[2]["note"] == "no weights"
