import io

import numpy as np
import pytest
from PIL import Image

from deepfill_tf.image_check import CorruptImagesError, check_images, each_picture


def encoded(image_format):
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, image_format)
    return file.getvalue()


GOOD = encoded("PNG")


@pytest.fixture
def make(tmp_path):
    """Writes files of the given contents; returns their paths."""
    def write(contents):
        for index, data in enumerate(contents):
            (tmp_path / f"{index:03d}.jpg").write_bytes(data)
        return [tmp_path / f"{index:03d}.jpg" for index in range(len(contents))]

    return write


@pytest.mark.parametrize("data", [b"", b"no picture", GOOD[:-3], encoded("JPEG")[:-1], encoded("JPEG")[:300],
                                  encoded("BMP")[:-1]],
                         ids=["empty", "text", "cut PNG", "JPEG without its end", "cut JPEG", "cut BMP"])
def test_a_corrupt_file_among_many_is_named_and_skipped(make, data):
    paths = make([GOOD] * 50 + [data] + [GOOD] * 149)
    good, corrupt = check_images(paths)
    assert good == [str(path) for path in paths[:50] + paths[51:]]
    [(name, reason)] = corrupt
    assert name == str(paths[50])
    assert reason and "\n" not in reason and "DecodeImage" not in reason


def test_a_missing_file_counts_as_corrupt(make, tmp_path):
    _, corrupt = check_images(make([GOOD] * 200) + [tmp_path / "gone.jpg"])
    assert corrupt == [(str(tmp_path / "gone.jpg"), "No such file or directory")]


def test_one_percent_is_allowed_and_more_is_an_error_that_names_the_first(make):
    check_images(make([GOOD] * 99 + [b""]))
    paths = make([b""] * 3 + [GOOD] * 97)
    with pytest.raises(CorruptImagesError, match="3 of 100 pictures are corrupt, more than 1%") as caught:
        check_images(paths)
    assert all(str(path) in str(caught.value) for path in paths[:3])
    assert [path for path, _ in caught.value.corrupt] == [str(path) for path in paths[:3]]


def test_a_long_list_is_cut(make):
    paths = make([b""] * 8)
    with pytest.raises(CorruptImagesError, match="and 3 more") as caught:
        check_images(paths)
    assert str(paths[5]) not in str(caught.value)
    assert len(caught.value.corrupt) == 8


def test_progress_adds_up(make):
    calls = []
    check_images(make([GOOD] * 300), progress=calls.append)  # more than are in flight at a time
    assert sum(calls) == 300


def test_results_come_in_order_and_other_errors_are_not_hidden(make):
    paths = make([bytes([index]) for index in range(40)])
    assert [result for _, result, _ in each_picture(paths, ord)] == list(range(40))
    with pytest.raises(ZeroDivisionError):
        list(each_picture(paths, lambda contents: 1 // ord(contents)))
