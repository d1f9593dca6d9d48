"""Several pictures in one call of `pipelines.restore`."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines import restore
from pipelines.restoration import Restorer


def run(*arguments):
    return restore.main([str(argument) for argument in arguments])


def test_folder_mirrors_names_and_a_broken_file_is_named_while_the_rest_is_done(tmp_path, capsys):
    source = tmp_path / "in"
    (source / "deep").mkdir(parents=True)
    masks = tmp_path / "masks"
    (masks / "deep").mkdir(parents=True)
    image = Image.fromarray(np.full((16, 16, 3), 90, np.uint8))
    hole = np.zeros((16, 16), np.uint8)
    hole[4:6] = 255
    for name in ("a.png", "deep/b.png", "no_mask.png"):
        image.save(source / name)
    (source / "broken.jpg").write_bytes(b"no picture at all")
    for name in ("a.png", "deep/b.bmp", "broken.png"):
        Image.fromarray(hole).save(masks / name)
    code = run("--input", source, "--mask", masks, "--output", tmp_path / "out", "--denoiser", "none", "--inpainter",
               "telea", "--report", tmp_path / "report.json")
    error = capsys.readouterr().err
    assert code == 1
    assert (tmp_path / "out/a.png").exists() and (tmp_path / "out/deep/b.png").exists()
    assert not (tmp_path / "out/broken.jpg").exists() and not (tmp_path / "out/no_mask.png").exists()
    assert "broken.jpg" in error and "no_mask.png" in error and "2 of 4" in error
    assert error.count("\n") == 3
    assert sum("error" in entry for entry in json.loads((tmp_path / "report.json").read_text())["files"]) == 2


@pytest.mark.parametrize("denoiser, expected", [("none", [3, 1]), ("auto", [1, 1, 1, 1])])
def test_small_pictures_of_a_folder_are_restored_together(denoiser, expected, tmp_path, monkeypatch):
    source, masks, out, together = tmp_path / "in", tmp_path / "masks", tmp_path / "out", []
    for folder in (source, masks):
        folder.mkdir()
    random = np.random.default_rng(5)
    holes = {}
    for index, shape in enumerate([(24, 32), (24, 32), (24, 32), (24, 40)]):
        rows, columns = np.mgrid[:shape[0], :shape[1]]
        Image.fromarray(np.uint8(60 + 5 * index + rows + columns)).convert("RGB").save(source / f"{index}.png")
        holes[index] = random.random(shape) < 0.1 * index
        Image.fromarray(np.uint8(holes[index] * 255)).save(masks / f"{index}.png")
    finish = Restorer.finish
    monkeypatch.setattr(Restorer, "finish", lambda self, prepared: together.append(len(prepared))
                        or finish(self, prepared))
    assert run("--input", source, "--mask", masks, "--denoiser", denoiser, "--inpainter", "telea", "--output", out,
               "--report", tmp_path / "report.json") == 0
    assert together == expected
    entries = json.loads((tmp_path / "report.json").read_text())["files"]
    for index, entry in enumerate(entries):
        before, after = (np.asarray(Image.open(folder / f"{index}.png")) for folder in (source, out))
        np.testing.assert_array_equal(before[~holes[index]], after[~holes[index]])
        assert Path(entry["input"]).name == f"{index}.png" and entry["hole_ratio"] == holes[index].mean()


def test_an_unexpected_error_in_a_folder_names_the_file_and_the_rest_is_done(tmp_path, monkeypatch, capsys):
    for name in ("a.png", "b.png"):
        Image.new("RGB", (8, 8), 90).save(tmp_path / name)
    untouched = Restorer.prepare

    def stumble(self, picture, mask, edges):
        if picture.path.name == "a.png":
            raise ValueError("training diverged")
        return untouched(self, picture, mask, edges)

    monkeypatch.setattr(Restorer, "prepare", stumble)
    assert run("--input", tmp_path, "--mask", "none", "--denoiser", "none", "--output", tmp_path / "out") == 1
    assert "a.png: training diverged" in capsys.readouterr().err
    assert (tmp_path / "out/b.png").exists()


def test_an_interrupted_folder_leaves_a_report_of_what_was_done(tmp_path, monkeypatch):
    for name, size in (("a.png", 8), ("b.png", 9)):
        Image.new("RGB", (size, size), 90).save(tmp_path / name)
    untouched = Restorer.prepare

    def interrupt(self, picture, mask, edges):
        if picture.path.name == "b.png":
            raise KeyboardInterrupt
        return untouched(self, picture, mask, edges)

    monkeypatch.setattr(Restorer, "prepare", interrupt)
    report = tmp_path / "report.json"
    assert run("--input", tmp_path, "--mask", "none", "--denoiser", "none", "--output", tmp_path / "out",
               "--report", report) == 130
    assert [Path(entry["input"]).name for entry in json.loads(report.read_text())["files"]] == ["a.png"]
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a.png"]


def test_results_of_an_earlier_run_inside_the_input_folder_are_no_inputs(tmp_path):
    Image.new("RGB", (8, 8), 90).save(tmp_path / "picture.png")
    for _ in range(2):
        assert run("--input", tmp_path, "--mask", "none", "--denoiser", "none", "--output", tmp_path / "out") == 0
    assert [path.name for path in (tmp_path / "out").rglob("*")] == ["picture.png"]
