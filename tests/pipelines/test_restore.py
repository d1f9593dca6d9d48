import json
import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from pipelines import restore
from tests.parity.generators import golden, official_generator
from tests.parity.recipe import generator_weights
from tests.weights.samples import write_tensorflow_checkpoint
from weights import convert_checkpoint, save_generator

SHAPE = (33, 47)


@pytest.fixture(scope="module")
def weights_file(tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "random.h5"
    save_generator(official_generator("seedB"), path)
    return path


@pytest.fixture
def picture(tmp_path):
    path = tmp_path / "picture.png"
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (*SHAPE, 3), dtype=np.uint8)).save(path)
    return path


@pytest.fixture
def mask(tmp_path):
    marks = np.zeros(SHAPE, np.uint8)
    marks[5:8, 3:40] = 255
    Image.fromarray(marks).save(tmp_path / "mask.png")
    return tmp_path / "mask.png"


def run(*arguments):
    return restore.main([str(argument) for argument in arguments])


def pixels(path):
    return np.asarray(Image.open(path))


def test_single_file_with_everything(picture, mask, weights_file, tmp_path, capsys):
    output, report = tmp_path / "out.png", tmp_path / "report.json"
    assert run("--input", picture, "--mask", mask, "--output", output, "--denoiser", "none", "--inpainter",
               weights_file, "--compare", "--save-mask", "--report", report) == 0
    hole = pixels(mask) > 127
    restored, source = pixels(output), pixels(picture)
    np.testing.assert_array_equal(restored[~hole], source[~hole])
    assert (restored[hole] != source[hole]).any()
    np.testing.assert_array_equal(pixels(tmp_path / "out_mask.png"), pixels(mask))
    compared = pixels(tmp_path / "out_compare.png")
    assert compared.shape == (SHAPE[0], 3 * SHAPE[1] + 16, 3)
    np.testing.assert_array_equal(compared[:, :SHAPE[1]], source)
    np.testing.assert_array_equal(compared[:, -SHAPE[1]:], restored)
    assert (compared[:, SHAPE[1] + 8:2 * SHAPE[1] + 8][hole] == [255, 0, 0]).all()
    content = json.loads(report.read_text())
    assert content["versions"]["tensorflow"].startswith("2.15")
    assert content["files"][0]["hole_ratio"] == pytest.approx(hole.mean())
    printed = capsys.readouterr()
    assert str(output) in printed.out and str(report) in printed.out and printed.err == ""


def test_the_official_checkpoint_converted_gives_the_official_picture(tmp_path):
    """From a TensorFlow 1 checkpoint through the command line to the golden output."""
    arrays = golden("gen_seedA_256")
    checkpoint = write_tensorflow_checkpoint(tmp_path / "snap-0", generator_weights("seedA"))
    convert_checkpoint(checkpoint, tmp_path / "official.h5")
    source = arrays["image_bgr"][0, ..., ::-1]
    Image.fromarray(source).save(tmp_path / "in.png")
    Image.fromarray(arrays["mask"][0]).save(tmp_path / "mask.png")
    assert run("--input", tmp_path / "in.png", "--mask", tmp_path / "mask.png", "--output", tmp_path / "out.png",
               "--denoiser", "none", "--inpainter", tmp_path / "official.h5") == 0
    restored, hole = pixels(tmp_path / "out.png"), arrays["mask"][0] > 127
    np.testing.assert_array_equal(restored[~hole], source[~hole])
    official = arrays["out_rgb_uint8"][0][hole].astype(int)
    # The official output is truncated where ours is rounded: up to one grey level.
    assert np.abs(restored[hole].astype(int) - official).max() <= 1


def test_a_slash_makes_the_output_a_folder(picture, tmp_path):
    assert run("--input", picture, "--mask", "none", "--denoiser", "none", "--output", f"{tmp_path}/new/") == 0
    assert (tmp_path / "new/picture.png").exists()


def test_jpeg_output_without_denoiser_is_warned_about(picture, mask, tmp_path, capsys):
    assert run("--input", picture, "--mask", mask, "--denoiser", "none", "--inpainter", "telea", "--output",
               tmp_path / "out.jpg") == 0
    assert "JPEG changes all pixels" in capsys.readouterr().err


def test_glob_and_mask_none(picture, tmp_path):
    assert run("--input", tmp_path / "pict*.png", "--mask", "none", "--output", tmp_path / "out", "--denoiser",
               "none") == 0
    np.testing.assert_array_equal(pixels(tmp_path / "out/picture.png"), pixels(picture))


def bad_float(path):
    import tifffile
    values = np.zeros(SHAPE, np.float32)
    values[3, 3] = np.nan
    tifffile.imwrite(path, values)


BAD_INPUTS = {
    "missing": (lambda path: None, "no such file"),
    "text renamed to .png": (lambda path: path.write_text("hello"), "is not a PNG, JPEG"),
    "zero bytes": (lambda path: path.write_bytes(b""), "empty"),
}


@pytest.mark.parametrize("make, message", BAD_INPUTS.values(), ids=BAD_INPUTS)
def test_bad_files_are_one_line_and_write_nothing(make, message, tmp_path, capsys):
    make(tmp_path / "in.png")
    assert_refused(["--input", tmp_path / "in.png"], message, tmp_path, capsys)


def test_truncated_jpeg(picture, tmp_path, capsys):
    path = tmp_path / "in.jpg"
    Image.open(picture).save(path)
    path.write_bytes(path.read_bytes()[:-400])
    assert_refused(["--input", path], "truncated", tmp_path, capsys)


def test_nan_in_a_float_tiff(tmp_path, capsys):
    bad_float(tmp_path / "in.tif")
    assert_refused(["--input", tmp_path / "in.tif", "--output", tmp_path / "out.tif"], "NaN", tmp_path, capsys)


