import sys

import numpy as np
import pytest

from pipelines.errors import InputError
from pipelines.evaluation import classic_denoisers, systems
from pipelines.evaluation.systems import Settings, Workshop, parse_system, prefixes


@pytest.mark.parametrize("text", [*systems.DEFAULT, *systems.PAPER])
def test_the_usual_systems_can_be_read(text):
    assert "+".join(parse_system(text)) == ("" if text == systems.INPUT else text)


def test_systems_that_begin_alike_share_it():
    assert prefixes(parse_system("n2v+telea")) == [("n2v",), ("n2v", "telea")]
    assert prefixes(parse_system("input")) == []


@pytest.mark.parametrize("text, said", [
    ("n2w+telea", "unknown step 'n2w' in 'n2w+telea'; join denoisers (n2v, nlm, bm3d)"),
    ("", "unknown step ''"), ("n2v+nlm", "two steps of a kind"), ("telea+n2v+biharmonic", "two steps of a kind")])
def test_what_makes_no_sense_is_named(text, said):
    with pytest.raises(InputError, match="^--systems: ") as caught:
        parse_system(text)
    assert said in str(caught.value)


def test_what_is_missing_is_said_with_how_to_get_it(monkeypatch):
    monkeypatch.setattr(systems, "has_bm3d", lambda: False)
    workshop = Workshop(Settings())
    assert workshop.obstacle(("n2v", "deepfill_v1"))[0] == "no weights"
    assert "pip install bm3d" in workshop.obstacle(("bm3d", "telea"))[1]
    assert workshop.obstacle(("n2v", "deepfill_v2")) is None
    assert Workshop(Settings(v1_weights="x.h5")).obstacle(("deepfill_v1",)) is None


@pytest.fixture(scope="module")
def noisy():
    random = np.random.RandomState(0)
    truth = np.repeat(np.repeat(random.randint(40, 216, (4, 5, 3)), 12, axis=0), 12, axis=1)
    mask = np.zeros(truth.shape[:2], bool)
    mask[20:26, 10:40] = True
    picture = np.clip(truth + random.normal(0, 20, truth.shape), 0, 255).astype(np.uint8)
    picture[mask] = 255
    return truth, picture, mask


@pytest.mark.parametrize("gray", [False, True])
def test_non_local_means_removes_noise_and_does_not_see_the_holes(noisy, gray):
    truth, picture, mask = (array[..., 0] if gray and array.ndim == 3 else array for array in noisy)
    denoised, warnings = Workshop(Settings()).run("nlm", picture, mask)
    assert denoised.dtype == np.uint8 and denoised.shape == picture.shape and warnings == []

    def error(pixels):
        return np.square(pixels[~mask].astype(float) - truth[~mask]).mean()

    assert error(denoised) < 0.4 * error(picture)
    black = picture.copy()
    black[mask] = 0
    np.testing.assert_array_equal(Workshop(Settings()).run("nlm", black, mask)[0], denoised)


def test_bm3d_is_told_the_noise_level(noisy, monkeypatch):
    _, picture, mask = noisy
    told = {}

    class Package:
        @staticmethod
        def bm3d_rgb(values, sigma):
            told["sigma"], told["range"] = 255 * sigma, (values.min(), values.max())
            return values + 1.0  # beyond the range

    monkeypatch.setattr(classic_denoisers, "has_bm3d", lambda: True)
    monkeypatch.setitem(sys.modules, "bm3d", Package)
    denoised, _ = Workshop(Settings()).run("bm3d", picture, mask)
    assert told["sigma"] == pytest.approx(20, rel=0.2) and 0 <= told["range"][0] < told["range"][1] <= 1
    assert denoised.dtype == np.uint8 and denoised.min() == 255


def test_bm3d_that_is_missing(noisy, monkeypatch):
    monkeypatch.setattr(classic_denoisers, "has_bm3d", lambda: False)
    with pytest.raises(InputError, match="bm3d is not installed; pip install bm3d"):
        Workshop(Settings()).run("bm3d", *noisy[1:])


def test_inpainters_leave_known_pixels(noisy):
    _, picture, mask = noisy
    for step in ("telea", "biharmonic"):
        filled, _ = Workshop(Settings()).run(step, picture, mask)
        np.testing.assert_array_equal(filled[~mask], picture[~mask])
        assert (filled[mask] != 255).any()
