import hashlib

import numpy as np
import pytest

from pipelines.errors import InputError
from pipelines.evaluation.noise import KINDS, parse_noise

EXAMPLES = ("gaussian:25", "poisson:30", "poisson-gaussian:30:5", "speckle:0.2", "salt-pepper:5", "jpeg:30", "none")
FIRST_PIXELS = [[255, 89, 168], [109, 135, 30], [89, 86, 70]]


@pytest.fixture(scope="module")
def picture():
    return np.random.RandomState(0).randint(40, 216, (64, 48, 3)).astype(np.uint8)


def test_there_is_an_example_of_every_kind():
    assert [text.partition(":")[0] for text in EXAMPLES] == list(KINDS)


@pytest.mark.parametrize("text", EXAMPLES)
def test_noise_is_repeatable_and_of_the_pictures_kind(picture, text):
    noise = parse_noise(text)
    assert noise.name == text
    before = picture.copy()
    for pixels in (picture, picture[..., 0]):
        noisy = noise.apply(pixels, seed=1, name="a")
        assert noisy.dtype == np.uint8 and noisy.shape == pixels.shape
        np.testing.assert_array_equal(noisy, noise.apply(pixels, seed=1, name="a"))
        assert (noisy == pixels).all() == (text == "none")
    np.testing.assert_array_equal(picture, before)


def test_seed_and_name_decide(picture):
    noise = parse_noise("gaussian:25")
    drawn = {hashlib.sha256(noise.apply(picture, seed=seed, name=name).tobytes()).hexdigest()
             for seed in (0, 1) for name in ("a", "b")}
    assert len(drawn) == 4


def test_the_same_on_every_machine(picture):
    """NumPy promises that its frozen generator never changes; so must our seeds not."""
    noisy = parse_noise("gaussian:25").apply(picture, seed=0, name="a")
    assert noisy[0, :3].tolist() == FIRST_PIXELS


def test_levels_share_their_draws(picture):
    low, high = (parse_noise(f"gaussian:{sigma}").apply_unclipped(picture, seed=0, name="a") - picture
                 for sigma in (5, 50))
    np.testing.assert_allclose(high, 10 * low, rtol=1e-6, atol=1e-9)


def test_levels_mean_what_they_say():
    grey = np.full((300, 300), 128, np.uint8)

    def deviation(text):
        return (parse_noise(text).apply_unclipped(grey, seed=0, name="a") - grey).std()

    assert deviation("gaussian:25") == pytest.approx(25, rel=0.02)
    photons = 30 * 128 / 255
    assert deviation("poisson:30") == pytest.approx(128 / photons**0.5, rel=0.02)
    assert deviation("poisson-gaussian:30:20") == pytest.approx((128**2 / photons + 400)**0.5, rel=0.02)
    assert deviation("speckle:0.1") == pytest.approx(12.8, rel=0.02)
    spoilt = parse_noise("salt-pepper:5").apply(grey, seed=0, name="a")
    assert (spoilt == 0).mean() == pytest.approx(0.025, abs=0.003)
    assert (spoilt == 255).mean() == pytest.approx(0.025, abs=0.003)


@pytest.mark.parametrize("text, said", [
    ("gausian:25", "unknown noise 'gausian'; choose one of gaussian:L"),
    ("gaussian", "'gaussian' does not fit gaussian:L; give standard deviation of 255"),
    ("gaussian:0", "above 0, up to 255"), ("gaussian:nan", "does not fit"), ("gaussian:x", "does not fit"),
    ("gaussian:1:2", "does not fit"), ("poisson-gaussian:30", "poisson-gaussian:L:M"), ("none:1", "give no level"),
    ("jpeg:100", "up to 95"), ("", "unknown noise ''")])
def test_what_makes_no_sense_is_named(text, said):
    with pytest.raises(InputError, match=r"^--noise: ") as caught:
        parse_noise(text)
    assert said in str(caught.value)
