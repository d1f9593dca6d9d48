"""1-bit, palette and CMYK pictures: pixels that did not change keep their samples, others are converted."""

from __future__ import annotations

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
import tifffile
from PIL import Image, ImageCms

from pipelines.image_files import colours
from pipelines.images import read_picture, write_picture
from tests.pipelines.image_files.samples import cmyk_profile, noise


def pixels_and_mode(path) -> tuple[np.ndarray, str]:
    with Image.open(path) as image:
        return np.asarray(image), image.mode


@pytest.mark.parametrize("suffix", [".png", ".bmp"])
def test_one_bit_stays_one_bit(tmp_path, suffix):
    data = noise((9, 20), "bool")
    Image.fromarray(data).save(tmp_path / f"a{suffix}")
    picture = read_picture(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(picture.pixels, data * np.uint8(255), strict=True)
    pixels = picture.pixels.copy()
    pixels[0, :2] = 128, 127
    write_picture(tmp_path / f"b{suffix}", pixels, like=picture)
    data[0, :2] = True, False
    written, mode = pixels_and_mode(tmp_path / f"b{suffix}")
    assert mode == "1"
    np.testing.assert_array_equal(written, data)


def test_one_bit_becomes_gray_where_the_format_has_no_bits(tmp_path):
    Image.fromarray(noise((9, 20), "bool")).save(tmp_path / "a.png")
    picture = read_picture(tmp_path / "a.png")
    write_picture(tmp_path / "b.jpg", picture.pixels, like=picture)
    assert pixels_and_mode(tmp_path / "b.jpg")[1] == "L"


@pytest.mark.parametrize("bits", [2, 4])
def test_few_grays_are_spread_over_the_range(tmp_path, bits):
    levels = np.arange(2**bits, dtype=np.uint8)
    packed = np.packbits(np.unpackbits(levels[:, None], axis=1)[:, -bits:].ravel()).tobytes()
    content = [struct.pack(">2I5B", 2**bits, 1, bits, 0, 0, 0, 0), zlib.compress(b"\0" + packed), b""]
    png = b"".join(struct.pack(">I", len(part)) + name + part + struct.pack(">I", zlib.crc32(name + part))
                   for name, part in zip((b"IHDR", b"IDAT", b"IEND"), content))
    (tmp_path / "a.png").write_bytes(b"\x89PNG\r\n\x1a\n" + png)
    expected = levels[None] * np.uint8(255 // (2**bits - 1))
    np.testing.assert_array_equal(read_picture(tmp_path / "a.png").pixels, expected, strict=True)


def palette_image() -> Image.Image:
    image = Image.frombytes("P", (8, 9), (noise((9, 8)) % 5).tobytes())
    image.putpalette(noise((5, 3), seed=1).tobytes())
    return image


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif"])
def test_palette_is_kept_while_nothing_changes(tmp_path, suffix):
    image = palette_image()
    image.save(tmp_path / f"a{suffix}")
    picture = read_picture(tmp_path / f"a{suffix}")
    np.testing.assert_array_equal(picture.pixels, np.asarray(image.convert("RGB")), strict=True)
    write_picture(tmp_path / f"b{suffix}", picture.pixels, like=picture)
    indices, mode = pixels_and_mode(tmp_path / f"b{suffix}")
    assert mode == "P"
    np.testing.assert_array_equal(indices, np.asarray(image))
    with Image.open(tmp_path / f"a{suffix}") as before, Image.open(tmp_path / f"b{suffix}") as after:
        assert after.getpalette() == before.getpalette()


@pytest.mark.parametrize("suffix", [".png", ".bmp", ".tif"])
def test_palette_with_a_new_colour_becomes_rgb(tmp_path, suffix):
    image = palette_image()
    image.save(tmp_path / f"a{suffix}")
    picture = read_picture(tmp_path / f"a{suffix}")
    pixels = picture.pixels.copy()
    pixels[3, 4] = 1, 2, 3
    write_picture(tmp_path / f"b{suffix}", pixels, like=picture)
    written, mode = pixels_and_mode(tmp_path / f"b{suffix}")
    assert mode == "RGB"
    np.testing.assert_array_equal(written, pixels)


@pytest.mark.parametrize("transparency", [2, bytes([0, 128, 255])])
def test_palette_with_transparency(tmp_path, transparency):
    image = palette_image()
    image.save(tmp_path / "a.png", transparency=transparency)
    with Image.open(tmp_path / "a.png") as opened:
        expected = np.asarray(opened.convert("RGBA"))
    picture = read_picture(tmp_path / "a.png")
    np.testing.assert_array_equal(picture.pixels, expected[..., :3])
    np.testing.assert_array_equal(picture.alpha, expected[..., 3])
    for pixels, mode in ((picture.pixels, "P"), (picture.pixels ^ np.uint8(1), "RGBA")):
        write_picture(tmp_path / "b.png", pixels, like=picture)
        with Image.open(tmp_path / "b.png") as written:
            assert written.mode == mode
            np.testing.assert_array_equal(np.asarray(written.convert("RGBA"))[..., 3], expected[..., 3])
            np.testing.assert_array_equal(np.asarray(written.convert("RGBA"))[..., :3], pixels)


@pytest.mark.parametrize("mode, key", [("L", 7), ("RGB", (7, 7, 7)), ("1", 0)])
def test_transparent_colour_becomes_alpha(tmp_path, mode, key):
    image = Image.new(mode, (3, 2), key)
    image.putpixel((1, 1), (1, 2, 3) if mode == "RGB" else 255)
    image.save(tmp_path / "a.png", transparency=key)
    picture = read_picture(tmp_path / "a.png")
    np.testing.assert_array_equal(picture.alpha, [[0, 0, 0], [0, 255, 0]])
    write_picture(tmp_path / "b.png", picture.pixels, like=picture)
    assert pixels_and_mode(tmp_path / "b.png")[1] == ("RGBA" if mode == "RGB" else "LA")


def test_cmyk_pixels_follow_the_plain_formula(tmp_path):
    inks = np.array([[[0, 0, 0, 0], [255, 0, 0, 0], [0, 0, 0, 255], [0, 255, 0, 128], [51, 102, 204, 51]]],
                    np.uint8)
    Image.frombytes("CMYK", (5, 1), inks.tobytes()).save(tmp_path / "a.tif")
    expected = [[[255, 255, 255], [0, 255, 255], [0, 0, 0], [127, 0, 127], [163, 122, 41]]]
    np.testing.assert_array_equal(read_picture(tmp_path / "a.tif").pixels, expected)


@pytest.mark.parametrize("profile", [None, cmyk_profile()])
def test_cmyk_tiff_keeps_the_inks_of_all_pixels_but_the_changed(tmp_path, profile):
    inks = noise((9, 8, 4))
    Image.frombytes("CMYK", (8, 9), inks.tobytes()).save(tmp_path / "a.tif", icc_profile=profile)
    picture = read_picture(tmp_path / "a.tif")
    pixels = picture.pixels.copy()
    pixels[3:5, 2:4] = (90, 120, 60)
    write_picture(tmp_path / "b.tif", pixels, like=picture)
    written, mode = pixels_and_mode(tmp_path / "b.tif")
    assert mode == "CMYK"
    changed = (pixels != picture.pixels).any(axis=-1)
    assert changed.sum() == 4
    np.testing.assert_array_equal(written[~changed], inks[~changed])
    assert (written[changed] != inks[changed]).any(axis=-1).all()
    again = read_picture(tmp_path / "b.tif")
    assert again.icc_profile == profile
    if profile is None:  # inks of 8 bits: each step of black makes one step of colour
        np.testing.assert_allclose(again.pixels[changed].astype(int), pixels[changed], atol=1)


@pytest.mark.parametrize("mode", ["CMYK", "P", "1"])
def test_bands_do_not_show(tmp_path, monkeypatch, mode):
    """Large pictures are converted some rows at a time."""
    image = Image.frombytes("CMYK", (8, 9), noise((9, 8, 4)).tobytes())
    (image if mode == "CMYK" else image.convert("RGB").convert(mode)).save(tmp_path / "a.tif")
    whole = read_picture(tmp_path / "a.tif")
    monkeypatch.setattr(colours, "_BAND_PIXELS", 8 * 4)
    picture = read_picture(tmp_path / "a.tif")
    np.testing.assert_array_equal(picture.pixels, whole.pixels)
    pixels = picture.pixels.copy()
    pixels[1::5, 3] = 40
    write_picture(tmp_path / "b.tif", pixels, like=picture)
    monkeypatch.undo()
    write_picture(tmp_path / "c.tif", pixels, like=picture)
    assert (tmp_path / "b.tif").read_bytes() == (tmp_path / "c.tif").read_bytes()


def test_new_inks_keep_as_much_black_as_the_colour_allows(tmp_path):
    inks = np.array([[[10, 20, 30, 100], [0, 0, 0, 0], [0, 0, 0, 255]]], np.uint8)
    Image.frombytes("CMYK", (3, 1), inks.tobytes()).save(tmp_path / "a.tif")
    picture = read_picture(tmp_path / "a.tif")
    pixels = np.full((1, 3, 3), (100, 80, 60), np.uint8)
    write_picture(tmp_path / "b.tif", pixels, like=picture)
    written, _ = pixels_and_mode(tmp_path / "b.tif")
    np.testing.assert_array_equal(written[..., 3], [[100, 0, 155]])
    np.testing.assert_allclose(read_picture(tmp_path / "b.tif").pixels.astype(int), pixels, atol=1)


def test_cmyk_profile_gives_the_colours(tmp_path):
    profile = cmyk_profile()
    inks = noise((9, 8, 4))
    image = Image.frombytes("CMYK", (8, 9), inks.tobytes())
    image.save(tmp_path / "a.tif", icc_profile=profile)
    expected = ImageCms.profileToProfile(
        image, ImageCms.ImageCmsProfile(BytesIO(profile)), ImageCms.createProfile("sRGB"), outputMode="RGB",
        renderingIntent=ImageCms.Intent.RELATIVE_COLORIMETRIC, flags=ImageCms.Flags.BLACKPOINTCOMPENSATION)
    pixels = read_picture(tmp_path / "a.tif").pixels
    np.testing.assert_array_equal(pixels, np.asarray(expected))
    image.save(tmp_path / "plain.tif")
    assert np.abs(read_picture(tmp_path / "plain.tif").pixels.astype(int) - pixels).mean() > 20


def test_profile_of_inks_does_not_go_with_rgb(tmp_path):
    for profile in (cmyk_profile(), b"no profile at all"):
        image = Image.frombytes("CMYK", (8, 9), noise((9, 8, 4)).tobytes())
        image.save(tmp_path / "a.tif", icc_profile=profile)
        picture = read_picture(tmp_path / "a.tif")
        assert picture.icc_profile == profile
        write_picture(tmp_path / "b.png", picture.pixels, like=picture)
        with Image.open(tmp_path / "b.png") as written:
            assert written.mode == "RGB"
            assert "icc_profile" not in written.info


@pytest.mark.parametrize("dtype", ["uint8", "uint16"])
def test_cmyk_with_alpha(tmp_path, dtype):

    inks = noise((9, 8, 5), dtype)
    tifffile.imwrite(tmp_path / "a.tif", inks, photometric="separated", extrasamples=["unassalpha"])
    picture = read_picture(tmp_path / "a.tif")
    np.testing.assert_array_equal(picture.alpha, inks[..., 4], strict=True)
    assert picture.alpha.flags.c_contiguous
    pixels = picture.pixels.copy()
    pixels[0, 0] ^= 1
    write_picture(tmp_path / "b.tif", pixels, like=picture)
    written = tifffile.imread(tmp_path / "b.tif")
    np.testing.assert_array_equal(written[1:], inks[1:], strict=True)
    np.testing.assert_array_equal(written[..., 4], inks[..., 4])
    again = read_picture(tmp_path / "b.tif").pixels
    np.testing.assert_allclose(again[0, 0].astype(int), pixels[0, 0], atol=1)


def smooth_inks() -> Image.Image:
    ramp = Image.linear_gradient("L").resize((64, 64))
    return Image.merge("CMYK", [ramp, ramp.rotate(90), ramp.rotate(180), Image.new("L", (64, 64), 20)])


def test_cmyk_jpeg(tmp_path):
    image = smooth_inks()
    image.save(tmp_path / "a.jpg", quality=95)
    picture = read_picture(tmp_path / "a.jpg")
    # the same picture without compression; JPEG moves smooth ramps by a few levels
    image.save(tmp_path / "a.tif")
    np.testing.assert_allclose(picture.pixels.astype(int), read_picture(tmp_path / "a.tif").pixels, atol=8)
    pixels = picture.pixels.copy()
    pixels[24:40, 24:40] = 200
    write_picture(tmp_path / "b.jpg", pixels, like=picture)
    written, mode = pixels_and_mode(tmp_path / "b.jpg")
    assert mode == "CMYK"
    before, _ = pixels_and_mode(tmp_path / "a.jpg")
    # blocks beyond the change are encoded again from what they decoded to, with the same tables
    assert np.abs(written[:16].astype(int) - before[:16]).max() <= 2
    assert np.abs(read_picture(tmp_path / "b.jpg").pixels[28:36, 28:36].astype(int) - 200).max() <= 8
    with Image.open(tmp_path / "a.jpg") as source, Image.open(tmp_path / "b.jpg") as target:
        assert target.quantization == source.quantization


def test_cmyk_jpeg_without_adobes_mark_is_not_inverted(tmp_path):
    image = smooth_inks()
    inverted = Image.merge("CMYK", [channel.point(lambda value: 255 - value) for channel in image.split()])
    inverted.save(tmp_path / "marked.jpg", quality=95)
    content = (tmp_path / "marked.jpg").read_bytes()
    start = content.index(b"\xff\xee")
    length = int.from_bytes(content[start + 2:start + 4], "big")
    assert content[start + 4:start + 9] == b"Adobe"
    (tmp_path / "a.jpg").write_bytes(content[:start] + content[start + 2 + length:])
    image.save(tmp_path / "b.jpg", quality=95)
    picture = read_picture(tmp_path / "a.jpg")
    expected = read_picture(tmp_path / "b.jpg").pixels
    np.testing.assert_allclose(picture.pixels.astype(int), expected, atol=8)
    write_picture(tmp_path / "c.jpg", picture.pixels, like=picture)
    np.testing.assert_allclose(read_picture(tmp_path / "c.jpg").pixels.astype(int), expected, atol=8)


def test_jpeg_that_keeps_rgb_is_written_as_such(tmp_path):
    image = Image.fromarray(noise((16, 16, 3)))
    image.save(tmp_path / "a.jpg", quality=100, keep_rgb=True)
    picture = read_picture(tmp_path / "a.jpg")
    write_picture(tmp_path / "b.jpg", picture.pixels, like=picture)
    with Image.open(tmp_path / "b.jpg") as written:
        assert written.info["adobe_transform"] == 0
    assert np.abs(read_picture(tmp_path / "b.jpg").pixels.astype(int) - picture.pixels).max() <= 2
