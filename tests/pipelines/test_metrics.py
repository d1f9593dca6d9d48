import math

import numpy as np
import pytest

from pipelines.metrics import psnr, ssim


def test_psnr_by_hand():
    truth = np.zeros((2, 2), np.uint8)
    image = np.array([[0, 0], [0, 51]], np.uint8)
    assert psnr(truth, image) == pytest.approx(10 * math.log10(4 / 0.2**2))
    assert psnr(truth, image, where=image > 0) == pytest.approx(10 * math.log10(1 / 0.2**2))
    assert psnr(truth / 1.0, image / 255.0, data_range=1.0) == pytest.approx(psnr(truth, image))


def test_psnr_of_equal_pictures_and_of_nothing():
    image = np.full((3, 3, 3), 7, np.uint8)
    assert psnr(image, image) == math.inf
    assert math.isnan(psnr(image, image, where=np.zeros((3, 3), bool)))
    with pytest.raises(ValueError, match=r"\(3, 3, 3\).*\(2, 2\)"):
        psnr(image, np.zeros((2, 2)))


def test_ssim_falls_with_noise():
    random = np.random.default_rng(0)
    truth = random.integers(0, 256, (32, 32, 3), dtype=np.uint8)
    little, much = (np.clip(truth + random.normal(0, sigma, truth.shape), 0, 255).astype(np.uint8)
                    for sigma in (5, 50))
    assert ssim(truth, truth) == pytest.approx(1)
    assert 1 > ssim(truth, little) > ssim(truth, much) > 0
