import numpy as np
import pytest
import tensorflow as tf

from deepfill_tf.inference import complete, mirrored_indices, pad_to_multiple
from tests.parity.generators import golden, network_inputs, official_generator


@pytest.fixture(scope="module")
def generator():
    return official_generator("seedB")


def test_mirroring_runs_back_and_forth():
    assert mirrored_indices(3, 8).numpy().tolist() == [0, 1, 2, 2, 1, 0, 0, 1]
    assert mirrored_indices(1, 4).numpy().tolist() == [0, 0, 0, 0]


def test_padding_keeps_what_fits():
    images = tf.random.normal([1, 16, 24, 3])
    np.testing.assert_array_equal(pad_to_multiple(images), images)
    assert pad_to_multiple(images[:, :9, :1]).shape == (1, 16, 8, 3)


@pytest.mark.parametrize("shape", [(1, 1), (8, 8), (13, 21), (64, 65), (2, 40)])
def test_any_size_and_known_pixels_bit_identical(generator, shape):
    random = np.random.default_rng(0)
    image = random.uniform(-1, 1, (1, *shape, 3)).astype(np.float32)
    mask = (random.random((1, *shape, 1)) < 0.3).astype(np.float32)
    before = image.copy()
    completed = complete(generator, tf.constant(image), tf.constant(mask)).numpy()
    hole = mask[..., 0] > 0
    np.testing.assert_array_equal(completed[~hole], image[~hole])
    np.testing.assert_array_equal(image, before)
    assert np.isfinite(completed).all() and np.abs(completed[hole]).max(initial=0) <= 1


def test_hole_of_a_fitting_size_holds_the_refined_stage(generator):
    arrays = golden("gen_seedB_tiny_64x72")
    image, mask = network_inputs(arrays)
    completed = complete(generator, image, mask).numpy()
    hole = mask[0, ..., 0] > 0
    np.testing.assert_allclose(completed[0][hole][..., ::-1], arrays["x_stage2"][0][hole], atol=1e-5)
    np.testing.assert_allclose(completed[0][hole][..., ::-1], arrays["batch_complete"][0][hole], atol=1e-5)


def test_number_of_inputs_is_checked(generator):
    image, mask = network_inputs(golden("gen_seedB_tiny_64x72"))
    with pytest.raises(ValueError, match="2 inputs.*Received: 3"):
        complete(generator, image, mask, edges=mask)
    with pytest.raises(ValueError, match="3 inputs.*Received: 2"):
        complete(official_generator("guided"), image, mask)
