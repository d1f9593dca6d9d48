"""python -m pipelines.train_n2v, from image files to a model folder."""

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import tifffile

from denoise import Denoiser, DenoiserConfig
from pipelines import config, train_n2v
from pipelines.training_noise import parse_training_noise

CONFIGS = sorted(Path(train_n2v.__file__).parent.joinpath("configs").glob("n2v*.yaml"))
TINY = """
unet_n_first: 4
unet_n_depth: 1
batch_norm: false
train_epochs: 2
train_steps_per_epoch: 2
train_batch_size: 2
n2v_perc_pix: 6
n2v_patch_shape: [16, 16]
"""


@pytest.fixture
def run(tmp_path):
    """Runs the command on tmp_path/data with a tiny configuration; more arguments by position."""
    (tmp_path / "data").mkdir()
    (tmp_path / "tiny.yaml").write_text(TINY)

    def run(*arguments, output="run"):
        return train_n2v.main(["--data", str(tmp_path / "data"), "--output", str(tmp_path / output),
                               "--config", str(tmp_path / "tiny.yaml"), *arguments])
    return run


def noise(*shape):
    return np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)


def test_a_folder_of_pictures_of_all_formats(run, tmp_path, capsys):
    cv2.imwrite(str(tmp_path / "data/a.png"), noise(24, 30, 3))
    cv2.imwrite(str(tmp_path / "data/b.jpg"), noise(20, 20, 3))  # n2v itself refuses JPEG
    assert run("--seed", "3") == 0
    printed = capsys.readouterr()
    assert printed.out.startswith(f"wrote {tmp_path / 'run'}: config.json, weights_best.h5")
    assert "4 of 4 steps" in printed.out and printed.err == ""
    assert {"run.json", "config.json", "weights_best.h5", "logs"} <= {path.name for path in
                                                                      (tmp_path / "run").iterdir()}
    denoiser = Denoiser.load(tmp_path / "run")
    image = noise(9, 11, 3)
    assert denoiser.predict(image).shape == image.shape
    # again, and resumed after the end: the same
    assert run("--seed", "3", output="again") == 0 and run("--seed", "3", "--resume") == 0
    for folder in ("run", "again"):
        again = Denoiser.load(tmp_path / folder).predict(image)
        np.testing.assert_array_equal(again, denoiser.predict(image))


@pytest.mark.parametrize("axes, expected", [(None, "YXC"), ("TYX", "YXC"), ("ZYX", "ZYXC")])
def test_stacks_are_frames_or_volumes(run, tmp_path, axes, expected):
    tifffile.imwrite(tmp_path / "data/stack.tif", noise(8, 20, 24), photometric="minisblack")
    if axes == "ZYX":
        (tmp_path / "tiny.yaml").write_text(TINY.replace("[16, 16]", "[8, 16, 16]"))
    assert run(*(() if axes is None else ("--axes", axes))) == 0
    assert Denoiser.load(tmp_path / "run").axes == expected


def test_masked_damage_teaches_nothing(run, tmp_path):
    image, mask = noise(24, 24), np.zeros((24, 24), np.uint8)
    mask[10:14] = 255
    (tmp_path / "masks").mkdir()
    cv2.imwrite(str(tmp_path / "masks/a.png"), mask)
    for value, place in ((0, "masks"), (255, "masks/a.png")):
        cv2.imwrite(str(tmp_path / "data/a.png"), np.where(mask > 0, value, image))
        assert run("--mask", str(tmp_path / place), output=f"run{value}") == 0
    black, white = (Denoiser.load(tmp_path / f"run{value}").predict(image) for value in (0, 255))
    np.testing.assert_array_equal(black, white)


def test_synthetic_noise_and_gray_are_made_before_training(run, tmp_path):
    (tmp_path / "tiny.yaml").write_text(TINY + "synthetic_noise: [gaussian:10-50]\nluminance: true\n")
    flat = np.full((40, 40, 3), (0, 0, 200), np.uint8)  # blue, green, red in OpenCV
    cv2.imwrite(str(tmp_path / "data/a.png"), flat)
    assert run() == 0
    official = json.loads((tmp_path / "run/config.json").read_text())
    assert official["n_channel_in"] == 1
    assert float(official["means"][0]) == pytest.approx(0.299 * 200, abs=4)
    assert 9 < float(official["stds"][0]) < 55  # of the noise, the picture has none
    assert json.loads((tmp_path / "run/run.json").read_text())["settings"]["synthetic_noise"] == ["gaussian:10-50"]


