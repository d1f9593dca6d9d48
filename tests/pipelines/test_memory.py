"""What a plan promises about memory holds in a process of its own, at three sizes."""

import subprocess
import sys
from pathlib import Path

MEASURED = """
import numpy as np
from pipelines.images import Picture
from pipelines.machine import peak_bytes
from pipelines.plan import make_plan
from pipelines.restoration import Restorer

random = np.random.default_rng(0)
restorer = Restorer(denoiser="none", memory_limit=1_300_000_000)
for side in (128, 400, 640):  # the peak only grows, therefore the small ones first
    image = random.integers(0, 256, (side, side, 3)).astype(np.uint8)
    mask = np.zeros((side, side), bool)
    mask[::40] = mask[:, 30:33] = True
    restorer.restore(Picture(image), mask)
    plan = make_plan(mask, memory_limit=1_300_000_000)
    print(peak_bytes(), plan.peak_bytes, plan.working_bytes)
"""


def test_measured_peak_stays_below_the_planned_one():
    process = subprocess.run([sys.executable, "-c", MEASURED], capture_output=True, text=True, timeout=300,
                             cwd=Path(__file__).parents[2])
    assert process.returncode == 0, process.stderr
    lines = [[int(word) for word in line.split()] for line in process.stdout.splitlines()]
    assert len(lines) == 3
    for measured, planned, working in lines:
        assert 300e6 < measured <= planned <= 1_300_000_000 and working > 0
    assert lines[2][0] > lines[0][0] + 20e6, "the largest one should need more: else nothing was measured"
