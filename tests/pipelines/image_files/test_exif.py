"""EXIF data: what is kept, byte for byte, and what becomes of orientation and thumbnail."""

from __future__ import annotations

import struct
from io import BytesIO

import numpy as np
import pytest
import tifffile
from PIL import Image

from pipelines.image_files import exif
from pipelines.images import Picture, read_picture, write_picture

EXIF, GPS, INTEROPERABILITY, MAKER_NOTE = 0x8769, 0x8825, 0xA005, 0x927C
THUMBNAIL_OFFSET, THUMBNAIL_LENGTH = 513, 514


def camera_data(orientation: int = 6, endian: str = "<") -> bytes:
    """EXIF data such as a camera writes: sub-directories, a maker note, a thumbnail at the end."""
    data = Image.Exif()
    data.endian = endian
    data[0x010E], data[0x010F], data[0x0112] = "A caption", "Maker", orientation
    data[0x011A] = 300.0
    data[EXIF] = {0x9003: "2020:01:02 03:04:05", 0x829A: (1, 250), MAKER_NOTE: b"note \1\2\3 with offsets",
                  INTEROPERABILITY: {1: "R98"}}
    data[GPS] = {1: "N", 2: (52.0, 30.0, 0.5)}
    content = bytearray(data.tobytes()[6:])
    thumbnail = BytesIO()
    Image.new("RGB", (16, 16), (1, 200, 3)).save(thumbnail, "JPEG")
    entries, position_of_next = exif.directory(content)
    assert {entry.code for entry in entries} >= {0x010E, 0x010F, 0x0112, EXIF, GPS}
    start = len(content)
    struct.pack_into(endian + "I", content, position_of_next, start)
    content += struct.pack(endian + "H", 2)
    for code, value in ((THUMBNAIL_OFFSET, start + 30), (THUMBNAIL_LENGTH, len(thumbnail.getvalue()))):
        content += struct.pack(endian + "HHII", code, 4, 1, value)
    return bytes(content + bytes(4) + thumbnail.getvalue())


def told(data: bytes) -> dict[str, object]:
    found = Image.Exif()
    found.load(b"Exif\0\0" + data)
    return {"first": {code: value for code, value in found.items() if code not in (EXIF, GPS)},
            "exif": {code: value for code, value in found.get_ifd(EXIF).items() if code != INTEROPERABILITY},
            "gps": found.get_ifd(GPS),
            "interoperability": found.get_ifd(INTEROPERABILITY) if EXIF in found else {}}


@pytest.mark.parametrize("endian", "<>")
def test_only_orientation_and_thumbnail_change(endian):
    data = camera_data(6, endian)
    orientation, kept = exif.normalised(data)
    assert orientation == 6
    assert b"\xff\xd8\xff" in data and b"\xff\xd8\xff" not in kept
    before, after = told(data), told(kept)
    assert after["first"][0x0112] == 1
    before["first"][0x0112] = 1
    assert after == before
    assert after["exif"][MAKER_NOTE] == b"note \1\2\3 with offsets"
    assert exif.directory(data)[1] == exif.directory(kept)[1]
    assert kept[exif.directory(kept)[1]:][:4] == bytes(4)  # no directory of a thumbnail follows
    assert data.index(b"note \1\2\3") == kept.index(b"note \1\2\3")  # maker notes must not move
    changed = sum(one != other for one, other in zip(data, kept))
    assert changed <= 6  # one byte of the orientation, and the offset of the thumbnail's directory


def test_thumbnail_in_the_middle_is_blanked():
    data = camera_data() + b"more"
    kept = exif.normalised(data)[1]
    assert len(kept) == len(data) and kept.endswith(b"more")
    assert b"\xff\xd8\xff" not in kept


@pytest.mark.parametrize("data", [None, b"", b"II", b"II*\0\xff\xff\xff\xff", b"nonsense, of some length",
                                  bytes(40)])
def test_what_cannot_be_read_counts_as_none(data):
    orientation, kept = exif.normalised(data)
    assert orientation == 1
    assert kept is None or kept == data == bytes(40)  # all zero is an empty directory


