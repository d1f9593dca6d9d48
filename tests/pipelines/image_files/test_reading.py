"""What reading refuses, and how the refusals read."""

from __future__ import annotations

import os
import struct
import zlib
from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from pipelines.errors import InputError
from pipelines.image_files import reading
from pipelines.images import Picture, read_picture, write_picture
from tests.pipelines.image_files.samples import noise


def refusal(path: Path, **arguments: bool) -> str:
    with pytest.raises(InputError) as error:
        read_picture(path, **arguments)
    assert str(error.value).startswith(f"{path}: ")
    assert "; " in str(error.value) and "\n" not in str(error.value)
    return str(error.value)


def test_missing_file(tmp_path):
    assert "no such file" in refusal(tmp_path / "none.png")
    (tmp_path / "file").write_text("x")
    assert "no such file" in refusal(tmp_path / "file" / "a.png")


def test_folder_where_a_file_belongs(tmp_path):
    assert "is a folder" in refusal(tmp_path)


def test_pipe_where_a_file_belongs(tmp_path):
    os.mkfifo(tmp_path / "a.png")
    assert "not a regular file" in refusal(tmp_path / "a.png")


def test_empty_file(tmp_path):
    (tmp_path / "a.png").touch()
    assert "empty (0 bytes)" in refusal(tmp_path / "a.png")


@pytest.mark.parametrize("content, found", [
    (b"Dear diary", "is not a PNG"), (b"GIF89a......", "is a GIF file"), (b"8BPS\0\1", "is a Photoshop file"),
    (b"\0\0\0\x18ftypheic", "is a HEIC, AVIF or video file"), (b"x", "is not a PNG")])
def test_other_content_named_png(tmp_path, content, found):
    (tmp_path / "a.png").write_bytes(content)
    assert found in refusal(tmp_path / "a.png")


def test_file_without_permission(tmp_path, monkeypatch):
    """Simulated, since root may read everything."""
    (tmp_path / "a.png").write_bytes(b"x")

    def refuse(*_arguments, **_options):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("builtins.open", refuse)
    assert "cannot be read (Permission denied)" in refusal(tmp_path / "a.png")


def save(path: Path, dtype: str = "uint8") -> bytes:
    pixels = noise((40, 50, 3), dtype)
    write_picture(path, pixels, like=Picture(pixels))
    return path.read_bytes()


@pytest.mark.parametrize("part", [0.001, 0.3, 0.9])
@pytest.mark.parametrize("suffix, dtype", [
    (".png", "uint8"), (".png", "uint16"), (".jpg", "uint8"), (".tif", "uint8"), (".tif", "float32"),
    (".webp", "uint8"), (".bmp", "uint8")])
def test_truncated_file(tmp_path, suffix, dtype, part):
    path = tmp_path / f"a{suffix}"
    content = save(path, dtype)
    path.write_bytes(content[:max(12, int(part * len(content)))])
    # a TIFF file whose directory is whole says how long it ought to be
    assert ("cut short" if suffix == ".tif" and part > 0.1 else "damaged") in refusal(path)


@pytest.mark.parametrize("suffix, dtype", [(".png", "uint8"), (".png", "uint16"), (".jpg", "uint8"),
                                           (".tif", "uint8"), (".webp", "uint8"), (".bmp", "uint8")])
def test_corrupt_bytes_never_give_another_error(tmp_path, suffix, dtype):
    path = tmp_path / f"a{suffix}"
    content = np.frombuffer(save(path, dtype), np.uint8)
    rng = np.random.default_rng(0)
    for _ in range(60):
        broken = content.copy()
        broken[rng.integers(0, min(len(broken), 400), 4)] = rng.integers(0, 256, 4)
        path.write_bytes(broken.tobytes())
        try:
            read_picture(path)
        except InputError as error:
            assert str(path) in str(error)


@pytest.mark.parametrize("size", [(0, 5), (5, 0)])
def test_size_of_zero(tmp_path, size):
    """TIFF files of that kind are tested with the other TIFF files."""
    Image.new("L", (1, 1)).save(tmp_path / "a.png")
    content = bytearray((tmp_path / "a.png").read_bytes())
    content[16:24] = struct.pack(">2I", *size)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    (tmp_path / "a.png").write_bytes(content)
    assert "that of a picture without pixels" in refusal(tmp_path / "a.png")


