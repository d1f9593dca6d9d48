"""What a plan promises about memory holds in a process of its own, at three sizes."""

import subprocess
import sys
from pathlib import Path

import pytest

MEASURED = """
import sys
import numpy as np
from pipelines.images import Picture
from pipelines.machine import peak_bytes
from pipelines.plan import make_plan
from pipelines.restoration import Restorer

denoiser, limit, *sides = sys.argv[1:]
random, limit = np.random.default_rng(0), int(limit)
restorer = Restorer(denoiser=denoiser, memory_limit=limit)
for side in map(int, sides):  # the peak only grows, therefore the small ones first
    image = random.integers(0, 256, (side, side, 3)).astype(np.uint8)
    mask = np.zeros((side, side), bool)
    mask[::40] = mask[:, 30:33] = True
    restorer.restore(Picture(image), mask)
    plan = make_plan(mask, memory_limit=limit, denoises=denoiser != "none")
    print(peak_bytes(), plan.peak_bytes, plan.working_bytes)
"""


def measured(denoiser, limit, *sides):
    process = subprocess.run([sys.executable, "-c", MEASURED, denoiser, str(limit), *map(str, sides)],
                             capture_output=True, text=True, timeout=300, cwd=Path(__file__).parents[2])
    assert process.returncode == 0, process.stderr
    return [[int(word) for word in line.split()] for line in process.stdout.splitlines()]


@pytest.mark.parametrize("side", [128, 500, 700])  # in tiles at last
def test_measured_peak_of_a_denoised_picture_stays_below_the_planned_one(side):
    limit = 1_500_000_000
    [[measured_bytes, planned, _]] = measured("n2v_gaussian", limit, side)
    assert 600e6 < measured_bytes <= planned <= limit


def test_measured_peak_stays_below_the_planned_one():
    limit = 1_300_000_000
    lines = measured("none", limit, 128, 400, 640)
    assert len(lines) == 3
    for measured_bytes, planned, working in lines:
        assert 300e6 < measured_bytes <= planned <= limit and working > 0
    assert lines[2][0] > lines[0][0] + 20e6, "the largest one should need more: else nothing was measured"
