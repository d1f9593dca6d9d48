"""Masks: whatever they were painted with, and whatever is wrong with them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import tifffile
from PIL import Image

from pipelines.errors import InputError
from pipelines.image_files import reading
from pipelines.images import read_mask, write_mask
from tests.pipelines.image_files.samples import noise

SIZE = (40, 60)


def holes() -> np.ndarray:
    mask = np.zeros(SIZE, bool)
    mask[5:9, 10:50], mask[20:35, 30:34] = True, True
    return mask


def assert_read(path: Path, expected: np.ndarray | None = None, **arguments: bool) -> None:
    mask = read_mask(path, SIZE, **arguments)
    assert mask.dtype == bool
    np.testing.assert_array_equal(mask, holes() if expected is None else expected)


def refusal(path: Path, size: tuple[int, int] = SIZE, **arguments: bool) -> str:
    with pytest.raises(InputError) as error:
        read_mask(path, size, **arguments)
    assert str(error.value).startswith(f"{path}: ") and "\n" not in str(error.value)
    return str(error.value)


def white_on_black() -> Image.Image:
    return Image.fromarray(holes() * np.uint8(255))


@pytest.mark.parametrize("mode", ["L", "1", "P", "RGB", "RGBA", "LA", "I;16"])
def test_modes_of_png(tmp_path, mode):
    image = Image.fromarray(holes() * np.uint16(65535)) if mode == "I;16" else white_on_black().convert(mode)
    image.save(tmp_path / "mask.png")
    assert_read(tmp_path / "mask.png")
    assert_read(tmp_path / "mask.png", ~holes(), invert=True)


@pytest.mark.parametrize("suffix, mode", [(".tif", "L"), (".tif", "1"), (".tif", "CMYK"), (".bmp", "L"),
                                          (".bmp", "1"), (".webp", "RGB")])
def test_other_formats(tmp_path, suffix, mode):
    white_on_black().convert(mode).save(tmp_path / f"mask{suffix}")
    assert_read(tmp_path / f"mask{suffix}")


@pytest.mark.parametrize("highest", [1, 255, 65535])
def test_floats_of_any_usual_range(tmp_path, highest):
    tifffile.imwrite(tmp_path / "mask.tif", holes() * np.float32(highest))
    assert_read(tmp_path / "mask.tif")


@pytest.mark.parametrize("quality", [95, 75, 50])
def test_jpeg_with_ringing(tmp_path, quality):
    image = white_on_black().resize((600, 400), Image.Resampling.NEAREST)
    image.save(tmp_path / "mask.jpg", quality=quality)
    with Image.open(tmp_path / "mask.jpg") as saved:
        assert len(np.unique(np.asarray(saved))) > 2
    mask = read_mask(tmp_path / "mask.jpg", (400, 600))
    np.testing.assert_array_equal(mask, np.asarray(image) > 127)


@pytest.mark.parametrize("level, is_hole", [(127, False), (128, True)])
def test_threshold(tmp_path, level, is_hole):
    data = np.zeros(SIZE, np.uint8)
    data[0, 0] = level
    Image.fromarray(data).save(tmp_path / "mask.png")
    assert read_mask(tmp_path / "mask.png", SIZE)[0, 0] == is_hole


def test_threshold_when_inverted(tmp_path):
    data = ~holes() * np.uint8(255)
    data[38, :4] = 10, 127, 128, 240
    Image.fromarray(data).save(tmp_path / "mask.png")
    expected = holes()
    expected[38, :4] = True, True, False, False
    assert_read(tmp_path / "mask.png", expected, invert=True)


def test_strokes_of_any_colour_on_black(tmp_path):
    data = np.zeros((*SIZE, 3), np.uint8)
    data[holes()] = 255, 0, 0
    Image.fromarray(data).save(tmp_path / "mask.png")
    assert_read(tmp_path / "mask.png")


def layer(colours: np.ndarray, opacity: np.ndarray) -> Image.Image:
    return Image.fromarray(np.concatenate([colours, opacity[..., None]], axis=-1))


@pytest.mark.parametrize("below", [0, 255, 77])
@pytest.mark.parametrize("colour", [(255, 255, 255), (0, 0, 0), (250, 20, 30)])
def test_strokes_on_a_transparent_layer(tmp_path, colour, below):
    """Opaque is a hole, whatever colour lies unseen in the transparent part."""
    colours = np.full((*SIZE, 3), below, np.uint8)
    colours[holes()] = colour
    layer(colours, holes() * np.uint8(255)).save(tmp_path / "mask.png")
    assert_read(tmp_path / "mask.png")


def test_mask_in_alpha_alone(tmp_path):
    for value in (0, 255):
        layer(np.full((*SIZE, 3), value, np.uint8), holes() * np.uint8(255)).save(tmp_path / "mask.png")
        assert_read(tmp_path / "mask.png")


def test_damage_erased_from_a_photo(tmp_path):
    """Transparent is a hole, whether or not the editor kept the colours there."""
    for erased in (noise((*SIZE, 3)), noise((*SIZE, 3)) * ~holes()[..., None]):
        layer(erased, ~holes() * np.uint8(255)).save(tmp_path / "mask.png")
        assert_read(tmp_path / "mask.png")


def test_black_and_white_mask_with_a_transparent_part(tmp_path):
    """Opaque white is a hole; the transparent part, white beneath, is none."""
    colours = np.repeat((holes() * np.uint8(255))[..., None], 3, axis=-1)
    opacity = np.full(SIZE, 255, np.uint8)
    opacity[:, 55:], colours[:, 55:] = 0, 255
    layer(colours, opacity).save(tmp_path / "mask.png")
    assert_read(tmp_path / "mask.png")


def test_alpha_that_is_the_same_everywhere_says_nothing(tmp_path):
    for opacity in (255, 0, 100):
        colours = np.repeat((holes() * np.uint8(255))[..., None], 3, axis=-1)
        layer(colours, np.full(SIZE, opacity, np.uint8)).save(tmp_path / "mask.png")
        assert_read(tmp_path / "mask.png")


def test_empty_mask_is_fine(tmp_path):
    Image.new("L", SIZE[::-1]).save(tmp_path / "mask.png")
    assert not read_mask(tmp_path / "mask.png", SIZE).any()


def test_mask_of_another_size(tmp_path):
    white_on_black().save(tmp_path / "mask.png")
    assert "a mask of 60 x 40 pixels for a picture of 40 x 60" in refusal(tmp_path / "mask.png", (60, 40))


def test_photo_instead_of_a_mask(tmp_path):
    data = np.arange(40 * 60, dtype=np.uint16).reshape(SIZE).astype(np.uint8)
    Image.fromarray(data).save(tmp_path / "mask.png")
    share = 9 * 192 + 64  # of each round of 256 levels, and of the 96 levels of the last
    assert f"is not a mask: {share / 2400:.1%} of its pixels are grey" in refusal(tmp_path / "mask.png")


@pytest.mark.parametrize("count, is_mask", [(48, True), (49, False)])  # 2 % of 2400
@pytest.mark.parametrize("level", [32, 223])
def test_share_of_grey(tmp_path, count, is_mask, level):
    data = holes() * np.uint8(255)
    data[38:].flat[:count] = level
    Image.fromarray(data).save(tmp_path / "mask.png")
    if is_mask:
        read_mask(tmp_path / "mask.png", SIZE)
    else:
        assert ("2.0% of its pixels are grey (between 32 and 223 of 255; at most 2% may be)"
                in refusal(tmp_path / "mask.png"))


@pytest.mark.parametrize("level", [31, 224])
def test_nearly_black_and_nearly_white_are_not_grey(tmp_path, level):
    data = holes() * np.uint8(255)
    data[38:] = level
    Image.fromarray(data).save(tmp_path / "mask.png")
    read_mask(tmp_path / "mask.png", SIZE)


def test_mask_that_leaves_nothing(tmp_path):
    Image.new("L", SIZE[::-1], 255).save(tmp_path / "white.png")
    Image.new("L", SIZE[::-1], 0).save(tmp_path / "black.png")
    message = refusal(tmp_path / "white.png")
    assert "marks all of its 60 x 40 pixels as damaged" in message and "add --mask-invert" in message
    assert "leave out --mask-invert" in refusal(tmp_path / "black.png", invert=True)
    assert not read_mask(tmp_path / "white.png", SIZE, invert=True).any()


def test_values_of_0_and_1_would_all_be_black(tmp_path):
    Image.fromarray(holes().astype(np.uint8)).save(tmp_path / "mask.png")
    assert "only the values 0 and 1" in refusal(tmp_path / "mask.png")


def test_stack(tmp_path):
    tifffile.imwrite(tmp_path / "mask.tif", np.zeros((5, *SIZE), np.uint8), photometric="minisblack")
    assert "is a stack of 5 planes" in refusal(tmp_path / "mask.tif")


def test_damaged_mask(tmp_path):
    (tmp_path / "mask.png").write_bytes(b"text")
    assert "is not a PNG" in refusal(tmp_path / "mask.png")


def test_mask_may_be_as_large_as_its_picture_but_no_larger(tmp_path, monkeypatch):
    from pipelines.image_files import masks
    white_on_black().save(tmp_path / "mask.png")
    for module in (reading, masks):
        monkeypatch.setattr(module, "PIXEL_LIMIT", 10)
    assert_read(tmp_path / "mask.png")
    assert "more than the limit" in refusal(tmp_path / "mask.png", (39, 60))


@pytest.mark.parametrize("dtype", [bool, np.uint8])
def test_written_mask_is_black_and_white_png(tmp_path, dtype):
    mask = holes().astype(dtype)
    write_mask(tmp_path / "mask.png", mask)
    with Image.open(tmp_path / "mask.png") as image:
        assert (image.format, image.mode) == ("PNG", "L")
        np.testing.assert_array_equal(np.asarray(image), holes() * np.uint8(255))
    np.testing.assert_array_equal(mask, holes().astype(dtype))
    assert_read(tmp_path / "mask.png")


def test_mask_is_written_as_png_only(tmp_path):
    with pytest.raises(InputError, match="a mask is written as PNG; end the name with .png"):
        write_mask(tmp_path / "mask.jpg", holes())
    assert not list(tmp_path.iterdir())
