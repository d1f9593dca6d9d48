"""python -m pipelines.detect, from picture files to masks."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from pipelines import detect
from pipelines.comparison import KIND_MARKS
from pipelines.damage import DamageSettings, find_damage
from pipelines.images import read_mask, read_picture

SIZE = (96, 128)
CLASSICAL = DamageSettings("classical")


@pytest.fixture
def scratched() -> np.ndarray:
    image = np.random.default_rng(0).normal(100, 3, (*SIZE, 3)).astype(np.uint8)
    image[40:42, 10:120] = 250
    return image


@pytest.fixture
def folder(tmp_path, scratched):
    (tmp_path / "in" / "deeper").mkdir(parents=True)
    Image.fromarray(scratched).save(tmp_path / "in" / "a.png")
    Image.fromarray(scratched[::-1]).save(tmp_path / "in" / "deeper" / "b.tif")
    return tmp_path


def run(folder, source, output, *more):
    return detect.main(["--input", str(folder / source), "--output", str(folder / output), "--detector", "classical",
                        *map(str, more)])


def files_in(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_the_mask_is_what_was_found(folder, capsys):
    assert run(folder, "in/a.png", "mask.png", "--likelihood", folder / "map.png") == 0
    found = find_damage(read_picture(folder / "in" / "a.png"), settings=CLASSICAL)
    assert found.mask[40:42, 20:110].all()
    np.testing.assert_array_equal(read_mask(folder / "mask.png", SIZE), found.mask)
    np.testing.assert_array_equal(read_picture(folder / "map.png").pixels, np.rint(found.likelihood * 255))
    counts = ", ".join(f"{kind} {count}" for kind, count in found.pixels.items() if count)
    assert capsys.readouterr().out == (f"wrote {folder / 'mask.png'}, {folder / 'map.png'}: {found.mask.mean():.1%} "
                                       f"marked ({counts} pixels)\n")


def test_the_overlay_shows_each_kind_in_its_colour(folder, scratched):
    assert run(folder, "in/a.png", "mask.png", "--overlay", folder / "seen.png") == 0
    found = find_damage(read_picture(folder / "in" / "a.png"), settings=CLASSICAL)
    seen = read_picture(folder / "seen.png").pixels
    for kind, mask in found.masks.items():
        assert (seen[mask] == KIND_MARKS[kind]).all()
    np.testing.assert_array_equal(seen[~found.mask], scratched[~found.mask])
    assert (seen[found.mask] != scratched[found.mask]).any(axis=-1).all()


def test_what_to_look_for_can_be_chosen(folder):
    assert run(folder, "in/a.png", "mask.png", "--kinds", "dust,text", "--sensitivity", "0.4") == 0
    assert not read_mask(folder / "mask.png", SIZE).any()
    assert run(folder, "in/a.png", "wide.png", "--grow", "5") == 0
    assert run(folder, "in/a.png", "narrow.png", "--grow", "0") == 0
    wide, narrow = (read_mask(folder / name, SIZE).sum() for name in ("wide.png", "narrow.png"))
    assert wide > 3 * narrow


def test_marks_of_one_colour_are_the_mask(folder, scratched):
    scratched[60:64, 20:30] = (10, 250, 0)
    Image.fromarray(scratched).save(folder / "painted.png")
    assert run(folder, "painted.png", "mask.png", "--mask-color", "0,255,0", "--tolerance", "20", "--grow", "0",
               "--overlay", folder / "seen.png") == 0
    mask = read_mask(folder / "mask.png", SIZE)
    assert mask.sum() == 40 and mask[60:64, 20:30].all()
    assert (read_picture(folder / "seen.png").pixels[mask] == (255, 0, 0)).all()


def test_too_much_damage_is_told(folder, capsys):
    assert run(folder, "in/a.png", "mask.png", "--max-ratio", "0.001") == 0
    assert "of the picture looks damaged, more than the 0% that may be" in capsys.readouterr().err


def test_a_folder_is_mirrored(folder):
    assert run(folder, "in", "masks", "--overlay", folder / "seen") == 0
    assert files_in(folder / "masks") == files_in(folder / "seen") == ["a.png", "deeper/b.png"]
    above, below = (read_mask(folder / "masks" / name, SIZE) for name in ("a.png", "deeper/b.png"))
    assert above[40, 60] and below[SIZE[0] - 41, 60]


def test_a_file_goes_into_a_folder_that_exists(folder):
    (folder / "masks").mkdir()
    assert run(folder, "in/a.png", "masks") == 0
    assert files_in(folder / "masks") == ["a.png"]


def test_a_broken_file_does_not_stop_the_others(folder, capsys):
    (folder / "in" / "broken.png").write_bytes(b"no picture")
    assert run(folder, "in", "masks") == 1
    assert files_in(folder / "masks") == ["a.png", "deeper/b.png"]
    lines = capsys.readouterr().err.splitlines()
    assert lines[0].startswith(f"error: {folder / 'in' / 'broken.png'}: ")
    assert lines[1] == "error: 1 of 3 pictures could not be searched, see above"


@pytest.mark.parametrize("source, output, more, problem", [
    ("missing.png", "mask.png", [], "no such file or folder"),
    ("in/a.png", "mask.jpg", [], "masks and overlays are written as PNG"),
    ("in/a.png", "in/a.png", [], "is the input itself, which is never overwritten"),
    ("in", "in/a.png", [], "is a file, but several pictures need a folder"),
    ("in/a.png", "mask.png", ["--overlay", "mask.png"], "is where --output goes, too"),
    ("in/a.png", "mask.png", ["--mask-color", "0,255,0"], "has no pixel within 50 of the colour 0,255,0"),
    ("in/a.png", "mask.png", ["--mask-color", "0,255,0", "--likelihood", "map.png"], "leave one out"),
    ("in/a.png", "mask.png", ["--detector", "both", "--detector-weights", "gone.npz"], "no such file"),
])
def test_bad_input_is_one_line_and_exit_2(folder, monkeypatch, capsys, source, output, more, problem):
    monkeypatch.chdir(folder)
    before = files_in(folder)
    assert detect.main(["--input", source, "--output", output, "--detector", "classical", *more]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1 and problem in error
    assert files_in(folder) == before


@pytest.mark.parametrize("arguments, problem", [
    (["--kinds", "dust,hair"], "unknown kind 'hair'; known: scratches, cracks"),
    (["--sensitivity", "2"], "expected a number from 0 to 1, received: 2"),
    (["--sensitivity", "much"], "expected a number, received: much"),
    (["--max-ratio", "0"], "expected a number above 0 and at most 1, received: 0"),
    (["--grow", "-1"], "expected a whole number from 0 to 100, received: -1"),
    (["--mask-color", "red"], "expected three whole numbers from 0 to 255 like 255,0,0, received: red"),
    (["--mask-color", "0,0,256"], "received: 0,0,256"),
    (["--tolerance", "300"], "expected a whole number from 0 to 255, received: 300"),
    (["--detector", "best"], "invalid choice: 'best'"),
])
def test_wrong_arguments(arguments, problem, capsys):
    with pytest.raises(SystemExit) as stop:
        detect.main(["--input", "a.png", "--output", "b.png", *arguments])
    assert stop.value.code == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1 and problem in error


def test_two_pictures_never_share_a_mask(folder, scratched, capsys):
    Image.fromarray(scratched).save(folder / "in" / "a.tif")
    assert run(folder, "in", "masks") == 2
    assert "would have the same result as" in capsys.readouterr().err