def test_unknown_synthetic_noise_is_one_line(run, tmp_path, capsys):
    cv2.imwrite(str(tmp_path / "data/a.png"), noise(24, 24))
    (tmp_path / "tiny.yaml").write_text(TINY + "synthetic_noise: [salt:10]\n")
    assert run() == 2
    expected = "error: synthetic_noise: unknown noise 'salt'; choose gaussian or poisson-gaussian\n"
    assert capsys.readouterr().err == expected


def test_correlated_noise_is_mentioned(run, tmp_path, capsys):
    white = np.random.default_rng(0).normal(128, 60, (96, 96)).astype(np.float32)
    cv2.imwrite(str(tmp_path / "data/a.png"), cv2.GaussianBlur(white, (0, 0), 1))
    assert run() == 0
    printed = capsys.readouterr().err
    assert printed.startswith("warning: neighbouring pixels have similar noise in 1 of 1 images")


@pytest.mark.parametrize("arguments, message", [
    (["--data", "absent"], "absent: no such file or folder"),
    (["--config", "absent.yaml"], "absent.yaml: cannot be read"),
    (["--axes", "ZYX"], "a.png: has axes YX, expected ZYX"),
    (["--seconds", "0"], "--seconds: must be above 0"),
    (["--mask", "absent.png"], "absent.png"),
])
def test_wrong_input_is_one_line(run, tmp_path, capsys, arguments, message):
    cv2.imwrite(str(tmp_path / "data/a.png"), noise(24, 24))
    assert run(*arguments) == 2
    printed = capsys.readouterr()
    assert printed.err.count("\n") == 1 and printed.err.startswith("error: ") and message in printed.err
    assert printed.out == "" and not (tmp_path / "run").exists()


def test_mixed_kinds_are_named(run, tmp_path, capsys):
    cv2.imwrite(str(tmp_path / "data/a.png"), noise(24, 24))
    cv2.imwrite(str(tmp_path / "data/b.png"), noise(24, 24, 3))
    assert run() == 2
    assert "b.png: has axes YXC, expected YX" in capsys.readouterr().err


def test_a_volume_needs_a_patch_with_three_sides(run, tmp_path, capsys):
    tifffile.imwrite(tmp_path / "data/stack.tif", noise(8, 20, 24), photometric="minisblack")
    assert run("--axes", "ZYX") == 2
    assert "n2v_patch_shape [16, 16] does not fit axes ZYX" in capsys.readouterr().err


def test_a_used_output_folder_is_refused(run, tmp_path, capsys):
    cv2.imwrite(str(tmp_path / "data/a.png"), noise(24, 24))
    (tmp_path / "run").mkdir()
    (tmp_path / "run/photo.jpg").touch()
    assert run() == 2
    assert "--resume" in capsys.readouterr().err
    assert [path.name for path in (tmp_path / "run").iterdir()] == ["photo.jpg"]


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_shipped_settings_are_valid_for_n2v(path):
    settings = config.load(path, train_n2v.TrainingSettings)
    assert settings.official_settings(1, [0], [1])
    assert all(parse_training_noise(text) for text in settings.synthetic_noise)
    assert path.read_text().startswith("# python -m pipelines.train_n2v ")


def test_the_published_settings_are_those_of_the_paper():
    settings = config.load(CONFIGS[0].with_name("n2v_bsd68.yaml"), DenoiserConfig)
    assert (settings.unet_n_first, settings.train_batch_size, settings.n2v_perc_pix) == (96, 128, 0.198)
    assert (settings.train_epochs, settings.train_steps_per_epoch) == (200, 400)
    assert (settings.train_loss, settings.unet_residual, settings.n2v_neighborhood_radius) == ("mse", True, 2)
