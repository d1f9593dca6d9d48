"""What writing refuses, how the refusals read, and what stands on the disk after a failure."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from pipelines.errors import InputError
from pipelines.images import SUFFIXES, Picture, check_writable, read_picture, write_picture
from tests.pipelines.image_files.samples import noise


def one_line(error: pytest.ExceptionInfo[InputError]) -> str:
    message = str(error.value)
    assert "\n" not in message
    assert message.count(": ") >= 1 and "; " in message
    return message


@pytest.mark.parametrize("suffix, like, held", [
    (".jpg", Picture(np.zeros((2, 2), np.uint16)), "uint16 samples; end the name with .png or .tif or .tiff"),
    (".webp", Picture(np.zeros((2, 2), np.uint16)), "uint16 samples"),
    (".bmp", Picture(np.zeros((2, 2), np.uint16)), "uint16 samples"),
    (".png", Picture(np.zeros((2, 2), np.float32)), "float32 samples; end the name with .tif or .tiff"),
    (".jpg", Picture(np.zeros((2, 2), np.uint8), np.zeros((2, 2), np.uint8)), "transparency"),
    (".png", Picture(np.zeros((2, 2, 2), np.uint8), is_stack=True),
     "a stack of planes; end the name with .tif or .tiff"),
    (".webp", Picture(np.zeros((1, 16384), np.uint8)), "more than 16383 pixels a side"),
    (".jpg", Picture(np.zeros((1, 65501), np.uint8)), "more than 65500 pixels a side"),
    (".jpg", Picture(np.zeros((2, 2), np.uint8), exif=bytes(70000)), "more than 65527 bytes of EXIF"),
    (".gif", Picture(np.zeros((2, 2), np.uint8)), "suffix '.gif' names no supported format"),
    ("", Picture(np.zeros((2, 2), np.uint8)), "end the name with one of .png"),
])
def test_what_a_format_cannot_hold_is_refused(tmp_path, suffix, like, held):
    for attempt in (check_writable, lambda path, like: write_picture(path, like.pixels, like=like)):
        with pytest.raises(InputError) as error:
            attempt(tmp_path / f"a{suffix}", like)
        assert held in one_line(error)
    assert not list(tmp_path.iterdir())


def writing_refusal(path: Path, like: Picture | None = None) -> str:
    with pytest.raises(InputError) as error:
        check_writable(path, like or Picture(np.zeros((2, 2), np.uint8)))
    return one_line(error)


def test_missing_output_folder(tmp_path):
    assert "there is no folder" in writing_refusal(tmp_path / "none" / "a.png")
    (tmp_path / "file").write_text("x")
    assert "there is no folder" in writing_refusal(tmp_path / "file" / "a.png")


def test_output_that_is_no_file(tmp_path):
    (tmp_path / "a.png").mkdir()
    os.mkfifo(tmp_path / "b.png")
    assert "is a folder" in writing_refusal(tmp_path / "a.png")
    assert "not a regular file" in writing_refusal(tmp_path / "b.png")


def test_output_that_is_the_input(tmp_path):
    Image.new("L", (4, 3)).save(tmp_path / "a.png")
    (tmp_path / "link.png").symlink_to(tmp_path / "a.png")
    picture = read_picture(tmp_path / "a.png")
    assert "is the input itself" in writing_refusal(tmp_path / "a.png", picture)
    assert "is the input itself" in writing_refusal(tmp_path / "link.png", picture)
    check_writable(tmp_path / "b.png", picture)


def test_output_that_is_a_link_stays_one(tmp_path):
    pixels = noise((4, 5))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "a.png").symlink_to(tmp_path / "elsewhere" / "b.png")
    for _ in range(2):  # to a file that is not there yet, and to one that is
        write_picture(tmp_path / "a.png", pixels, like=Picture(pixels))
        assert (tmp_path / "a.png").is_symlink()
        np.testing.assert_array_equal(read_picture(tmp_path / "elsewhere" / "b.png").pixels, pixels)
    assert len(list(tmp_path.iterdir())) == 2


@pytest.mark.parametrize("umask, mode", [(0o022, 0o644), (0o077, 0o600)])
def test_permissions_are_those_of_any_new_file(tmp_path, umask, mode):
    pixels = noise((4, 5))
    before = os.umask(umask)
    try:
        write_picture(tmp_path / "a.png", pixels, like=Picture(pixels))
    finally:
        os.umask(before)
    assert (tmp_path / "a.png").stat().st_mode & 0o777 == mode


def test_read_only_folder(tmp_path, monkeypatch):
    """Simulated, since root may write everywhere."""
    def refuse(path, *_arguments):
        raise PermissionError(13, "Permission denied", str(path))

    check_writable(tmp_path / "a.png", Picture(np.zeros((2, 2), np.uint8)))
    assert not list(tmp_path.iterdir())
    monkeypatch.setattr(os, "open", refuse)
    assert "cannot be written (Permission denied)" in writing_refusal(tmp_path / "a.png")


def test_write_protected_output(tmp_path, monkeypatch):
    """Simulated, since root may write everywhere."""
    (tmp_path / "a.png").touch()
    monkeypatch.setattr(os, "access", lambda path, mode: False)
    assert "is write-protected" in writing_refusal(tmp_path / "a.png")


def test_pixels_of_another_shape_or_type_are_the_callers_error(tmp_path):
    like = Picture(np.zeros((2, 3), np.uint8))
    for pixels in (np.zeros((3, 2), np.uint8), np.zeros((2, 3), np.float32)):
        with pytest.raises(ValueError, match=r"must be uint8 of shape \(2, 3\)"):
            write_picture(tmp_path / "a.png", pixels, like=like)


@pytest.mark.parametrize("suffix", SUFFIXES)
@pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
def test_failed_writing_leaves_the_old_file_and_nothing_else(tmp_path, monkeypatch, suffix, error):
    path = tmp_path / f"a{suffix}"
    pixels = noise((8, 8, 3), "uint8")
    write_picture(path, pixels, like=Picture(pixels))
    before = path.read_bytes()

    def fail(_descriptor):
        written = [file for file in tmp_path.iterdir() if file != path]
        assert len(written) == 1 and written[0].stat().st_size > 0  # it is there, under another name
        raise error

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises(KeyboardInterrupt if isinstance(error, KeyboardInterrupt) else InputError) as raised:
        write_picture(path, 255 - pixels, like=Picture(pixels))
    if isinstance(error, OSError):
        assert "cannot be written (No space left on device)" in str(raised.value)
    assert path.read_bytes() == before
    assert list(tmp_path.iterdir()) == [path]
