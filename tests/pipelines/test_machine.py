import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from pipelines.machine import free_bytes, parse_bytes, peak_bytes, product_rate


@pytest.mark.parametrize("text, expected", [
    ("6G", 6 * 2**30),
    ("1.5g", 1.5 * 2**30), ("800M", 800 * 2**20), ("64 KiB", 2**16), ("12345", 12345), ("2TB", 2**41)])
def test_sizes(text, expected):
    assert parse_bytes(text) == expected


@pytest.mark.parametrize("text", ["", "G", "-1G", "0", "six", "1 2", "1Q"])
def test_what_is_no_size(text):
    with pytest.raises(ValueError, match="expected a size such as 6G"):
        parse_bytes(text)


def test_this_machine():
    assert 2**27 < free_bytes() < 2**50
    assert product_rate(64) > 1e6


def test_the_peak_is_this_programs_own():
    before = peak_bytes()
    held = np.ones(20_000_000)  # 160 MB, once they are touched
    assert peak_bytes() >= before and peak_bytes() > held.nbytes
    process = subprocess.run([sys.executable, "-c", "from pipelines.machine import peak_bytes; print(peak_bytes())"],
                             capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2])
    assert 2**20 < int(process.stdout) < held.nbytes