def test_empty_folder_where_pictures_belong(tmp_path, capsys):
    (tmp_path / "folder").mkdir()
    assert_refused(["--input", tmp_path / "folder"], "no images", tmp_path, capsys)


def test_folder_where_a_mask_belongs(picture, tmp_path, capsys):
    (tmp_path / "masks").mkdir()
    assert_refused(["--input", picture, "--mask", tmp_path / "masks"], "no files named picture", tmp_path, capsys)


def test_mask_of_another_size(picture, tmp_path, capsys):
    Image.fromarray(np.eye(9, dtype=np.uint8) * 255).save(tmp_path / "small.png")
    assert_refused(["--input", picture, "--mask", tmp_path / "small.png"], "9 x 9", tmp_path, capsys)


@pytest.mark.parametrize("option, value, message", [
    ("--denoiser", "wishful", "no weights of that name"), ("--inpainter", "wishful", "no weights of that name"),
    ("--device", "toaster", "toaster"), ("--denoise-seconds", "0", "above 0"), ("--seed", "-1", "seed")])
def test_bad_arguments(option, value, message, picture, mask, tmp_path, capsys):
    assert_refused(["--input", picture, "--mask", mask, option, value], message, tmp_path, capsys)


def test_shipped_weights_that_have_changed(picture, mask, tmp_path, capsys, monkeypatch):
    from weights import registry
    (tmp_path / "w").mkdir()
    (tmp_path / "w/generator.h5").write_bytes(b"not what was registered")
    (tmp_path / "w/registry.yaml").write_text(
        "models:\n- {name: ours, kind: deepfill_v2, file: generator.h5, size: 23, sha256: '00', licence: x, "
        "source: x}\n")
    monkeypatch.setattr(registry, "REGISTRY_FILE", tmp_path / "w/registry.yaml")
    assert_refused(["--input", picture, "--mask", mask, "--inpainter", "ours"], "corrupt: expected sha256", tmp_path,
                   capsys)


def test_nothing_that_is_read_is_overwritten(picture, mask, tmp_path, capsys):
    before = mask.read_bytes(), picture.read_bytes()
    for option, path, message in [("--output", mask, "overwritten"), ("--report", picture, "overwritten"),
                                  ("--report", tmp_path / "out.png", "written twice")]:
        assert_refused(["--input", picture, "--mask", mask, option, path], message, tmp_path, capsys)
    assert (mask.read_bytes(), picture.read_bytes()) == before


def test_two_pictures_with_one_comparison_are_refused(picture, tmp_path, capsys):
    folder = tmp_path / "in"
    folder.mkdir()
    Image.open(picture).save(folder / "a.png")
    Image.open(picture).save(folder / "a.bmp")
    before = sorted(tmp_path.rglob("*"))
    assert run("--input", folder, "--mask", "none", "--denoiser", "none", "--output", tmp_path / "out",
               "--compare") == 2
    assert "written twice" in capsys.readouterr().err
    assert sorted(tmp_path.rglob("*")) == before


def test_missing_mask_of_a_folder_is_said_once(tmp_path, picture, capsys):
    assert run("--input", tmp_path, "--mask", tmp_path / "maks.png", "--output", tmp_path / "out") == 2
    assert "no such mask" in capsys.readouterr().err


def test_corrupt_weights(picture, mask, weights_file, tmp_path, capsys):
    cut = tmp_path / "cut.h5"
    cut.write_bytes(weights_file.read_bytes()[:100000])
    assert_refused(["--input", picture, "--mask", mask, "--inpainter", cut], "corrupt", tmp_path, capsys)


def test_output_that_cannot_be_written(picture, mask, tmp_path, capsys):
    (tmp_path / "file").write_text("in the way")
    assert_refused(["--input", picture, "--mask", mask, "--output", tmp_path / "file" / "out.png"], "cannot be made",
                   tmp_path, capsys)


def test_the_input_is_never_overwritten(picture, mask, tmp_path, capsys):
    before = picture.read_bytes()
    assert_refused(["--input", picture, "--mask", mask, "--output", picture], "never overwritten", tmp_path, capsys)
    assert picture.read_bytes() == before


def test_format_that_cannot_hold_the_picture(tmp_path, capsys):
    Image.fromarray(np.zeros(SHAPE, np.uint16)).save(tmp_path / "deep.png")
    assert_refused(["--input", tmp_path / "deep.png", "--output", tmp_path / "out.jpg"], "JPEG cannot hold", tmp_path,
                   capsys)


def assert_refused(arguments, message, folder, capsys):
    """Exit code 2, one line that holds `message`, and no new file."""
    before = sorted(folder.rglob("*"))
    defaults = ["--output", folder / "out.png", "--mask", "none", "--denoiser", "none", "--inpainter", "telea"]
    given = {str(name) for name in arguments[::2]}
    for name, value in zip(defaults[::2], defaults[1::2]):
        if name not in given:
            arguments = [*arguments, name, value]
    try:
        code = run(*arguments)
    except SystemExit as exit_error:  # argparse's own
        code = exit_error.code
    error = capsys.readouterr().err
    assert code == 2
    assert message in error
    assert error.startswith("error: ") and error.count("\n") == 1
    assert sorted(folder.rglob("*")) == before


def test_terminal_stays_quiet(picture, mask, weights_file, tmp_path):
    command = [sys.executable, "-m", "pipelines.restore", "--input", picture, "--mask", mask, "--output",
               tmp_path / "out.png", "--denoiser", "self", "--denoise-seconds", "1", "--inpainter", weights_file]
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count("\n") == 1
    lines = done.stderr.splitlines()  # at most our own: that one second was not enough
    assert all(line.startswith("warning: ") and "time was up" in line for line in lines) and len(lines) <= 1
