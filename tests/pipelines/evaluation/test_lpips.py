"""LPIPS against numbers of an independent implementation, and by hand.

parity/lpips.npz was made with PyTorch 2.13.0 in float64, from the paper's formula and torchvision's layer table, with
the weights of `random_arrays`: uint8 pictures first0, second0, first1, second1 and, for each pair, the five layers'
parts of the distance as layers0, layers1. The package lpips 0.1.4 itself, with its linear layers on a random AlexNet
that weights.convert had converted, once gave what ours gives, to 2e-6.
"""

from pathlib import Path

import numpy as np
import pytest

from pipelines.evaluation.lpips import SMALLEST_SIDE, Lpips
from weights.lpips_file import KERNELS

GOLDEN = Path(__file__).parents[2] / "parity" / "lpips.npz"


def random_arrays():
    random, arrays = np.random.RandomState(20181), {}
    for number, (height, width, channels, filters) in enumerate(KERNELS, 1):
        numbers = random.standard_normal((height, width, channels, filters))
        arrays[f"conv{number}/kernel"] = (numbers * np.sqrt(2.0 / (height * width * channels))).astype(np.float32)
        arrays[f"conv{number}/bias"] = (random.standard_normal(filters) * 0.05).astype(np.float32)
        arrays[f"linear{number}"] = random.uniform(0, 1, filters).astype(np.float32)
    return arrays


@pytest.fixture(scope="module")
def arrays():
    return random_arrays()


@pytest.fixture(scope="module")
def golden():
    with np.load(GOLDEN) as file:
        return dict(file)


def test_as_the_independent_implementation(arrays, golden):
    metric = Lpips(arrays)
    for pair in range(2):
        parts = golden[f"layers{pair}"]
        assert metric.distance(golden[f"first{pair}"], golden[f"second{pair}"]) == pytest.approx(parts.sum(), rel=1e-5)


def test_each_layer_alone(arrays, golden):
    for number in range(1, 6):
        alone = {name: array * (name in (f"linear{number}",) or not name.startswith("linear"))
                 for name, array in arrays.items()}
        assert Lpips(alone).distance(golden["first0"], golden["second0"]) == pytest.approx(
            golden["layers0"][number - 1], rel=1e-5)


def test_by_hand():
    """One channel of the first layer answers to red alone, the rest to nothing: directions are 1, or 0 of no answer."""
    arrays = {name: np.zeros_like(array) for name, array in random_arrays().items()}
    arrays["conv1/kernel"][5, 5, 0, 0] = 1.0
    arrays["linear1"][0] = 0.25
    red = np.zeros((64, 64, 3), np.uint8)
    red[..., 0] = 255
    assert Lpips(arrays).distance(red, red) == 0
    assert Lpips(arrays).distance(red, 0 * red) == pytest.approx(0.25, rel=1e-5)
    dark = np.where(np.arange(64)[:, np.newaxis, np.newaxis] < 32, red, 0 * red).astype(np.uint8)
    # 15 rows of answers, 4 pixels apart from row 3 on: 8 see red, 7 nothing.
    assert Lpips(arrays).distance(red, dark) == pytest.approx(0.25 * 7 / 15, rel=1e-5)


def test_gray_counts_as_rgb(arrays, golden):
    gray = golden["first0"][..., 0], golden["second0"][..., 0]
    rgb = [np.repeat(picture[..., np.newaxis], 3, axis=-1) for picture in gray]
    assert Lpips(arrays).distance(*gray) == Lpips(arrays).distance(*rgb)


def test_what_cannot_be_compared(arrays):
    small = np.zeros((SMALLEST_SIDE - 1, 64, 3), np.uint8)
    with pytest.raises(ValueError, match="at least 31 x 31"):
        Lpips(arrays).distance(small, small)
    with pytest.raises(ValueError, match="of one shape"):
        Lpips(arrays).distance(np.zeros((40, 40, 3), np.uint8), np.zeros((40, 41, 3), np.uint8))
