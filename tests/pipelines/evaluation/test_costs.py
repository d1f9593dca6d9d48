import time

import numpy as np

from pipelines.evaluation.costs import measured


def test_seconds_and_the_peak_of_each_block():
    with measured() as large:
        time.sleep(0.02)
        assert np.ones(30_000_000).sum() > 0  # 240 MB
    with measured() as small:
        pass
    assert 0.02 <= large["seconds"] < 5
    assert large["peak_memory_megabytes"] - small["peak_memory_megabytes"] > 150
