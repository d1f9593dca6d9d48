"""What goes along with an export."""

import numpy as np

from pipelines.exporting.card import card, example, licence

TOLD = {"networks": {"denoiser": {"name": "a", "licence": "b", "source": "c"},
                     "inpainter": {"name": "d", "licence": "e", "source": "f"}},
        "versions": {"python": "3", "tensorflow": "2"},
        "signatures": {"restore": {"inputs": {"image": "uint8 (B,)", "mask": "uint8 (B,)"}, "outputs": {"out": "int"}}}}


def test_card():
    lines = card(TOLD, "Remarks.").splitlines()
    assert "| denoiser | a | b | c |" in lines and "| inpainter | d | e | f |" in lines
    assert "| `restore` | `image` uint8 (B,); `mask` uint8 (B,) | `out` int |" in lines
    assert any("python 3, tensorflow 2" in line for line in lines) and lines[-1] == "Remarks."


def test_licence():
    assert licence().lstrip().startswith("Apache License")


def test_the_example_is_always_the_same():
    image, mask = example()
    assert (image.shape, image.dtype, mask.shape, mask.dtype) == ((128, 160, 3), np.uint8, (128, 160, 1), np.uint8)
    assert set(np.unique(mask)) == {0, 255} and 0.02 < (mask > 0).mean() < 0.1
    assert (image[mask[..., 0] > 0] == 255).all()
    np.testing.assert_array_equal(example()[0], image)
