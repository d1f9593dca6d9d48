"""The learned detector's network: any size, the file, and what is said of wrong files."""

import numpy as np
import pytest
import tensorflow as tf

from denoise.prediction import averaged_over_turns
from pipelines.damage.kinds import KINDS
from pipelines.damage.learned import MARGIN, LearnedDetector
from pipelines.damage.network import (MULTIPLE, REACH, UNDAMAGED_ODDS, build_network, load_network, save_network,
                                      sought_probability, tensor_function)
from pipelines.errors import InputError


@pytest.fixture(scope="module")
def network():
    tf.keras.utils.set_random_seed(0)
    return build_network()


def test_it_fits_the_size_that_is_shipped(network):
    assert network.count_params() == 3_092_360  # 6.2 MB as float16
    first, second = (layer.kernel.numpy() for layer in network.layers if layer.name in (
        "down_level_1_no_1", "up_level_1_no_0"))
    assert first.std() == pytest.approx(np.sqrt(2 / (9 * 48)), rel=0.05)
    assert second.std() == pytest.approx(np.sqrt(2 / (9 * 96)), rel=0.05)


@pytest.mark.parametrize("size", [(1, 1), (16, 32), (37, 5)])
def test_any_size_gives_probabilities(network, size):
    image = tf.random.stateless_uniform((2, *size, 3), (0, 1))
    found = tensor_function(network)(image).numpy()
    assert found.shape == (2, *size, len(KINDS))
    assert found.min() >= 0 and found.sum(axis=-1).max() <= 1 + 1e-5


def test_padding_does_not_reach_the_answer_of_a_whole_number_of_blocks(network):
    image = tf.random.stateless_uniform((1, 32, 48, 3), (0, 1))
    direct = network(image * 2 - 1, training=False).numpy()
    direct[..., 0] *= UNDAMAGED_ODDS
    expected = direct[..., 1:] / direct.sum(axis=-1, keepdims=True)
    np.testing.assert_allclose(tensor_function(network)(image).numpy(), expected, atol=1e-6)


@pytest.mark.parametrize("sought, damaged, expected", [
    (0.3, 0.3, 0.3),    # all kinds are sought
    (0.3, 0.8, 0.6),    # what else it may be is out of the question
    (0.1, 0.9, 0.1),    # hardly credible
    (1.0, 1.0, 1.0), (0.0, 0.0, 0.0)])
def test_kinds_that_are_not_sought_do_not_compete(sought, damaged, expected):
    found = sought_probability(tf.constant([sought]), tf.constant([damaged]))
    np.testing.assert_allclose(found, [expected], atol=1e-6)


def test_the_reach_is_what_it_says():
    """Measured on the network's own wiring, with kernels that pass everything on."""
    network = build_network()
    for weight in network.weights:
        if weight.shape.rank == 4:
            weight.assign(tf.fill(weight.shape, 0.1 / weight.shape[-2]))
    logits = tf.keras.Model(network.inputs, network.layers[-2].output)
    image = np.zeros((1, 288, 288, 3), np.float32)
    before = logits(image).numpy()
    reached = []
    for place in (128, 143):  # the first and the last of the deepest block
        image[:] = 0
        image[0, place, place] = 1e6
        change = np.abs(logits(image).numpy() - before)[0].max(axis=(1, 2)) > 0
        reached += [place - np.flatnonzero(change)[0], np.flatnonzero(change)[-1] - place]
    assert REACH - 2 <= max(reached) <= REACH <= MARGIN


def test_the_file_keeps_the_weights(network, tmp_path):
    save_network(network, tmp_path / "whole.npz")
    save_network(network, tmp_path / "half.npz", half=True)
    for before, after in zip(network.get_weights(), load_network(tmp_path / "whole.npz").get_weights()):
        np.testing.assert_array_equal(after, before)
    for before, after in zip(network.get_weights(), load_network(tmp_path / "half.npz").get_weights()):
        np.testing.assert_array_equal(after, before.astype(np.float16).astype(np.float32))
    assert (tmp_path / "half.npz").stat().st_size < 6.3e6


def test_a_file_decides_how_many_filters_there_are(tmp_path):
    network = build_network(8)
    save_network(network, tmp_path / "small.npz")
    assert load_network(tmp_path / "small.npz").count_params() == network.count_params()


@pytest.mark.parametrize("content", [b"", b"no zip file", [np.zeros(3)], [], [np.zeros((3, 3, 3, 8))]],
                         ids=["empty", "no-archive", "vector", "no-arrays", "too-few"])
def test_wrong_files(tmp_path, content):
    path = tmp_path / "wrong.npz"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        np.savez(path, *content)
    with pytest.raises(InputError, match="wrong.npz: is corrupt or of another network"):
        load_network(path)
    with pytest.raises(InputError, match="gone.npz: cannot be read"):
        load_network(tmp_path / "gone.npz")


def blurring_network():
    """A network whose answer at a pixel depends on an area as wide as the real one's, but is made in no time."""
    image = tf.keras.Input((None, None, 3))
    pooled = tf.keras.layers.AveragePooling2D(MULTIPLE)(image)
    spread = tf.keras.layers.UpSampling2D(MULTIPLE)(tf.keras.layers.AveragePooling2D(5, 1, "same")(pooled))
    values = tf.keras.layers.Concatenate()([spread, image, spread[..., :2]])
    return tf.keras.Model(image, tf.keras.layers.Softmax()(values))


def test_tiles_leave_no_trace(monkeypatch):
    from pipelines.damage import learned

    image = np.random.default_rng(0).random((90, 130, 3), dtype=np.float32)
    detector = LearnedDetector(blurring_network())
    whole = detector.probabilities(image)
    monkeypatch.setattr(learned, "SIDE", 32)
    monkeypatch.setattr(learned, "MARGIN", 48)
    assert len(list(learned._tiles((90, 130)))) == 15
    np.testing.assert_allclose(detector.probabilities(image), whole, atol=1e-6)


def test_gray_counts_as_colour_and_large_pictures_are_looked_at_smaller(monkeypatch):
    from pipelines.damage import learned

    detector = LearnedDetector(blurring_network())
    gray = np.random.default_rng(0).random((40, 50, 1), dtype=np.float32)
    np.testing.assert_array_equal(detector.probabilities(gray), detector.probabilities(gray.repeat(3, axis=-1)))
    once = detector.probabilities(gray)
    monkeypatch.setattr(learned, "LEARNED_SIDE", 20)
    twice = detector.probabilities(gray)
    assert (twice.sum(axis=-1) >= once.sum(axis=-1) - 1e-6).all() and (twice != once).any()


def test_pictures_that_would_take_long_are_looked_at_from_one_side(monkeypatch):
    from pipelines.damage import learned

    image = np.random.default_rng(0).random((30, 50, 3), dtype=np.float32)
    detector = LearnedDetector(blurring_network())
    one_side = tensor_function(blurring_network())(image[np.newaxis])[0]
    all_sides = averaged_over_turns(tensor_function(blurring_network()))(tf.constant(image[np.newaxis]))[0]
    np.testing.assert_allclose(detector.probabilities(image), all_sides, atol=1e-6)
    monkeypatch.setattr(learned, "FROM_ALL_SIDES", 30 * 50 - 1)
    np.testing.assert_allclose(detector.probabilities(image), one_side, atol=1e-6)
    assert not np.allclose(one_side, all_sides, atol=1e-3)
