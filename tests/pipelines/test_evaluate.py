"""python -m pipelines.evaluate, from clean pictures to tables and back after a kill."""

import csv
import errno
import json
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

import denoise
from pipelines import evaluate, restore_image
from pipelines.errors import InputError
from pipelines.evaluation import contact_sheet, frechet, plots, runner, systems
from pipelines.metrics import psnr
from tests.denoisers import TINY
from tests.pipelines.evaluation.test_frechet import StandIn
from tests.pipelines.evaluation.test_lpips import random_arrays
from weights.lpips_file import save_lpips

SYSTEMS = "n2v+deepfill_v2,telea,n2v+telea,telea+n2v,input"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Three clean pictures and all the weights, tiny or random."""
    folder = tmp_path_factory.mktemp("evaluate")
    (folder / "data").mkdir()
    random = np.random.RandomState(0)
    for index in range(3):
        blocks = random.randint(0, 256, (4, 5, 3)).astype(np.uint8)
        Image.fromarray(blocks.repeat(10, axis=0).repeat(10, axis=1)).save(folder / "data" / f"{index}.png")
    noise = random.randint(0, 256, (40, 52, 3)).astype(np.uint8)
    denoise.Denoiser.train([noise], axes="YXC", config=TINY).save(folder / "n2v")
    save_lpips(random_arrays(), folder / "lpips.h5", source="random")
    tf.saved_model.save(StandIn(), str(folder / "inception"))
    return folder


def run(folder, output, *arguments, inception="none", networks=SYSTEMS):
    return evaluate.main(["--data", str(folder / "data"), "--output", str(output), "--systems", networks, "--denoiser",
                          str(folder / "n2v"), "--inception", inception, *map(str, arguments)])


@pytest.fixture(scope="module")
def done(folder):
    """A run with everything, and results of "theirs" measured along."""
    theirs = folder / "theirs"
    for condition in ("gaussian-25_box-10-20", "gaussian-25_scratches"):
        (theirs / condition).mkdir(parents=True)
        for index in range(3):
            Image.open(folder / "data" / f"{index}.png").save(theirs / condition / f"{index}.bmp")
    output = folder / "full"
    assert run(folder, output, "--masks", "box:10-20,scratches", "--lpips", folder / "lpips.h5", "--results",
               f"theirs={theirs}", inception=str(folder / "inception")) == 0
    return output


@pytest.fixture
def without_plots(monkeypatch):
    """For tests that do not look at them: they take longer than all the rest."""
    monkeypatch.setattr(plots, "draw_all", lambda *_: [])
    monkeypatch.setattr(contact_sheet, "draw_contact_sheet", lambda *_: None)


def figures(output):
    return json.loads((output / "results.json").read_text())["systems"]


def pixels(path):
    return np.asarray(Image.open(path))


def test_figures_are_those_of_the_files(done):
    found = figures(done)
    assert list(found) == sorted([*SYSTEMS.split(","), "theirs"])
    for system in ("n2v+telea", "input"):
        for entry in found[system]:
            name = f"{entry['condition']}/{entry['picture']}.png"
            truth, hole = pixels(done / "truth" / f"{entry['picture']}.png"), pixels(done / "masks" / name) > 127
            image = pixels(done / ("inputs" if system == "input" else f"outputs/{system}") / name)
            assert entry["psnr"] == pytest.approx(psnr(truth, image))
            assert entry["hole_psnr"] == pytest.approx(psnr(truth, image, where=hole))
            assert entry["hole_ratio"] == hole.mean() and entry["lpips"] > entry["hole_lpips"] > 0
    for entry in found["theirs"]:
        assert (entry["psnr"], entry["ssim"], entry["l1"], entry["lpips"]) == (100, 1, 0, 0)


def test_the_order_of_the_steps(done):
    name = "gaussian-25_scratches/1.png"
    hole = pixels(done / "masks" / name) > 127
    given, inpainted = pixels(done / "inputs" / name), pixels(done / "outputs/telea" / name)
    denoised, both = pixels(done / "outputs/n2v" / name), pixels(done / "outputs/n2v+telea" / name)
    np.testing.assert_array_equal(inpainted[~hole], given[~hole])
    np.testing.assert_array_equal(both[~hole], denoised[~hole])
    assert (both[hole] != denoised[hole]).any()
    assert (pixels(done / "outputs/telea+n2v" / name)[~hole] != given[~hole]).any()


def test_two_steps_are_what_the_restoration_does_in_one(folder, done):
    """But for rounding to whole grey levels in between, which lets systems share a denoised picture."""
    name = "gaussian-25_scratches/1.png"
    mask = pixels(done / "masks" / name) > 127
    restored = restore_image(pixels(done / "inputs" / name), mask, denoiser=folder / "n2v").image.astype(int)
    difference = np.abs(pixels(done / "outputs/n2v+deepfill_v2" / name) - restored)
    assert difference[~mask].max() == 0 and difference[mask].mean() < 0.5


def test_tables_plots_and_sheets(done):
    with (done / "table.csv").open() as file:
        rows = {(row["condition"], row["bin"], row["system"]): row for row in csv.DictReader(file)}
    ours = rows["gaussian-25_scratches", "all", "n2v+deepfill_v2"]
    own = [entry for entry in figures(done)["n2v+deepfill_v2"] if entry["condition"] == "gaussian-25_scratches"]
    assert float(ours["psnr"]) == pytest.approx(np.mean([entry["psnr"] for entry in own]))
    assert float(ours["psnr_low"]) < float(ours["psnr"]) < float(ours["psnr_high"])
    assert float(rows["gaussian-25_scratches", "all", "theirs"]["fid"]) == pytest.approx(0, abs=1e-3)
    assert float(ours["fid"]) > float(ours["hole_fid"]) > 0.001
    assert float(rows["gaussian-25_scratches", "all", "theirs"]["psnr_difference"]) == pytest.approx(
        100 - float(ours["psnr"]))
    assert float(ours["seconds"]) > 0
    text = (done / "table.md").read_text()
    assert "## gaussian-25_box-10-20" in text and "Difference to n2v+deepfill_v2" in text
    for name in ("measures_gaussian-25_scratches", "hole_ratio_gaussian-25_scratches", "cases_n2v+telea"):
        picture = pixels(done / f"{name}.png")
        assert picture.std() > 20 and min(picture.shape[:2]) > 100


def test_seconds_are_those_of_all_steps(done):
    costs = json.loads((done / "costs.json").read_text())
    steps = {tuple(record["key"]): record["values"] for line in (done / "finished.jsonl").read_text().splitlines()
             for record in [json.loads(line)]}
    parts = [steps[step, "gaussian-25_scratches", "1"]["seconds"] for step in ("n2v", "n2v+telea")]
    assert costs["n2v+telea"]["gaussian-25_scratches/1.png"]["seconds"] == pytest.approx(sum(parts), abs=1e-3)
    assert "input" not in costs and "theirs" not in costs


@pytest.mark.usefixtures("without_plots")
def test_a_run_that_was_killed_goes_on(folder, done, tmp_path, monkeypatch):
    """In the middle of a step; finished ones are not done again, and the figures are the same, byte by byte."""
    calls = []
    work = systems.Workshop.run

    def killed_at_the_fifth(self, step, *arguments):
        calls.append(step)
        if len(calls) == 5:
            raise KeyboardInterrupt
        return work(self, step, *arguments)

    monkeypatch.setattr(systems.Workshop, "run", killed_at_the_fifth)
    arguments = ("--masks", "box:10-20,scratches", "--lpips", folder / "lpips.h5")
    networks = "telea,n2v+telea"
    assert run(folder, tmp_path, *arguments, networks=networks) == 130
    assert not (tmp_path / "results.json").exists()
    assert run(folder, tmp_path, *arguments, networks=networks) == 0
    assert len(calls) == 5 + 14  # 6 cases of 3 steps, of which 4 had been done
    assert (tmp_path / "manifest.json").read_bytes() == (done / "manifest.json").read_bytes()
    expected = {name: entries for name, entries in figures(done).items() if name in networks.split(",")}
    assert figures(tmp_path) == expected
    before = (tmp_path / "results.json").read_bytes()
    assert run(folder, tmp_path, *arguments, networks=networks) == 0
    assert len(calls) == 19 and (tmp_path / "results.json").read_bytes() == before


@pytest.mark.usefixtures("without_plots")
def test_a_step_that_fails_is_named_and_the_others_go_on(folder, tmp_path, monkeypatch, capsys):
    work = systems.Workshop.run

    def fails_once(self, step, pixels, mask):
        if step == "telea" and not fails_once.failed:
            fails_once.failed = True
            raise MemoryError
        return work(self, step, pixels, mask)

    fails_once.failed = False
    monkeypatch.setattr(systems.Workshop, "run", fails_once)
    assert run(folder, tmp_path, "--masks", "scratches", networks="telea,biharmonic") == 1
    assert "error: telea: gaussian-25_scratches/0.png: out of memory" in capsys.readouterr().err
    assert [len(entries) for entries in figures(tmp_path).values()] == [3, 2]
    assert run(folder, tmp_path, "--masks", "scratches", networks="telea,biharmonic") == 0
    assert [len(entries) for entries in figures(tmp_path).values()] == [3, 3]


def test_several_levels_of_noise_are_plotted(folder, tmp_path):
    assert run(folder, tmp_path, "--noise", "gaussian:5,gaussian:40", "--masks", "none", "--limit", "2",
               networks="telea,input") == 0
    assert (tmp_path / "noise_gaussian_none.png").is_file() and not list(tmp_path.glob("hole_ratio*"))
    low, high = ([entry["psnr"] for entry in figures(tmp_path)["input"] if entry["condition"] == name]
                 for name in ("gaussian-5_none", "gaussian-40_none"))
    assert min(low) > max(high)
    assert figures(tmp_path)["input"][0]["hole_psnr"] is None


@pytest.mark.usefixtures("without_plots")
def test_the_papers_suite(folder, tmp_path, capsys):
    assert evaluate.main(["--data", str(folder / "data"), "--output", str(tmp_path), "--suite", "paper", "--limit", "2",
                          "--denoiser", str(folder / "n2v"), "--inception", "none", "--masks", "box:10-20"]) == 0
    text = (tmp_path / "table.md").read_text()
    assert text in capsys.readouterr().out
    rows = {line.split("|")[1].strip(): line.split("|")[2].strip() for line in text.splitlines() if "|" in line}
    assert rows["n2v+deepfill_v2"] == "27.01"  # the last block is the published one
    assert "| deepfill_v1     | no weights |" in text and "| comodgan        | no results |" in text
    assert "here, gaussian-25_box-10-20" in text and "+17.4%" in text


@pytest.mark.usefixtures("without_plots")
def test_one_picture(folder, tmp_path, capsys):
    assert run(folder, tmp_path, "--limit", "1", networks="telea,input", inception="auto") == 0
    assert "one picture" in (tmp_path / "table.md").read_text()
    assert run(folder, tmp_path, "--limit", "1", networks="telea,input", inception=str(folder / "inception")) == 2
    assert "error: --inception: FID needs at least 2 pictures, found 1" in capsys.readouterr().err


@pytest.mark.usefixtures("without_plots")
def test_without_internet_the_rest_is_measured(folder, tmp_path, monkeypatch, capsys):
    import tensorflow_hub

    def load(module):
        raise OSError("Name or service not known")

    monkeypatch.setattr(tensorflow_hub, "load", load)
    assert run(folder, tmp_path, "--masks", "scratches", networks="telea", inception="auto") == 0
    captured = capsys.readouterr()
    assert "no Inception" in captured.out and captured.err.startswith("warning: no FID: ")


@pytest.mark.usefixtures("without_plots")
def test_few_pictures_for_fid_are_warned_of(done, folder, capsys):
    assert run(folder, done, "--masks", "box:10-20,scratches", inception=str(folder / "inception"),
               networks="input") == 0
    assert f"FID of 3 pictures is mostly bias: compare it for the same pictures only; {frechet.FEW:,}" in (
        capsys.readouterr().err)


@pytest.mark.usefixtures("without_plots")
def test_results_that_are_missing_or_misshapen(folder, tmp_path, capsys):
    theirs = tmp_path / "theirs"
    theirs.mkdir()
    Image.new("RGB", (50, 40)).save(theirs / "0.png")
    Image.new("RGB", (40, 40)).save(theirs / "1.png")
    arguments = ("--masks", "scratches", "--results", f"theirs={theirs}")
    assert run(folder, tmp_path / "output", *arguments, networks="telea") == 1
    errors = capsys.readouterr().err.splitlines()
    assert errors[0].startswith("error: theirs: no result, or several, for gaussian-25_scratches/2.png in ")
    assert "1.png: is of 40 x 40 pixels, the truth of 50 x 40; give results of the size of the inputs" in errors[1]
    assert errors[2].startswith("error: 2 pictures or results are missing")
    assert len(figures(tmp_path / "output")["theirs"]) == 1


@pytest.mark.parametrize("arguments, said", [
    (["--data", "gone"], "gone: no such file or folder"),
    (["--noise", "rain:3"], "--noise: unknown noise 'rain'"),
    (["--masks", "blobs"], "--masks: 'blobs' is no folder and no known kind"),
    (["--masks", "box,box"], "--noise, --masks: name the same twice"),
    (["--systems", "telea+unknown"], "--systems: unknown step 'unknown'"),
    (["--systems", "deepfill_v1"], "--systems: deepfill_v1: no weights; give --v1-weights FILE"),
    (["--inpainter", "gone.h5"], "gone.h5: no weights of that name and no such file"),
    (["--results", "x=gone"], "--results: 'x=gone' names no existing folder"),
    (["--results", "telea=."], "--results: 'telea' cannot be the name, or is that of another system"),
    (["--lpips", "gone.h5"], "gone.h5: cannot be read"),
    (["--inception", "."], ".: is no folder of a SavedModel"),
    (["--size", "1000"], "holds no picture that can be used"),
    (["--suite", "n2v-bsd68"], "has no folder train400")])
def test_what_cannot_be_used_is_one_line(folder, tmp_path, monkeypatch, capsys, arguments, said):
    monkeypatch.chdir(tmp_path)
    usual = {"--data": str(folder / "data"), "--output": "output", "--systems": "telea", "--inception": "none"}
    usual.update(zip(arguments[::2], arguments[1::2]))
    assert evaluate.main([part for pair in usual.items() for part in pair]) == 2
    errors = capsys.readouterr().err.splitlines()
    assert said in errors[-1] and all(line.startswith("error: ") for line in errors)
    assert len(errors) == (4 if arguments[0] == "--size" else 1)


@pytest.mark.usefixtures("without_plots")
def test_results_of_nothing(folder, tmp_path, capsys):
    (tmp_path / "empty").mkdir()
    assert run(folder, tmp_path / "output", "--masks", "centre", "--results", f"theirs={tmp_path / 'empty'}",
               networks="telea") == 2
    assert "holds no result of theirs for any input" in capsys.readouterr().err.splitlines()[-1]


@pytest.mark.usefixtures("without_plots")
def test_a_full_disk_ends_the_run(folder, tmp_path, monkeypatch, capsys):
    def write(path, pixels, like):
        raise InputError(path, "cannot be written (No space left on device)", "make room") from OSError(
            errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(runner, "write_picture", write)
    assert run(folder, tmp_path, "--masks", "scratches", networks="telea") == 2
    assert "No space left on device" in capsys.readouterr().err
    assert not (tmp_path / "finished.jsonl").exists()


@pytest.mark.parametrize("arguments", [["--size", "0"], ["--limit", "x"], ["--fraction", "-1"],
                                       ["--denoise-seconds", "inf"], ["--suite", "other"]])
def test_wrong_arguments(arguments, capsys):
    with pytest.raises(SystemExit) as caught:
        evaluate.main(["--data", "x", "--output", "y", *arguments])
    assert caught.value.code == 2 and capsys.readouterr().err.count("\n") == 1


def test_other_settings_need_another_folder(done, folder, capsys):
    assert run(folder, done, "--masks", "box:10-20,scratches", "--seed", "1") == 2
    assert "the run was begun with another" in capsys.readouterr().err
    assert Path(done, "results.json").is_file()