@pytest.mark.parametrize("orientation", [0, 9, 60000])
def test_impossible_orientation_counts_as_upright(orientation):
    assert exif.normalised(camera_data(orientation))[0] == 1


@pytest.mark.parametrize("suffix", [".jpg", ".png", ".webp"])
def test_bytes_survive_every_format_that_holds_them(tmp_path, suffix):
    data = exif.normalised(camera_data())[1]
    pixels = np.full((8, 9, 3), 100, np.uint8)
    write_picture(tmp_path / f"a{suffix}", pixels, like=Picture(pixels, exif=data))
    picture = read_picture(tmp_path / f"a{suffix}")
    assert picture.exif == data
    with Image.open(tmp_path / f"a{suffix}") as image:  # and other programs find them
        assert image.getexif().get_ifd(EXIF)[0x9003] == "2020:01:02 03:04:05"


def test_png_with_exif_after_the_pixels(tmp_path):
    pixels = np.zeros((2, 3), np.uint8)
    write_picture(tmp_path / "a.png", pixels, like=Picture(pixels, exif=camera_data(6)))
    content = (tmp_path / "a.png").read_bytes()
    start = content.index(b"eXIf") - 4
    length = int.from_bytes(content[start:start + 4], "big") + 12
    moved = content[:start] + content[start + length:-12] + content[start:start + length] + content[-12:]
    (tmp_path / "a.png").write_bytes(moved)
    assert read_picture(tmp_path / "a.png").size == (3, 2)


@pytest.mark.parametrize("endian", "<>")
def test_photo_to_tiff_and_back(tmp_path, endian):
    data = exif.normalised(camera_data(1, endian))[1]
    Image.new("RGB", (9, 8)).save(tmp_path / "a.jpg", exif=b"Exif\0\0" + data)
    photo = read_picture(tmp_path / "a.jpg")
    write_picture(tmp_path / "b.tif", photo.pixels, like=photo)
    with Image.open(tmp_path / "b.tif") as image:
        assert (image.tag_v2[0x010E], image.tag_v2[0x010F]) == ("A caption", "Maker")
    with tifffile.TiffFile(tmp_path / "b.tif") as file:
        assert all(file.pages[0].tags[code].valueoffset % 2 == 0 for code in (EXIF, GPS))
        assert file.pages[0].tags[EXIF].value["DateTimeOriginal"] == "2020:01:02 03:04:05"
        assert file.pages[0].tags[GPS].value["GPSLatitudeRef"] == "N"
        np.testing.assert_array_equal(file.asarray(), photo.pixels)

    scan = read_picture(tmp_path / "b.tif")
    write_picture(tmp_path / "c.tif", scan.pixels, like=scan)
    scan = read_picture(tmp_path / "c.tif")
    write_picture(tmp_path / "d.jpg", scan.pixels, like=scan)
    before, after = told(data), told(read_picture(tmp_path / "d.jpg").exif)
    for part in ("exif", "gps", "interoperability"):
        assert after[part] == before[part]
    assert {code: after["first"][code] for code in (0x010E, 0x010F)} == {0x010E: "A caption", 0x010F: "Maker"}


def test_tiff_stack_with_exif_keeps_all_its_pages(tmp_path):
    stack = np.arange(4 * 8 * 9, dtype=np.uint16).reshape(4, 8, 9)
    like = Picture(stack, is_stack=True, exif=exif.normalised(camera_data())[1])
    write_picture(tmp_path / "a.tif", stack, like=like)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "a.tif"), stack)
    assert told(read_picture(tmp_path / "a.tif").exif)["gps"] == told(camera_data())["gps"]


def test_description_by_software_is_no_caption(tmp_path):
    tifffile.imwrite(tmp_path / "a.tif", np.zeros((8, 9), np.uint8), metadata={"axes": "YX"})
    picture = read_picture(tmp_path / "a.tif")
    assert 0x010E not in told(picture.exif)["first"]
