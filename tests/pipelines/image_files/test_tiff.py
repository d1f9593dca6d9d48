"""TIFF: layouts, kinds of samples and tags."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from pipelines.errors import InputError
from pipelines.image_files import exif
from pipelines.images import read_picture, write_picture
from tests.pipelines.image_files.samples import copied, described, noise


@pytest.mark.parametrize("shape, dtype, options", [
    ((9, 8, 3), "uint16", {"photometric": "rgb", "compression": "lzw", "predictor": 2}),
    ((9, 8), "float32", {"compression": "zlib", "predictor": 3}),
    ((9, 8), "uint8", {"compression": "packbits"}),
    ((40, 50, 3), "uint8", {"photometric": "rgb", "compression": "zstd", "tile": (16, 32)}),
    ((3, 9, 8), "uint8", {"photometric": "rgb", "planarconfig": "separate"}),
    ((9, 8), "uint16", {"byteorder": ">"}),
    ((9, 8), "float32", {"byteorder": ">", "bigtiff": True}),
    ((9, 8), "uint8", {"photometric": "miniswhite"}),
    ((9, 8), "uint16", {"photometric": "miniswhite"}),
    ((9, 8, 4), "uint8", {"photometric": "rgb", "extrasamples": ["assocalpha"]}),
    ((9, 8, 4), "uint16", {"photometric": "rgb", "extrasamples": ["unassalpha"]}),
    ((9, 8, 2), "uint8", {"photometric": "minisblack", "planarconfig": "contig",
                          "extrasamples": ["unassalpha"]}),
    ((9, 8, 3), "uint8", {"photometric": "minisblack", "planarconfig": "contig"}),
    ((9, 8), "uint8", {"resolution": (300, 150), "resolutionunit": "inch", "software": "Scanner 1",
                       "description": "a caption", "datetime": "2020:01:02 03:04:05"}),
])
def test_layout_and_tags_are_kept(tmp_path, shape, dtype, options):
    tifffile.imwrite(tmp_path / "a.tif", noise(shape, dtype), metadata=None, **options)
    picture = copied(tmp_path / "a.tif")
    assert not picture.is_stack
    assert picture.pixels.dtype == dtype  # in the machine's own byte order
    assert described(tmp_path / "out.tif") == described(tmp_path / "a.tif")


def test_white_is_high_whatever_the_file_counts(tmp_path):
    data = noise((9, 8))
    tifffile.imwrite(tmp_path / "a.tif", data, photometric="miniswhite")
    np.testing.assert_array_equal(read_picture(tmp_path / "a.tif").pixels, 255 - data)


@pytest.mark.parametrize("dtype", ["int8", "int16", "int32", "uint32", "float16", "float64"])
@pytest.mark.parametrize("shape, options", [((9, 8), {}), ((9, 8, 4), {"extrasamples": ["unassalpha"]})])
def test_odd_numbers_become_float32_and_come_back(tmp_path, dtype, shape, options):
    data = noise(shape, dtype)
    photometric = "minisblack" if len(shape) == 2 else "rgb"
    tifffile.imwrite(tmp_path / "a.tif", data, photometric=photometric, **options)
    picture = read_picture(tmp_path / "a.tif")
    assert picture.pixels.dtype == np.float32
    assert (picture.alpha is None) == (len(shape) == 2)
    pixels = picture.pixels.copy()
    pixels[0, 0], pixels[0, 1] = 3, 1e30 if dtype != "float16" else 2
    write_picture(tmp_path / "b.tif", pixels, like=picture)
    written = tifffile.imread(tmp_path / "b.tif")
    highest = 2 if dtype == "float16" else np.float32(1e30) if dtype == "float64" else np.iinfo(dtype).max
    expected = data.copy()
    colours = expected if len(shape) == 2 else expected[..., :3]
    colours[0, 0], colours[0, 1] = 3, highest
    np.testing.assert_array_equal(written, expected, strict=True)


@pytest.mark.parametrize("compression", ["group3", "group4", "packbits", "raw"])
def test_one_bit_scans(tmp_path, compression):
    data = noise((9, 20), "bool")
    Image.fromarray(data).save(tmp_path / "a.tif", compression=compression)
    picture = read_picture(tmp_path / "a.tif")
    np.testing.assert_array_equal(picture.pixels, data * np.uint8(255), strict=True)
    pixels = picture.pixels.copy()
    pixels[0, :2] = 200, 100
    write_picture(tmp_path / "b.tif", pixels, like=picture)
    with Image.open(tmp_path / "b.tif") as written:
        assert written.mode == "1"
        expected = data.copy()
        expected[0, :2] = True, False
        np.testing.assert_array_equal(np.asarray(written), expected)


def test_palette_keeps_its_16_bits(tmp_path):
    colours = noise((3, 256), "uint16")
    tifffile.imwrite(tmp_path / "a.tif", noise((9, 8)), photometric="palette", colormap=colours)
    picture = copied(tmp_path / "a.tif")
    np.testing.assert_array_equal(picture.pixels, (colours >> 8).T[noise((9, 8))])
    with tifffile.TiffFile(tmp_path / "out.tif") as file:
        np.testing.assert_array_equal(file.pages[0].colormap, colours)


def test_fax_after_a_preview(tmp_path):
    preview, page = Image.new("1", (4, 4)), Image.fromarray(noise((9, 20), "bool"))
    preview.save(tmp_path / "a.tif", compression="group4", tiffinfo={254: 1}, save_all=True, append_images=[page])
    with tifffile.TiffFile(tmp_path / "a.tif", mode="r+b") as file:
        if 254 in file.pages[1].tags:  # Pillow gives it to both
            file.pages[1].tags[254].overwrite(0)
    np.testing.assert_array_equal(read_picture(tmp_path / "a.tif").pixels, np.asarray(page) * np.uint8(255))


def test_several_pages_of_fax(tmp_path):
    pages = [Image.fromarray(noise((9, 20), "bool")), Image.fromarray(~noise((9, 20), "bool"))]
    pages[0].save(tmp_path / "a.tif", compression="group4", save_all=True, append_images=pages[1:])
    picture = copied(tmp_path / "a.tif")
    np.testing.assert_array_equal(picture.pixels, [np.asarray(page) * np.uint8(255) for page in pages])
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "out.tif"), [np.asarray(page) for page in pages])


@pytest.mark.parametrize("photometric", ["minisblack", "miniswhite"])
def test_four_bits_are_spread_over_eight(tmp_path, photometric):
    packed = noise((9, 4))
    tifffile.imwrite(tmp_path / "a.tif", packed, photometric=photometric, metadata=None)
    with tifffile.TiffFile(tmp_path / "a.tif", mode="r+b") as file:
        file.pages[0].tags[256].overwrite(8)
        file.pages[0].tags[258].overwrite(4)
    levels = np.stack([packed >> 4, packed & 15], axis=-1).reshape(9, 8) * np.uint8(17)
    expected = levels if photometric == "minisblack" else 255 - levels
    picture = copied(tmp_path / "a.tif")
    np.testing.assert_array_equal(picture.pixels, expected, strict=True)
    np.testing.assert_array_equal(read_picture(tmp_path / "out.tif").pixels, expected, strict=True)


def test_private_tags_are_kept_as_they_are(tmp_path):
    tags = [(33550, 12, 3, (1.0, 2.0, 3.0), True), (34735, 3, 4, (1, 1, 0, 0), True),
            (65000, 2, 0, "mine", True)]
    tifffile.imwrite(tmp_path / "a.tif", noise((9, 8)), extratags=tags)
    copied(tmp_path / "a.tif")
    with tifffile.TiffFile(tmp_path / "out.tif") as file:
        found = file.pages[0].tags
        assert [found[code].value for code in (33550, 34735, 65000)] == [(1, 2, 3), (1, 1, 0, 0), "mine"]


@pytest.mark.parametrize("orientation", [1, 6])
def test_xmp_is_kept_unless_it_repeats_an_orientation(tmp_path, orientation):
    packet = b"<x:xmpmeta/>"
    tifffile.imwrite(tmp_path / "a.tif", noise((9, 8)), extratags=[
        (274, 3, 1, orientation, True), (700, 1, len(packet), packet, True)])
    copied(tmp_path / "a.tif")
    with tifffile.TiffFile(tmp_path / "out.tif") as file:
        assert file.pages[0].tags.valueof(700) == (packet if orientation == 1 else None)


def test_lossy_source_is_written_without_further_loss(tmp_path):
    Image.radial_gradient("L").convert("RGB").save(tmp_path / "a.tif", compression="jpeg")
    picture = copied(tmp_path / "a.tif")
    np.testing.assert_array_equal(read_picture(tmp_path / "out.tif").pixels, picture.pixels)


@pytest.mark.parametrize("pages", [[(9, 8), (4, 4)], [(4, 4), (9, 8)]])
def test_previews_are_left_out(tmp_path, pages):
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        for shape in pages:
            file.write(noise(shape), subfiletype=int(shape == (4, 4)))
    assert copied(tmp_path / "a.tif").size == (9, 8)
    with tifffile.TiffFile(tmp_path / "out.tif") as file:
        assert len(file.pages) == 1


def refusal(path: Path) -> str:
    with pytest.raises(InputError) as error:
        read_picture(path)
    assert str(error.value).startswith(f"{path}: ")
    return str(error.value)


def test_values_that_are_no_numbers_are_counted(tmp_path):
    data = noise((20, 30), "float32")
    data[0, 0], data[1, :2] = np.nan, (np.inf, -np.inf)
    tifffile.imwrite(tmp_path / "a.tif", data)
    assert "3 values that are not finite numbers (1 NaN, 2 infinite) among 600" in refusal(tmp_path / "a.tif")


def test_numbers_beyond_float32_count_as_infinite(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.array([[1e300, 1]]))
    assert "(0 NaN, 1 infinite) among 2" in refusal(tmp_path / "a.tif")


@pytest.mark.parametrize("data, options, found", [
    (np.zeros((3, 4), np.int64), {}, "samples of type int64"),
    (np.zeros((3, 4), np.complex64), {}, "samples of type complex64"),
    (np.zeros((3, 4, 2), np.uint8), {"photometric": "minisblack", "planarconfig": "contig"},
     "2 uint8 samples per pixel of the kind MINISBLACK"),
    (np.zeros((3, 4, 5), np.uint8), {"photometric": "rgb", "planarconfig": "contig"},
     "5 uint8 samples per pixel of the kind RGB"),
    (np.zeros((3, 4, 3), np.uint8), {"photometric": "cielab"}, "of the kind CIELAB"),
    (np.zeros((16, 16, 16), np.uint8), {"volumetric": True, "tile": (16, 16, 16)},
     "a whole volume in one page"),
])
def test_kinds_that_are_not_supported(tmp_path, data, options, found):
    tifffile.imwrite(tmp_path / "a.tif", data, metadata=None, **options)
    assert found in refusal(tmp_path / "a.tif")


def test_size_of_zero(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((3, 5), np.uint8), metadata=None)
    with tifffile.TiffFile(tmp_path / "a.tif", mode="r+b") as file:
        file.pages[0].tags[256].overwrite(0)
    assert "size of zero (0 x 3 pixels)" in refusal(tmp_path / "a.tif")


def test_pages_that_go_round_in_circles(tmp_path):
    """The page is followed by an empty one, which is followed by itself; tifffile alone would go on for ever."""
    tifffile.imwrite(tmp_path / "a.tif", noise((9, 8)), metadata=None)
    content = bytearray((tmp_path / "a.tif").read_bytes())
    _, position_of_next = exif.directory(content)
    empty = len(content).to_bytes(4, "little")
    content[position_of_next:position_of_next + 4] = empty
    (tmp_path / "a.tif").write_bytes(content + bytes(2) + empty)
    np.testing.assert_array_equal(read_picture(tmp_path / "a.tif").pixels, noise((9, 8)))


def test_pictures_of_different_sizes(tmp_path):
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(noise((9, 8)))
        file.write(noise((4, 4)))
    assert "holds 2 pictures of different sizes or kinds" in refusal(tmp_path / "a.tif")
