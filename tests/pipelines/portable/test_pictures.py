"""Packed pictures."""

import io

import numpy as np
import pytest
from PIL import Image

from pipelines.portable.pictures import read_pictures
from pipelines.portable.state_files import Problem

PICTURES = np.random.default_rng(0).integers(0, 256, (5, 8, 8, 3), dtype=np.uint8)


def jpeg(picture):
    buffer = io.BytesIO()
    Image.fromarray(picture).save(buffer, "JPEG", quality=95)
    return buffer.getvalue()


def test_plain_arrays_are_joined(tmp_path):
    np.save(tmp_path / "a.npy", PICTURES[:2])
    np.savez(tmp_path / "b.npz", anything=PICTURES[2:])
    found = read_pictures([str(tmp_path / "a.npy"), str(tmp_path / "b.npz")])
    np.testing.assert_array_equal(found, PICTURES)


def test_jpeg_files_are_decoded_in_order(tmp_path):
    files = [jpeg(np.full((8, 8, 3), 20 * number, np.uint8)) for number in range(11)]
    for number, file in enumerate(files):  # in a folder, 10 comes after 9
        np.savez(tmp_path / f"images-{number}.npz", jpeg=np.frombuffer(file, np.uint8), side=np.int64(8),
                 offsets=np.array([0, len(file)]))
    found = read_pictures([str(tmp_path)])
    assert (found.shape, found.dtype) == ((11, 8, 8, 3), np.uint8)
    np.testing.assert_allclose(found[:, 0, 0, 0], 20 * np.arange(11), atol=1)  # JPEG rounds


@pytest.mark.parametrize("arrays, problem", [
    ({"a": PICTURES, "b": PICTURES}, "holds the arrays a, b; pack pictures as one array"),
    ({"a": PICTURES[0]}, r"should be uint8 \(N, S, S, 3\)"),
    ({"a": PICTURES / 255.0}, r"should be uint8 \(N, S, S, 3\)"),
    ({"jpeg": np.zeros(9, np.uint8), "offsets": np.array([0, 9]), "side": np.int64(8)}, "cannot be decoded"),
])
def test_other_content_is_refused(tmp_path, arrays, problem):
    np.savez(tmp_path / "a.npz", **arrays)
    with pytest.raises(Problem, match=problem):
        read_pictures([str(tmp_path / "a.npz")])


def test_what_cannot_be_read_is_refused(tmp_path):
    np.save(tmp_path / "a.npy", PICTURES)
    np.save(tmp_path / "b.npy", PICTURES[:, :7])
    (tmp_path / "c.npz").write_text("no pictures")
    with pytest.raises(Problem, match="all of one size"):
        read_pictures([str(tmp_path / "a.npy"), str(tmp_path / "b.npy")])
    for name in ("c.npz", "d.npy"):
        with pytest.raises(Problem, match=f"{name}: holds no packed pictures"):
            read_pictures([str(tmp_path / name)])
    (tmp_path / "empty").mkdir()
    with pytest.raises(Problem, match="empty: no packed pictures"):
        read_pictures([str(tmp_path / "empty")])
