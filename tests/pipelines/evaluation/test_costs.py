import mmap
import time

import numpy as np

from pipelines.evaluation.costs import measured


def test_seconds_and_the_peak_of_each_block():
    # An array could take the place of what earlier tests have given back to the process, but not to the system.
    with measured() as large, mmap.mmap(-1, 240_000_000) as memory:
        time.sleep(0.02)
        np.frombuffer(memory, np.uint8).fill(1)
    with measured() as small:
        pass
    assert 0.02 <= large["seconds"] < 5
    assert large["peak_memory_megabytes"] - small["peak_memory_megabytes"] > 150
