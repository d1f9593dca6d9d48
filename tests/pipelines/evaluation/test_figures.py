import numpy as np
import pytest

from pipelines.evaluation.figures import BEST_PSNR, compare, compare_perceptually, with_holes_of

TRUTH = np.random.RandomState(0).randint(0, 256, (32, 32, 3)).astype(np.uint8)
HOLE = np.zeros((32, 32), bool)
HOLE[8:16, 8:16] = True


class MeanDifference:
    """In the place of LPIPS."""

    def distance(self, first, second):
        return float(np.abs(first.astype(int) - second).mean())


def test_pictures_and_holes():
    image = TRUTH ^ 1  # one grey level off everywhere
    found = compare(TRUTH, image, HOLE)
    assert found["psnr"] == found["hole_psnr"] == pytest.approx(20 * np.log10(255))
    assert found["l1"] == found["hole_l1"] == pytest.approx(1 / 255)
    image[HOLE] = TRUTH[HOLE]
    found = compare(TRUTH, image, HOLE)
    assert found["hole_psnr"] == BEST_PSNR and found["hole_l1"] == 0 < found["l1"]


def test_what_cannot_be_measured_is_none():
    none = compare(TRUTH, TRUTH, np.zeros((32, 32), bool))
    assert none["psnr"] == BEST_PSNR and none["hole_psnr"] is none["hole_ssim"] is none["hole_l1"] is None
    small = compare(TRUTH[:10], TRUTH[:10], HOLE[:10])
    assert small["ssim"] is None and small["hole_psnr"] == BEST_PSNR
    found = compare_perceptually(MeanDifference(), TRUTH[:30], TRUTH[:30], HOLE[:30])
    assert found == {"lpips": None, "hole_lpips": None}


def test_holes_are_pasted_for_metrics_of_whole_pictures():
    image = TRUTH ^ 1
    pasted = with_holes_of(TRUTH, image, HOLE)
    np.testing.assert_array_equal(pasted[HOLE], image[HOLE])
    np.testing.assert_array_equal(pasted[~HOLE], TRUTH[~HOLE])
    found = compare_perceptually(MeanDifference(), TRUTH, image, HOLE)
    assert found == {"lpips": 1.0, "hole_lpips": pytest.approx(HOLE.mean())}
    assert compare_perceptually(MeanDifference(), TRUTH, image, HOLE & False)["hole_lpips"] is None
