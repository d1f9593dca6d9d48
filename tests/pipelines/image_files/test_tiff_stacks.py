"""TIFF stacks keep their axes, whoever wrote them."""

from __future__ import annotations

import numpy as np
import pytest
import tifffile

from pipelines.images import read_picture, write_picture
from tests.pipelines.image_files.samples import copied, described, noise


@pytest.mark.parametrize("shape, dtype, options, expected", [
    ((2, 3, 4, 9, 8), "uint16", {"imagej": True, "resolution": (2.5, 2.5), "metadata": {
        "axes": "TZCYX", "unit": "um", "spacing": 3.0, "Info": "hello", "Labels": list("abcdef" * 4)}},
     (24, 9, 8)),
    ((5, 9, 8, 3), "uint8", {"imagej": True, "metadata": {"axes": "ZYXS"}}, (5, 9, 8, 3)),
    ((7, 9, 8), "float32", {"imagej": True, "metadata": {"axes": "TYX"}}, (7, 9, 8)),
    ((2, 3, 4, 9, 8), "uint16", {"ome": True, "metadata": {
        "axes": "TZCYX", "PhysicalSizeX": 0.1, "PhysicalSizeXUnit": "µm"}, "photometric": "minisblack"},
     (24, 9, 8)),
    ((7, 9, 8), "uint16", {"metadata": {"axes": "ZYX"}, "photometric": "minisblack"}, (7, 9, 8)),
    ((7, 9, 8), "uint8", {}, (7, 9, 8)),
    ((7, 9, 8), "uint8", {"metadata": None}, (7, 9, 8)),
    ((5, 9, 8, 3), "uint16", {"photometric": "rgb"}, (5, 9, 8, 3)),
    ((4, 9, 8, 3), "float32", {"photometric": "rgb", "metadata": {"axes": "TYXS"}}, (4, 9, 8, 3)),
    ((5, 3, 9, 8), "uint8", {"photometric": "rgb", "planarconfig": "separate"}, (5, 9, 8, 3)),
])
def test_stacks_keep_their_axes(tmp_path, shape, dtype, options, expected):
    tifffile.imwrite(tmp_path / "a.tif", noise(shape, dtype), **options)
    picture = copied(tmp_path / "a.tif")
    assert picture.is_stack
    assert picture.pixels.shape == expected
    assert described(tmp_path / "out.tif") == described(tmp_path / "a.tif")


@pytest.mark.parametrize("shape, axes", [((3, 9, 8), "TYX"), ((4, 9, 8), "ZYX"), ((5, 4, 9, 8), "TCYX")])
def test_planes_stored_as_channels_are_planes_when_the_axes_say_so(tmp_path, shape, axes):
    """What tifffile makes of three or four planes that nobody said were gray."""
    data = noise(shape)
    tifffile.imwrite(tmp_path / "a.tif", data, photometric="rgb", planarconfig="separate",
                     metadata={"axes": axes})
    picture = copied(tmp_path / "a.tif")
    assert picture.axes == "ZYX"
    np.testing.assert_array_equal(picture.pixels, data.reshape(-1, 9, 8))
    assert described(tmp_path / "out.tif") == described(tmp_path / "a.tif")


@pytest.mark.parametrize("order", ["XYZCT", "XYCZT", "XYTCZ"])
def test_ome_planes_keep_their_place_in_the_file(tmp_path, order):
    data = noise((2, 3, 4, 9, 8), "uint16")
    axes = order[::-1]
    tifffile.imwrite(tmp_path / "a.tif", data, ome=True, metadata={"axes": axes}, photometric="minisblack")
    picture = copied(tmp_path / "a.tif")
    np.testing.assert_array_equal(picture.pixels, data.reshape(-1, 9, 8))
    assert described(tmp_path / "out.tif") == described(tmp_path / "a.tif")


def test_ome_planes_that_stand_in_another_order_stay_there(tmp_path):
    data = noise((2, 9, 8), "uint16")
    description = (
        '<?xml version="1.0" encoding="UTF-8"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
        '<Image ID="Image:0"><Pixels ID="Pixels:0" DimensionOrder="XYTZC" Type="uint16" SizeX="8" SizeY="9" '
        'SizeC="1" SizeZ="1" SizeT="2"><Channel ID="Channel:0:0" SamplesPerPixel="1"/>'
        '<TiffData IFD="0" FirstT="1" PlaneCount="1"/><TiffData IFD="1" FirstT="0" PlaneCount="1"/>'
        '</Pixels></Image></OME>')
    with tifffile.TiffWriter(tmp_path / "a.tif") as file:
        file.write(data[1], description=description, metadata=None)
        file.write(data[0], metadata=None)
    np.testing.assert_array_equal(copied(tmp_path / "a.tif").pixels, data)
    assert described(tmp_path / "out.tif") == described(tmp_path / "a.tif")


def test_changed_planes_arrive_in_their_place(tmp_path):
    data = noise((2, 3, 9, 8), "uint16")
    tifffile.imwrite(tmp_path / "a.tif", data, imagej=True, metadata={"axes": "TZYX"})
    picture = read_picture(tmp_path / "a.tif")
    pixels = picture.pixels.copy()
    pixels[4] = 7
    data[1, 1] = 7
    write_picture(tmp_path / "b.tif", pixels, like=picture)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "b.tif"), data)


def test_stack_in_a_single_page_gets_its_pages(tmp_path):
    data = noise((6, 9, 8), "uint16")
    tifffile.imwrite(tmp_path / "a.tif", data, truncate=True)
    assert copied(tmp_path / "a.tif").is_stack
    assert described(tmp_path / "out.tif")[0] == ("shaped", "QYX", (6, 9, 8), np.uint16, 6)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "out.tif"), data)


@pytest.mark.parametrize("orientation", [6, 8])
def test_orientation_of_a_stack_turns_each_plane_and_the_resolution(tmp_path, orientation):
    data = noise((4, 9, 8))
    tifffile.imwrite(tmp_path / "a.tif", data, photometric="minisblack", resolution=(300, 150),
                     resolutionunit="inch", extratags=[(274, 3, 1, orientation, False)], metadata=None)
    picture = copied(tmp_path / "a.tif")
    np.testing.assert_array_equal(picture.pixels, np.rot90(data, 1 if orientation == 8 else -1, axes=(1, 2)))
    assert picture.dpi == (150, 300)
    with tifffile.TiffFile(tmp_path / "out.tif") as file:
        assert file.pages[0].tags.valueof(274, 1) == 1
        assert (file.pages[0].tags[282].value, file.pages[0].tags[283].value) == ((150, 1), (300, 1))
