"""Files to arrays and back, for every format: samples, orientation and metadata are kept."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageCms

from pipelines.images import Picture, read_picture, write_picture
from tests.pipelines.image_files.samples import noise

HELD_DTYPES = {".png": ("uint8", "uint16"), ".tif": ("uint8", "uint16", "float32"),
               ".tiff": ("uint8", "uint16", "float32"), ".webp": ("uint8",), ".bmp": ("uint8",)}


def icc_profile() -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()


@pytest.mark.parametrize("size", [(1, 1), (1, 9), (7, 5)])
@pytest.mark.parametrize("has_alpha", [False, True])
@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("suffix, dtype", [(suffix, dtype) for suffix, dtypes in HELD_DTYPES.items()
                                           for dtype in dtypes])
def test_round_trip_is_exact(tmp_path, suffix, dtype, channels, has_alpha, size):
    pixels = noise(size if channels == 1 else (*size, 3), dtype)
    alpha = noise(size, dtype, seed=1) if has_alpha else None
    if has_alpha:
        alpha[0, 0] = 0  # libwebp leaves out an alpha channel that is opaque all over
    write_picture(tmp_path / f"a{suffix}", pixels, like=Picture(pixels, alpha))
    read = read_picture(tmp_path / f"a{suffix}")
    # WebP has no gray at all, BMP none with alpha
    becomes_rgb = channels == 1 and (suffix == ".webp" or (suffix == ".bmp" and has_alpha))
    expected = np.repeat(pixels[..., None], 3, axis=-1) if becomes_rgb else pixels
    np.testing.assert_array_equal(read.pixels, expected, strict=True)
    if has_alpha:
        np.testing.assert_array_equal(read.alpha, alpha, strict=True)
    else:
        assert read.alpha is None
    assert not read.is_stack
    assert read.size == size

    changed = read.pixels.copy()
    changed[0, 0] = 1
    write_picture(tmp_path / f"b{suffix}", changed, like=read)
    again = read_picture(tmp_path / f"b{suffix}")
    np.testing.assert_array_equal(again.pixels, changed, strict=True)
    if has_alpha:
        np.testing.assert_array_equal(again.alpha, alpha, strict=True)


@pytest.mark.parametrize("has_alpha", [False, True])
@pytest.mark.parametrize("channels", [1, 3])
def test_other_programs_read_the_same_samples_from_16_bit_png(tmp_path, channels, has_alpha):
    """With our own reader alone, channels swapped in both directions would go unseen."""
    cv2 = pytest.importorskip("cv2")
    pixels = noise((4, 6) if channels == 1 else (4, 6, 3), "uint16")
    alpha = noise((4, 6), "uint16", seed=1) if has_alpha else None
    write_picture(tmp_path / "a.png", pixels, like=Picture(pixels, alpha))
    found = cv2.imread(str(tmp_path / "a.png"), cv2.IMREAD_UNCHANGED)
    cv2.imwrite(str(tmp_path / "b.png"), found)
    read = read_picture(tmp_path / "b.png").pixels
    if found.ndim == 2:
        np.testing.assert_array_equal(found, pixels)
        np.testing.assert_array_equal(read, pixels)
    else:  # opencv gives gray with alpha as BGRA
        colours = pixels if channels == 3 else np.repeat(pixels[..., None], 3, axis=-1)
        np.testing.assert_array_equal(found[..., [2, 1, 0]], colours)
        np.testing.assert_array_equal(read, colours)
    if has_alpha:
        np.testing.assert_array_equal(found[..., 3], alpha)


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_jpeg_without_a_jpeg_source_is_close(tmp_path, mode):
    image = Image.radial_gradient("L").convert(mode)
    pixels = np.asarray(image)
    write_picture(tmp_path / "a.jpg", pixels, like=Picture(pixels))
    read = read_picture(tmp_path / "a.jpg").pixels
    assert read.shape == pixels.shape
    assert np.abs(read.astype(int) - pixels).max() <= 4  # quality 95 on a smooth picture
    with Image.open(tmp_path / "a.jpg") as written:
        assert written.layers == (1 if mode == "L" else 3)
        assert all(layer[1:3] == (1, 1) for layer in written.layer)  # 4:4:4


@pytest.mark.parametrize("subsampling", [0, 1, 2])
@pytest.mark.parametrize("progressive", [False, True])
def test_jpeg_repeats_the_encoding_of_its_source(tmp_path, subsampling, progressive):
    image = Image.merge("RGB", [Image.radial_gradient("L"), Image.linear_gradient("L"),
                                Image.new("L", (256, 256))])
    image.save(tmp_path / "a.jpg", quality=71, subsampling=subsampling, progressive=progressive)
    picture = read_picture(tmp_path / "a.jpg")
    write_picture(tmp_path / "b.jpg", picture.pixels, like=picture)
    with Image.open(tmp_path / "a.jpg") as before, Image.open(tmp_path / "b.jpg") as after:
        assert after.quantization == before.quantization
        assert [layer[1:3] for layer in after.layer] == [layer[1:3] for layer in before.layer]
        assert after.info.get("progressive") == before.info.get("progressive")
        difference = np.abs(np.asarray(after).astype(int) - np.asarray(before))
    # Decoding to RGB rounds and clips: encoding that again may move a coefficient by a step.
    assert difference.mean() < 0.5


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
def test_icc_profile_is_kept(tmp_path, suffix):
    profile = icc_profile()
    Image.new("RGB", (5, 4), (10, 200, 30)).save(tmp_path / f"a{suffix}", icc_profile=profile)
    picture = read_picture(tmp_path / f"a{suffix}")
    assert picture.icc_profile == profile
    for target in (".png", ".jpg", ".webp", ".tif"):
        write_picture(tmp_path / f"b{target}", picture.pixels, like=picture)
        with Image.open(tmp_path / f"b{target}") as written:
            assert written.info["icc_profile"] == profile


def test_16_bit_png_keeps_profile_exif_and_resolution(tmp_path):
    exif = Image.Exif()
    exif[0x010F] = "Maker"
    pixels = noise((4, 5, 3), "uint16")
    like = Picture(pixels, icc_profile=icc_profile(), exif=exif.tobytes()[6:], dpi=(300.0, 150.0))
    write_picture(tmp_path / "a.png", pixels, like=like)
    read = read_picture(tmp_path / "a.png")
    assert (read.icc_profile, read.exif) == (like.icc_profile, like.exif)
    assert read.dpi == pytest.approx((300, 150), abs=0.02)  # PNG counts whole pixels per metre


def test_png_chunks_about_colour_and_text_are_kept_and_nothing_else(tmp_path):
    def chunk(name: bytes, content: bytes) -> bytes:
        check = struct.pack(">I", zlib.crc32(name + content))
        return struct.pack(">I", len(content)) + name + content + check

    Image.new("L", (3, 2), 7).save(tmp_path / "a.png")
    plain = (tmp_path / "a.png").read_bytes()
    kept = chunk(b"gAMA", struct.pack(">I", 45455)) + chunk(b"tEXt", b"Title\0Old photo")
    xmp = chunk(b"iTXt", b"XML:com.adobe.xmp\0\0\0\0\0<x tiff:Orientation='6'/>")
    (tmp_path / "a.png").write_bytes(plain[:33] + kept + xmp + plain[33:])
    picture = read_picture(tmp_path / "a.png")
    write_picture(tmp_path / "b.png", picture.pixels, like=picture)
    assert (tmp_path / "b.png").read_bytes() == plain[:33] + kept + plain[33:]


def oriented(path: Path, orientation: int) -> Image.Image:
    """A file with that orientation, which PNG, JPEG and WebP keep in EXIF data and TIFF in a tag."""
    corners = np.zeros((16, 24, 3), np.uint8)
    corners[:8, :12], corners[:8, 12:], corners[8:, :12] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = Image.fromarray(corners)
    options = {"quality": 95, "subsampling": 0} if path.suffix == ".jpg" else {}
    if path.suffix == ".webp":
        options = {"lossless": True}
    image.save(path, exif=exif, **options)
    return image


UPRIGHT = {1: None, 2: Image.Transpose.FLIP_LEFT_RIGHT, 3: Image.Transpose.ROTATE_180,
           4: Image.Transpose.FLIP_TOP_BOTTOM, 5: Image.Transpose.TRANSPOSE, 6: Image.Transpose.ROTATE_270,
           7: Image.Transpose.TRANSVERSE, 8: Image.Transpose.ROTATE_90}


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp", ".tif"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_orientation_is_applied_and_normalised(tmp_path, suffix, orientation):
    image = oriented(tmp_path / f"a{suffix}", orientation)
    expected = image if UPRIGHT[orientation] is None else image.transpose(UPRIGHT[orientation])
    picture = read_picture(tmp_path / f"a{suffix}")
    assert picture.size == expected.size[::-1]
    assert picture.pixels.flags.c_contiguous
    # JPEG at quality 95 keeps flat colours within a few levels; a wrong corner would be off by 255
    np.testing.assert_allclose(picture.pixels, np.asarray(expected), atol=3 if suffix == ".jpg" else 0)
    write_picture(tmp_path / f"b{suffix}", picture.pixels, like=picture)
    with Image.open(tmp_path / f"b{suffix}") as written:
        assert written.getexif().get(0x0112, 1) == 1
        assert written.size == expected.size


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".tif"])
@pytest.mark.parametrize("orientation, dpi", [(1, (300, 150)), (3, (300, 150)), (6, (150, 300))])
def test_resolution_is_kept_and_turns_with_the_picture(tmp_path, suffix, orientation, dpi):
    exif = Image.Exif()
    exif[0x0112] = orientation
    Image.new("L", (6, 4)).save(tmp_path / f"a{suffix}", dpi=(300, 150), exif=exif)
    picture = read_picture(tmp_path / f"a{suffix}")
    assert picture.dpi == pytest.approx(dpi, abs=0.02)  # PNG counts whole pixels per metre
    write_picture(tmp_path / f"b{suffix}", picture.pixels, like=picture)
    with Image.open(tmp_path / f"b{suffix}") as written:
        assert tuple(map(float, written.info["dpi"])) == pytest.approx(dpi, abs=0.02)


@pytest.mark.parametrize("suffix", [".png", ".jpg", ".webp"])
def test_orientation_tag_stays_as_1(tmp_path, suffix):
    oriented(tmp_path / f"a{suffix}", 6)
    picture = read_picture(tmp_path / f"a{suffix}")
    write_picture(tmp_path / f"b{suffix}", picture.pixels, like=picture)
    with Image.open(tmp_path / f"b{suffix}") as written:
        assert written.getexif()[0x0112] == 1


def test_content_counts_and_not_the_suffix(tmp_path):
    Image.new("RGB", (4, 3), (1, 2, 3)).save(tmp_path / "a.png", "BMP")
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png").pixels, np.full((3, 4, 3), (1, 2, 3)))
    assert read_picture(str(tmp_path / "a.png")).size == (3, 4)


@pytest.mark.parametrize("suffix", [".png", ".tif"])
def test_pixels_are_read_only_and_the_input_file_untouched(tmp_path, suffix):
    path = tmp_path / f"a{suffix}"
    Image.new("RGBA", (4, 3)).save(path)
    before = path.read_bytes(), os.stat(path).st_mtime_ns
    picture = read_picture(path)
    for values in (picture.pixels, picture.alpha):
        assert values.flags.c_contiguous
        with pytest.raises(ValueError, match="read-only"):
            values[0, 0] = 1
    write_picture(tmp_path / f"b{suffix}", picture.pixels + np.uint8(1), like=picture)
    assert (path.read_bytes(), os.stat(path).st_mtime_ns) == before


def test_tifffile_waits_until_a_tiff_comes():
    """It takes longer to import than all else here."""
    code = "import sys, pipelines.images; sys.exit('tifffile' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
