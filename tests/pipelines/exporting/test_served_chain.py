"""From bytes to bytes: masks, rounding and decoding, one by one; the chain itself is tested as a SavedModel."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from pipelines.exporting.served_chain import ServedChain, decoded, holes, to_bytes
from pipelines.images import read_picture
from tests.parity.generators import official_generator


@pytest.mark.parametrize("values, expected", [
    ([0, 1], [0, 1]), ([0, 0], [0, 0]), ([127, 128], [0, 1]), ([1, 255], [0, 1]), ([1, 2], [0, 0]),
])
def test_holes(values, expected):
    mask = np.reshape(values, [1, 1, 2, 1]).astype(np.uint8)
    np.testing.assert_array_equal(holes(tf.constant(mask))[0, 0, :, 0], expected)


def test_each_mask_of_a_batch_has_its_own_scale():
    masks = tf.constant([[[[1], [0]]], [[[1], [255]]]], tf.uint8)
    assert holes(masks).numpy()[:, 0, :, 0].tolist() == [[1, 0], [0, 1]]


def test_rounding_is_numpys():
    values = np.array([-3.0, 0.5, 1.5, 2.4999, 254.5, 300.0], np.float32)
    expected = np.clip(np.rint(values), 0, 255).astype(np.uint8)
    np.testing.assert_array_equal(to_bytes(tf.constant(values)), expected)


@pytest.mark.parametrize("kind, mode", [("PNG", "RGB"), ("PNG", "L"), ("PNG", "RGBA"), ("JPEG", "RGB"), ("JPEG", "L")])
def test_files_are_decoded_as_the_pipelines_do_it(kind, mode, tmp_path):
    pixels = np.random.default_rng(0).integers(0, 256, (21, 34, 4), dtype=np.uint8)
    picture = Image.fromarray(pixels).convert(mode).resize((50, 40))
    path = tmp_path / "picture"
    picture.save(path, kind, **({"quality": 80} if kind == "JPEG" else {}))
    expected = read_picture(path).pixels
    if mode == "L":
        expected = np.repeat(expected[..., np.newaxis], 3, axis=-1)
    np.testing.assert_array_equal(decoded(tf.constant(path.read_bytes()), channels=3), expected)


def test_what_is_no_picture_is_the_frameworks_error():
    with pytest.raises(tf.errors.InvalidArgumentError):
        decoded(tf.constant(b"no picture"), channels=3)


def test_a_coloured_mask_becomes_gray():
    file = io.BytesIO()
    Image.fromarray(np.uint8([[[255, 255, 255], [0, 0, 0]]])).save(file, "PNG")
    assert decoded(tf.constant(file.getvalue()), channels=1).numpy().tolist() == [[[255], [0]]]


def test_a_guided_inpainter_sees_no_edges_and_known_sizes_are_kept():
    chain = ServedChain(None, official_generator("guided"), batch=1, size=(16, 24))
    image = tf.constant(np.random.default_rng(0).integers(0, 256, (1, 16, 24, 3), dtype=np.uint8))
    mask = np.zeros((1, 16, 24, 1), np.uint8)
    mask[:, 4:9, 5:20] = 1
    outputs = tf.function(chain.restore)(image, tf.constant(mask))
    assert {name: value.shape for name, value in outputs.items()} == dict.fromkeys(["denoised", "restored"],
                                                                                   (1, 16, 24, 3))
    np.testing.assert_array_equal(outputs["denoised"], image)
    changed = (outputs["restored"].numpy() != image.numpy()).any(axis=-1)
    assert not changed[mask[..., 0] == 0].any() and changed[mask[..., 0] > 0].mean() > 0.9
    assert [name.split("/")[0] for name in chain.weights] == ["inpainter"] * 84
