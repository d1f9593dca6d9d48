"""Synthetic noise for training pictures: how much, of which kind, and always the same."""

import numpy as np
import pytest

from pipelines.errors import InputError
from pipelines.images import Picture
from pipelines.training_noise import TrainingNoise, noisy_version, parse_training_noise

GRAY = Picture(np.full((200, 200), 100, np.uint8))


def version(text, picture=None, *, seed=0, name="a"):
    """The noisy version of a gray picture."""
    return noisy_version(picture or GRAY, [parse_training_noise(part) for part in text.split()], seed=seed, name=name)


def test_ranges_and_single_levels_are_read():
    assert parse_training_noise("gaussian:10-50") == TrainingNoise("gaussian", ((10.0, 50.0),))
    assert parse_training_noise("poisson-gaussian:20-500:4") == TrainingNoise("poisson-gaussian",
                                                                              ((20.0, 500.0), (4.0, 4.0)))


@pytest.mark.parametrize("text, said", [
    ("gauss:10", "unknown noise 'gauss'"), ("gaussian", "does not fit gaussian:LOW-HIGH"),
    ("gaussian:50-10", "does not fit"), ("gaussian:0-10", "does not fit"), ("gaussian:ten", "does not fit"),
    ("gaussian:1-inf", "does not fit"), ("gaussian:10:20", "does not fit"),
    ("poisson-gaussian:20", "does not fit poisson-gaussian:LOW-HIGH:LOW-HIGH")])
def test_what_cannot_be_read_is_refused(text, said):
    with pytest.raises(InputError, match=said):
        parse_training_noise(text)


@pytest.mark.parametrize("text, variance", [("gaussian:12", 12 ** 2),
                                            ("poisson-gaussian:50:6", 100 * 255 / 50 + 6 ** 2)])
def test_the_noise_has_the_variance_of_its_level(text, variance):
    noisy = version(text).astype(float)
    assert noisy.mean() == pytest.approx(100, abs=0.5)
    assert noisy.var() == pytest.approx(variance, rel=0.03)  # 40,000 pixels: 0.7 % is one deviation


def test_levels_differ_between_pictures_and_stay_in_their_range():
    sigmas = np.array([version("gaussian:10-40", name=str(index)).std() for index in range(60)])
    assert 9.8 < sigmas.min() < 12 and 34 < sigmas.max() < 40.5
    assert 0.3 < (sigmas < 20).mean() < 0.7  # half are below the geometric mean


def test_a_picture_has_one_noisy_version_for_each_seed():
    first, again = (version("gaussian:25") for _ in range(2))
    np.testing.assert_array_equal(first, again)
    for seed, name in ((1, "a"), (0, "b")):
        assert (version("gaussian:25", seed=seed, name=name) != first).mean() > 0.9
    assert (GRAY.pixels == 100).all()


@pytest.mark.parametrize("pixels, unit", [(np.full((99, 99), 1600, np.uint16), 4095 / 255),
                                          (np.full((99, 99), 0.4, np.float32), 1 / 255)])
def test_levels_are_in_255ths_of_the_value_range(pixels, unit):
    pixels[0, 0] = 255 * unit
    noisy = version("gaussian:10", Picture(pixels))
    assert noisy.dtype == pixels.dtype
    assert noisy.std() == pytest.approx(10 * unit, rel=0.05)


def test_one_of_several_noises_is_taken():
    sigmas = [version("gaussian:5 gaussian:30", name=str(index)).std() for index in range(20)]
    assert 4 <= sum(sigma > 15 for sigma in sigmas) <= 16  # binomial, with 10 expected
