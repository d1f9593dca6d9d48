import subprocess
import sys

import numpy as np
import pytest
from PIL import Image

from deepfill_tf import packed_images
from deepfill_tf.packed_images import read_packed
from deepfill_tf.packing import pack_images


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    """Three stripes of one grey each: a small square in the middle is all of the second."""
    folder = tmp_path_factory.mktemp("pictures")
    for index in range(6):
        stripes = np.repeat(np.uint8([0, 40 * index, 255]), [90, 120, 90])
        pixels = np.broadcast_to(stripes[:, np.newaxis, np.newaxis], (300, 100, 3))
        Image.fromarray(pixels if index % 2 else pixels.transpose(1, 0, 2)).save(folder / f"{index}.png")
    return sorted(folder.iterdir())


def test_pictures_become_their_middle_squares_in_order(tmp_path, paths):
    written = pack_images(paths, tmp_path / "pack", side=48)
    images = read_packed(written.files)
    assert images.shape == (6, 48, 48, 3) and images.dtype == np.uint8
    for index, image in enumerate(images):
        np.testing.assert_allclose(image, 40 * index, atol=2)  # JPEG rounds; the edges of the stripes are far
    assert (written.count, written.corrupt) == (6, ())


def test_a_square_picture_survives_but_for_the_compression(tmp_path):
    ramp = np.indices((64, 64)).sum(axis=0) * 2
    pixels = np.stack([ramp, ramp[::-1], ramp[:, ::-1]], axis=-1).astype(np.uint8)
    Image.fromarray(pixels).save(tmp_path / "ramp.png")
    written = pack_images([tmp_path / "ramp.png"], tmp_path / "pack", side=64, quality=98)
    np.testing.assert_allclose(read_packed(written.files)[0], pixels, atol=4)


def test_files_stay_below_the_stated_size_and_say_the_same(tmp_path, paths):
    whole = pack_images(paths, tmp_path / "whole", side=48)
    split = pack_images(paths, tmp_path / "split", side=48, file_bytes=6000)
    assert len(whole.files) == 1 < len(split.files) < 6
    sizes = [path.stat().st_size for path in sorted((tmp_path / "split").iterdir())]
    assert max(sizes) <= 6000 and sum(sizes) == split.size
    np.testing.assert_array_equal(read_packed(split.files), read_packed(whole.files))
    with pytest.raises(ValueError, match="`file_bytes`.*Received: 4200"):
        pack_images(paths, tmp_path / "tiny", side=48, file_bytes=4200)


def test_corrupt_pictures_are_left_out(tmp_path, paths):
    (tmp_path / "broken.png").write_bytes(b"")
    written = pack_images(paths * 17 + [tmp_path / "broken.png"], tmp_path / "pack", side=16)
    assert [path for path, _ in written.corrupt] == [str(tmp_path / "broken.png")]
    assert written.count == len(read_packed(written.files)) == 102


def test_wrong_arguments_are_refused(tmp_path, paths):
    one = pack_images(paths, tmp_path / "one", side=16)
    other = pack_images(paths, tmp_path / "other", side=24)
    with pytest.raises(ValueError, match=r"one size.*\[16, 24\]"):
        read_packed(one.files + other.files)
    with pytest.raises(ValueError, match="one size"):
        read_packed([])
    with pytest.raises(ValueError, match="which is not"):
        pack_images(paths, tmp_path / "one", side=16)
    with pytest.raises(ValueError, match="at least one"):
        pack_images([], tmp_path / "none")


def test_without_pillow_the_reader_says_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "PIL", None)
    with pytest.raises(ImportError, match="pip install Pillow"):
        read_packed([])


def test_the_reader_runs_alone_and_without_tensorflow(tmp_path, paths):
    written = pack_images(paths, tmp_path / "pack", side=16)
    program = (f"import runpy, sys\nread = runpy.run_path({packed_images.__file__!r})['read_packed']\n"
               f"print(read({list(written.files)!r}).shape, 'tensorflow' in sys.modules, 'deepfill_tf' in sys.modules)")
    finished = subprocess.run([sys.executable, "-c", program], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert finished.stdout == "(6, 16, 16, 3) False False\n"