def test_animation(tmp_path):
    frames = [Image.new("RGB", (4, 3), (value, 0, 0)) for value in (0, 100, 200)]
    for suffix in (".png", ".webp"):
        frames[0].save(tmp_path / f"a{suffix}", save_all=True, append_images=frames[1:])
        assert "animation of 3 frames" in refusal(tmp_path / f"a{suffix}")


def test_jpeg_with_further_pictures_is_its_first(tmp_path):
    frames = [Image.new("RGB", (16, 16), (value, 0, 0)) for value in (250, 0)]
    frames[0].save(tmp_path / "a.jpg", "MPO", save_all=True, append_images=frames[1:])
    assert read_picture(tmp_path / "a.jpg").pixels[..., 0].min() > 240


def test_picture_that_does_not_fit_into_memory(tmp_path, monkeypatch):
    save(tmp_path / "a.tif")

    def refuse(_series):
        raise MemoryError("Unable to allocate 9 TiB")

    monkeypatch.setattr(tifffile.TiffPageSeries, "asarray", refuse)
    assert "takes more memory than there is (Unable to allocate 9 TiB)" in refusal(tmp_path / "a.tif")


# Decompression bombs

@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".webp", ".bmp"])
def test_large_pictures_need_the_flag(tmp_path, monkeypatch, suffix):
    path = tmp_path / f"a{suffix}"
    save(path)
    monkeypatch.setattr(reading, "PIXEL_LIMIT", 40 * 50)
    assert read_picture(path).size == (40, 50)
    monkeypatch.setattr(reading, "PIXEL_LIMIT", 40 * 50 - 1)
    message = refusal(path)
    assert "has 50 x 40 pixels, more than the limit of 1,999" in message
    assert "--allow-large" in message
    assert read_picture(path, allow_large=True).size == (40, 50)


def test_bomb_is_refused_by_its_declared_size(tmp_path):
    """Decoding either file would take 40 GB; both are of a few hundred bytes."""
    Image.new("RGB", (1, 1)).save(tmp_path / "a.png")
    content = bytearray((tmp_path / "a.png").read_bytes())
    content[16:24] = struct.pack(">2I", 120_000, 120_000)
    content[29:33] = struct.pack(">I", zlib.crc32(content[12:29]))
    (tmp_path / "a.png").write_bytes(content)
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((2, 2, 3), np.uint8), photometric="rgb", metadata=None)
    with tifffile.TiffFile(tmp_path / "a.tif", mode="r+b") as file:
        for code in (256, 257):
            file.pages[0].tags[code].overwrite(120_000)
    for name in ("a.png", "a.tif"):
        assert "120000 x 120000 pixels, more than the limit of 200,000,000" in refusal(tmp_path / name)


def test_stack_counts_against_the_limit_only_where_its_size_is_suspicious(tmp_path, monkeypatch):
    monkeypatch.setattr(reading, "PIXEL_LIMIT", 200 * 200)
    tifffile.imwrite(tmp_path / "plain.tif", np.zeros((10, 200, 200), np.uint8), photometric="minisblack")
    tifffile.imwrite(tmp_path / "bomb.tif", np.zeros((10, 200, 200), np.uint8), photometric="minisblack",
                     compression="zlib")
    assert read_picture(tmp_path / "plain.tif").pixels.shape == (10, 200, 200)
    assert "has 200 x 2000 pixels" in refusal(tmp_path / "bomb.tif")
    assert read_picture(tmp_path / "bomb.tif", allow_large=True).pixels.shape == (10, 200, 200)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif", ".bmp"])
def test_limit_of_pillow_is_left_alone(tmp_path, monkeypatch, suffix):
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    save(tmp_path / f"a{suffix}")
    assert read_picture(tmp_path / f"a{suffix}").size == (40, 50)
    assert Image.MAX_IMAGE_PIXELS == 10


@pytest.mark.skipif(int(Image.__version__.split(".")[0]) < 13, reason="older Pillow sets WebP no limit of its own")
def test_limit_that_pillow_insists_on_for_webp(tmp_path, monkeypatch):
    save(tmp_path / "a.webp")
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 10)
    assert "more pixels than can be read from a WebP file" in refusal(tmp_path / "a.webp")
