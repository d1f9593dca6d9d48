"""restore --mask auto and --mask-color, from files to files."""

import json

import numpy as np
import pytest
from PIL import Image

from pipelines import restore, restore_image
from pipelines.damage import DamageSettings, find_damage
from pipelines.images import Picture, read_mask

SIZE = (96, 128)


@pytest.fixture
def scratched(tmp_path):
    """A smooth picture with a scratch, as an array and as a file."""
    y, x = np.mgrid[:SIZE[0], :SIZE[1]]
    image = np.stack([80 + x // 3, 90 + y // 3, 100 + (x + y) // 6], axis=-1).astype(np.uint8)
    image[40:42, 10:120] = 250
    Image.fromarray(image).save(tmp_path / "in.png")
    return image


def run(folder, *arguments):
    return restore.main(["--input", str(folder / "in.png"), "--output", str(folder / "out.png"), "--detector",
                         "classical", "--inpainter", "telea", *map(str, arguments)])


def restored(folder):
    return np.asarray(Image.open(folder / "out.png"))


def test_damage_is_found_filled_and_reported(tmp_path, scratched):
    assert run(tmp_path, "--denoiser", "none", "--save-mask", "--report", tmp_path / "report.json") == 0
    found = find_damage(Picture(scratched), settings=DamageSettings("classical"))
    np.testing.assert_array_equal(read_mask(tmp_path / "out_mask.png", SIZE), found.mask)
    np.testing.assert_array_equal(restored(tmp_path)[~found.mask], scratched[~found.mask])
    assert restored(tmp_path)[40:42, 20:110].max() < 160
    entry = json.loads((tmp_path / "report.json").read_text())["files"][0]
    assert entry["damage_pixels"] == found.pixels and entry["hole_ratio"] == pytest.approx(found.mask.mean())


def test_with_noise_there_is_a_second_look_at_the_denoised_picture(tmp_path, scratched, monkeypatch):
    from pipelines.damage import DamageDetector

    noisy = np.clip(scratched + np.random.default_rng(0).normal(0, 12, scratched.shape), 0, 255).astype(np.uint8)
    Image.fromarray(noisy).save(tmp_path / "in.png")
    looked_at, find = [], DamageDetector.find

    def look(self, picture, denoised=None):
        looked_at.append(denoised)
        return find(self, picture, denoised)

    monkeypatch.setattr(DamageDetector, "find", look)
    assert run(tmp_path, "--denoiser", "self", "--denoise-seconds", "1", "--save-mask", "--report",
               tmp_path / "report.json") == 0
    first, second = looked_at
    assert first is None and second.shape == noisy.shape
    assert second[60:90].std(axis=(0, 1)).mean() < noisy[60:90].std(axis=(0, 1)).mean()
    assert second[40:42, 20:110].mean() < noisy[40:42, 20:110].mean() - 50  # what was found at first is filled
    entry = json.loads((tmp_path / "report.json").read_text())["files"][0]
    assert entry["hole_ratio"] == pytest.approx(read_mask(tmp_path / "out_mask.png", SIZE).mean())
    assert entry["seconds"]["detection"] > 0


def test_marks_of_one_colour_are_filled(tmp_path, scratched):
    scratched[60:70, 20:40] = (255, 0, 255)
    Image.fromarray(scratched).save(tmp_path / "in.png")
    assert run(tmp_path, "--denoiser", "none", "--mask-color", "255,0,255", "--tolerance", "10", "--grow", "0") == 0
    changed = (restored(tmp_path) != scratched).any(axis=-1)
    assert changed[60:70, 20:40].all() and changed.sum() == 200


def test_marks_and_a_mask_are_too_much(tmp_path, scratched, capsys):
    assert run(tmp_path, "--mask", "auto", "--mask-color", "255,0,255") == 2
    assert capsys.readouterr().err == ("error: --mask-color: says where the damage is, and --mask does, too; "
                                       "leave one out\n")


def test_erased_pixels_are_filled_and_seen(tmp_path, scratched):
    alpha = np.full(SIZE, 255, np.uint8)
    alpha[:10, :20] = 0
    Image.fromarray(np.dstack([np.where(alpha[..., np.newaxis] > 0, scratched, 0), alpha]).astype(np.uint8)
                    ).save(tmp_path / "in.png")
    assert run(tmp_path, "--denoiser", "none") == 0
    result = restored(tmp_path)
    assert (result[..., 3] == 255).all() and result[:10, :20, :3].min() > 60


def test_in_python(scratched):
    from pipelines.errors import InputError

    result = restore_image(scratched, "auto", denoiser="none", inpainter="telea")
    np.testing.assert_array_equal(result.image[~result.mask], scratched[~result.mask])
    with pytest.raises(InputError, match="mask: is 'automatic'; give an array, 'auto' or None"):
        restore_image(scratched, "automatic", denoiser="none", inpainter="telea")
