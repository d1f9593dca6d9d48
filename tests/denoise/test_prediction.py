"""From any size to the network and back."""

import numpy as np
import pytest
import tensorflow as tf

from denoise.prediction import averaged_over_turns, receptive_radius, restore


def run(image, damage=None, network=lambda values: values, *, means=(0.0,), stds=(1.0,), multiple=8):
    damage = np.zeros((*image.shape[:-1], 1)) if damage is None else damage
    return restore(tf.constant(image, tf.float32), tf.constant(damage, tf.float32), network=network,
                   means=means, stds=stds, multiple=multiple).numpy()


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (2, 1), (3, 17), (8, 16), (5, 3, 9)])
def test_every_size_comes_back(size):
    image = np.random.default_rng(0).random((2, *size, 3)).astype(np.float32)
    np.testing.assert_array_equal(run(image, means=[0] * 3, stds=[1] * 3), image)


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (3, 17), (8, 9), (5, 3, 9)])
def test_the_network_sees_what_csbdeep_would_show_it(size):
    from csbdeep.data import PadAndCropResizer

    image = np.random.default_rng(0).random((1, *size, 1)).astype(np.float32)
    seen = []
    run(image, network=lambda values: seen.append(values.numpy()) or values)
    axes = "ZYXC"[-len(size) - 1:]
    expected = PadAndCropResizer().before(image[0], axes, [8] * len(size) + [1])
    np.testing.assert_array_equal(seen[0][0], expected)


def test_normalisation_is_per_channel_and_undone():
    image = np.full((1, 8, 8, 2), (12.0, 30.0), np.float32)
    seen = []
    restored = run(image, network=lambda values: seen.append(values.numpy()) or values + 1, means=[10, 20],
                   stds=[2, 5])
    np.testing.assert_allclose(seen[0][0, 0, 0], [1, 2])
    np.testing.assert_allclose(restored[0, 0, 0], [14, 35])


def test_slices_of_a_volume_are_filled_one_by_one():
    volume = np.stack([np.full((8, 8, 1), value) for value in (1.0, 2.0)])[None]
    damage = np.zeros_like(volume)
    damage[:, :, 3:5] = 1
    np.testing.assert_allclose(run(np.where(damage, 99, volume), damage), volume)


def test_receptive_radius_by_hand():
    # one 3x3 pair on the way down (2), pooling (1), one pair at half size (4), upsampling (1), one pair up
    # (2)
    assert receptive_radius(1, 3, blurpool=False) == 10
    assert receptive_radius(1, 3, blurpool=True) == 12


@pytest.mark.parametrize("size", [(4, 6), (3, 4, 6)])
def test_eight_turns_are_averaged(size):
    image = np.random.default_rng(0).random((1, *size, 2)).astype(np.float32)
    seen = []

    def network(values):
        seen.append(values.numpy())
        return values * np.arange(values.shape[-2])[:, None]  # depends on the place

    average = averaged_over_turns(network)(tf.constant(image)).numpy()
    planes = [turn[0].reshape(-1, *turn.shape[-3:])[0] for turn in seen]  # the first slice
    plane = image[0].reshape(-1, *image.shape[-3:])[0]
    turns = [np.rot90(flipped, count) for flipped in (plane, plane[:, ::-1]) for count in range(4)]
    assert len(planes) == 8
    for turn in turns:
        assert any(turn.shape == one.shape and (turn == one).all() for one in planes)
    # each pixel is weighted by its column, as counted in each turn: (W - 1) / 2 and (H - 1) / 2 on average
    np.testing.assert_allclose(average, image * (size[-1] - 1 + size[-2] - 1) / 4, rtol=1e-6)
