"""Which files an argument means."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from pipelines.errors import InputError
from pipelines.images import list_images, mirrored_name


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name in ("b.png", "a.JPG", "notes.txt", "sub/c.tiff", "sub/deep/d.WebP", "other/a.jpg", ".hidden.png",
                 ".cache/e.png", "sub/._c.tiff", "f.png/g.bmp"):
        path = tmp_path / "photos" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (tmp_path / "photos" / "gone.png").symlink_to(tmp_path / "nowhere")
    return tmp_path / "photos"


def names(pattern: os.PathLike[str] | str) -> list[str]:
    return [str(mirrored_name(path, pattern)) for path in list_images(pattern)]


def refusal(pattern: os.PathLike[str] | str) -> str:
    with pytest.raises(InputError) as error:
        list_images(pattern)
    assert "\n" not in str(error.value)
    return str(error.value)


def test_folder_with_its_sub_folders(folder):
    """A dangling link is listed: leaving it out silently would look as if it had been done."""
    assert names(folder) == ["a.JPG", "b.png", "f.png/g.bmp", "gone.png", "other/a.jpg", "sub/c.tiff",
                             "sub/deep/d.WebP"]
    assert names(str(folder) + "/") == names(folder)
    assert all(isinstance(path, Path) for path in list_images(folder))


def test_file_of_any_name(folder):
    assert list_images(folder / "notes.txt") == [folder / "notes.txt"]
    assert names(folder / "sub" / "c.tiff") == ["c.tiff"]
    assert names(folder / "gone.png") == ["gone.png"]


@pytest.mark.parametrize("pattern, expected", [
    ("*.png", ["b.png", "gone.png"]), ("*", ["a.JPG", "b.png", "gone.png"]), ("sub/*", ["c.tiff"]),
    ("*/a.jpg", ["other/a.jpg"]), ("**/*.[bt]*", ["f.png/g.bmp", "sub/c.tiff"]), ("?.png", ["b.png"]),
    ("o*r/*", ["other/a.jpg"])])
def test_pattern(folder, pattern, expected):
    assert names(str(folder / pattern)) == expected


def test_pattern_in_the_current_folder(folder, monkeypatch):
    monkeypatch.chdir(folder)
    assert names("*.png") == ["b.png", "gone.png"]
    assert names(".") == names(folder)
    assert names("b.png") == ["b.png"]


def test_file_whose_name_looks_like_a_pattern(folder):
    (folder / "scan[1].png").touch()
    assert names(folder / "scan[1].png") == ["scan[1].png"]
    (folder / "set[1]").mkdir()
    (folder / "set[1]" / "x.png").touch()
    assert names(folder / "set[1]") == ["x.png"]


def test_nothing_there(folder):
    assert "no such file or folder" in refusal(folder / "none.png")
    assert "no image matches the pattern" in refusal(str(folder / "*.gif"))
    assert "no image matches the pattern" in refusal(str(folder / "*.txt"))
    (folder / "empty").mkdir()
    assert "the folder holds no images" in refusal(folder / "empty")


@pytest.mark.parametrize("unreadable", ["", "sub"])
def test_folder_without_permission(folder, monkeypatch, unreadable):
    """Simulated, since root may read everything. A sub-folder must not be left out silently either."""
    scandir = os.scandir

    def refuse(path):
        if Path(path) == folder / unreadable:
            raise PermissionError(13, "Permission denied", str(path))
        return scandir(path)

    monkeypatch.setattr(os, "scandir", refuse)
    message = refusal(folder)
    assert message.startswith(f"{folder / unreadable}: cannot be read (Permission denied)")
