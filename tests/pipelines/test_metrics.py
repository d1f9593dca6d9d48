import math

import numpy as np
import pytest

from pipelines.metrics import l1, psnr, scale_invariant_psnr, ssim


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


def test_l1_by_hand():
    truth = np.zeros((2, 2), np.uint8)
    image = np.array([[0, 0], [0, 51]], np.uint8)
    assert l1(truth, image) == pytest.approx(0.05)
    assert l1(image, truth, where=image > 0) == pytest.approx(0.2)
    assert math.isnan(l1(truth, image, where=image > 99))


def test_ssim_of_a_part():
    random = np.random.default_rng(0)
    truth = random.integers(0, 256, (40, 40, 3), dtype=np.uint8)
    image = truth.copy()
    image[:, 30:] = random.integers(0, 256, (40, 10, 3), dtype=np.uint8)
    left, right = np.zeros((2, 40, 40), bool)
    left[:, :20], right[:, 36:] = True, True
    assert ssim(truth, image, where=left) == pytest.approx(1)
    assert ssim(truth, image, where=right) < 0.3 < ssim(truth, image)
    assert math.isnan(ssim(truth, image, where=np.zeros((40, 40), bool)))


def test_scale_invariant_psnr_overlooks_brightness_and_contrast():
    random = np.random.default_rng(0)
    truth = random.uniform(10, 200, (20, 20))
    noisy = truth + random.normal(0, 5, truth.shape)
    found = scale_invariant_psnr(truth, noisy)
    assert found == pytest.approx(scale_invariant_psnr(truth, 0.2 * noisy - 30))
    assert found == pytest.approx(10 * math.log10(np.ptp(truth)**2 / 25), abs=0.5)
    assert scale_invariant_psnr(truth, 3 * truth + 1) > 200
    assert math.isnan(scale_invariant_psnr(np.ones((3, 3)), noisy[:3, :3]))
    assert scale_invariant_psnr(truth, np.ones_like(truth)) == pytest.approx(
        10 * math.log10(np.ptp(truth)**2 / truth.var()))
