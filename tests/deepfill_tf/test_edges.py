import numpy as np
import pytest
import tensorflow as tf

from deepfill_tf import edges as edges_module
from deepfill_tf.edges import LEAST_GRADIENT, detect_edges, edges_from_picture
from tests.parity.generators import golden, network_inputs


def disc(radius=20, size=64, inside=0.5, outside=-0.5):
    """(1, size, size, 3) with a soft-edged disc, and each pixel's distance to its centre."""
    rows, columns = np.mgrid[:size, :size] - (size - 1) / 2
    distance = np.hypot(rows, columns)
    share = np.clip(radius + 0.5 - distance, 0, 1)
    picture = (outside + share * (inside - outside)).astype(np.float32)
    return np.repeat(picture[np.newaxis, ..., np.newaxis], 3, axis=-1), distance


def photo():
    return network_inputs(golden("gen_seedA_256"))[0]


@pytest.mark.parametrize("inside, outside", [(0.5, -0.5), (-0.5, 0.5), (0.9, 0.5)])
def test_an_outline_is_one_thin_closed_line(inside, outside):
    image, distance = disc(inside=inside, outside=outside)
    edges = detect_edges(image).numpy()[0, ..., 0]
    assert np.abs(distance[edges > 0] - 20).max() < 1.5
    blocks = np.lib.stride_tricks.sliding_window_view(edges, (2, 2))
    assert blocks.sum(axis=(2, 3)).max() < 4  # nowhere two pixels wide
    rows, columns = np.mgrid[:64, :64] - 31.5
    sector = ((np.arctan2(rows, columns) + np.pi) / (2 * np.pi) * 48).astype(int) % 48
    assert set(sector[edges > 0]) == set(range(48))


@pytest.mark.parametrize("turn", range(4))
def test_every_direction_of_a_step_is_found_where_it_is(turn):
    image = np.full((1, 40, 40, 3), -1, np.float32)
    image[:, :, 15:] = 1
    edges = detect_edges(np.rot90(image, turn, axes=(1, 2))).numpy()
    expected = np.rot90(edges, -turn, axes=(1, 2))[0, ..., 0]
    assert expected[:, :14].sum() == expected[:, 16:].sum() == 0
    assert (expected[:, 14:16].sum(axis=1) == 1).all()


def test_noise_and_flat_pictures_have_no_edges():
    noise = np.random.default_rng(0).normal(0, 0.2, (1, 100, 100, 3)).astype(np.float32)  # 25 of 255
    assert not detect_edges(noise).numpy().any()
    assert not detect_edges(np.full((1, 9, 9, 3), 0.3, np.float32)).numpy().any()


def test_an_outline_stands_out_from_a_texture():
    """Stripes as strong as the outline; without the surroundings taken away they would be edges all over."""
    image = np.zeros((1, 128, 128, 3), np.float32)
    image[:, :, 40:] = 1
    image[:, 64:, :40:8] = 1
    image[:, 64:, 1:40:8] = 1
    edges = detect_edges(image).numpy()[0, ..., 0]
    assert edges[:64, 38:42].sum() == 64
    assert not edges[90:, 5:30].any()


def test_a_fading_line_goes_on_but_a_faint_one_does_not_begin(monkeypatch):
    image = np.zeros((1, 128, 128, 3), np.float32)
    image[:, :, 30:60] = np.linspace(1, 0, 128).reshape(1, -1, 1, 1)
    image[:, :, 90:] = 0.15
    with_tail = detect_edges(image).numpy()[0, ..., 0]
    monkeypatch.setattr(edges_module, "LONGEST_TAIL", 0)
    without = detect_edges(image).numpy()[0, ..., 0]
    ends = [np.flatnonzero(edges[:, 28:32].any(axis=1)).max() for edges in (with_tail, without)]
    assert 5 < ends[0] - ends[1] <= 24
    assert not with_tail[:, 88:92].any()


def test_pictures_of_a_batch_are_judged_one_by_one():
    strong, faint = disc(inside=1, outside=-1)[0], disc(inside=0.3, outside=0)[0]
    np.testing.assert_array_equal(detect_edges(np.concatenate([strong, faint]))[1:], detect_edges(faint))
    assert detect_edges(faint).numpy().any()


def test_contrast_below_what_noise_has_is_none():
    step = 2.5 * LEAST_GRADIENT  # a step of this height, smoothed, has a gradient of a fifth of it
    assert not detect_edges(disc(inside=step, outside=-step)[0] / 2).numpy().any()


def test_alike_with_unknown_sizes_compiled_and_in_a_data_pipeline():
    image = photo()
    edges = detect_edges(image).numpy()
    assert edges.dtype == np.float32 and edges.shape == (1, 256, 256, 1)
    assert set(np.unique(edges)) == {0, 1} and 0.01 < edges.mean() < 0.1
    traced = tf.function(detect_edges, input_signature=[tf.TensorSpec([None, None, None, 3])])
    np.testing.assert_array_equal(traced(image), edges)
    batches = tf.data.Dataset.from_tensor_slices(image).batch(1).map(detect_edges)
    np.testing.assert_array_equal(next(iter(batches)), edges)
    compiled = tf.function(detect_edges, jit_compile=True)(image).numpy()
    assert (compiled != edges).mean() < 1e-3  # gradients are rounded, so that hardly a tie falls otherwise


@pytest.mark.parametrize("size", [(1, 1), (1, 30), (5, 2)])
def test_pictures_of_any_size(size):
    assert detect_edges(np.zeros((2, *size, 3), np.float32)).shape == (2, *size, 1)


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
def test_a_picture_of_edges_is_cut_at_the_official_threshold(dtype):
    levels = np.arange(256, dtype=dtype).reshape(16, 16)
    edges = edges_from_picture(levels)
    assert edges.dtype == tf.float32
    np.testing.assert_array_equal(edges, levels > 153)
