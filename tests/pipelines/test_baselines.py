import numpy as np
import pytest

from pipelines.baselines import BASELINES, inpaint_baseline


@pytest.mark.parametrize("name", BASELINES)
@pytest.mark.parametrize("dtype, channels", [("uint8", 1), ("uint8", 3), ("uint16", 3), ("float32", 1)])
def test_a_ramp_is_continued_under_a_thin_hole(name, dtype, channels):
    top = {"uint8": 200, "uint16": 60000, "float32": 1.0}[dtype]
    ramp = np.linspace(0, top, 40).astype(dtype)[np.newaxis].repeat(30, axis=0)
    image = ramp if channels == 1 else np.stack([ramp] * 3, axis=-1)
    mask = np.zeros((30, 40), bool)
    mask[:, 20:22] = True
    damaged = image.copy()
    damaged[mask] = top
    filled = inpaint_baseline(name, damaged, mask)
    assert filled.dtype == image.dtype and filled.shape == image.shape
    np.testing.assert_array_equal(filled[~mask], image[~mask])
    difference = np.abs(filled[mask].astype(float) - image[mask])
    assert difference.max() < 0.08 * top  # the ramp climbs 2.6 % a pixel


def test_nothing_to_fill_gives_a_copy():
    image = np.zeros((4, 4), np.uint8)
    assert inpaint_baseline("telea", image, np.zeros((4, 4), bool)) is not image


def test_unknown_names_are_listed():
    with pytest.raises(ValueError, match="magic.*telea"):
        inpaint_baseline("magic", np.zeros((4, 4), np.uint8), np.ones((4, 4), bool))
