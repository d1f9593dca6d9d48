"""python -m pipelines.detect, from picture files to masks."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image

from pipelines import detect
from pipelines.comparison import MARK
from pipelines.damage import find_damage
from pipelines.images import read_mask, read_picture

SIZE = (96, 128)


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
    return detect.main(["--input", str(folder / source), "--output", str(folder / output), *map(str, more)])


def files_in(folder):
    return sorted(path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())


def test_the_mask_is_what_was_found(folder, capsys):
    assert run(folder, "in/a.png", "mask.png") == 0
    found = find_damage(read_picture(folder / "in" / "a.png"))
    assert found[40:42, 20:110].all()
    np.testing.assert_array_equal(read_mask(folder / "mask.png", SIZE), found)
    assert capsys.readouterr().out == f"wrote {folder / 'mask.png'}: {found.mean():.1%} marked\n"


def test_the_overlay_shows_the_damage_in_red(folder, scratched):
    assert run(folder, "in/a.png", "mask.png", "--overlay", folder / "seen.png") == 0
    found = read_mask(folder / "mask.png", SIZE)
    seen = read_picture(folder / "seen.png").pixels
    assert (seen[found] == MARK).all()
    np.testing.assert_array_equal(seen[~found], scratched[~found])


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
    ("in/a.png", "mask.png", ["--overlay", "mask.png"], "is where the mask goes, too"),
])
def test_bad_input_is_one_line_and_exit_2(folder, monkeypatch, capsys, source, output, more, problem):
    monkeypatch.chdir(folder)
    before = files_in(folder)
    assert detect.main(["--input", source, "--output", output, *more]) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and error.count("\n") == 1 and problem in error
    assert files_in(folder) == before


def test_two_pictures_never_share_a_mask(folder, scratched, capsys):
    Image.fromarray(scratched).save(folder / "in" / "a.tif")
    assert run(folder, "in", "masks") == 2
    assert "would have the same result as" in capsys.readouterr().err
