import numpy as np
import pytest
import tensorflow as tf

from deepfill_tf.coarse_to_fine import complete_coarse_to_fine


class Painter:
    """Fills the small image with one colour and borrows details of one value; remembers what it saw."""

    def __call__(self, inputs, *, working_bytes, details):
        self.image, self.mask, *self.edges = (tensor.numpy() for tensor in inputs)
        self.details, self.working_bytes = details.numpy(), working_bytes
        painted = tf.where(inputs[1] > 0, 0.25, inputs[0])
        return [painted, painted, tf.fill(tf.shape(details), 0.125)]


def smooth(height, width):
    rows, columns = np.mgrid[:height, :width] / 100
    return np.stack([rows, columns, rows * columns], axis=-1)[np.newaxis].astype(np.float32) - 0.5


@pytest.mark.parametrize("size", [(96, 128), (101, 75)])
@pytest.mark.parametrize("factor", [2, 4])
def test_painted_small_and_with_details(size, factor):
    image, mask = smooth(*size), np.zeros([1, *size, 1], np.float32)
    mask[:, 20:60, 30:62] = 1
    spoiled = np.where(mask > 0, 0.9, image).astype(np.float32)
    painter = Painter()
    found = complete_coarse_to_fine(painter, tf.constant(spoiled), tf.constant(mask), factor=factor,
                                    working_bytes=7).numpy()
    np.testing.assert_array_equal(np.where(mask > 0, 0, found), np.where(mask > 0, 0, image))
    np.testing.assert_allclose(found[0, 30:50, 40:52], 0.25 + 0.125, atol=1e-5)  # away from the rim
    assert painter.image.shape[1] % 8 == 0 and painter.image.shape[1] * factor >= size[0] and painter.working_bytes == 7
    known = painter.mask[..., 0] == 0
    rows, columns = (size[0] // factor, size[1] // factor)
    expected = image[:, :rows * factor, :columns * factor].reshape(1, rows, factor, columns, factor, 3).mean((2, 4))
    inside = known[:, :rows, :columns]
    np.testing.assert_allclose(painter.image[:, :rows, :columns][inside], expected[inside], atol=1e-5)
    assert not inside.all() and painter.mask[0, 20 // factor:60 // factor, 30 // factor:62 // factor].all()
    assert np.abs(painter.details).max() < 0.8, "what lies under the hole is no detail"


def test_edges_shrink_without_getting_lost():
    image, mask = smooth(64, 64), np.zeros([1, 64, 64, 1], np.float32)
    edges = mask.copy()
    edges[0, 33, 7] = 1
    painter = Painter()
    complete_coarse_to_fine(painter, tf.constant(image), tf.constant(mask), tf.constant(edges), factor=4)
    assert painter.edges[0].sum() == 1 and painter.edges[0][0, 8, 1] == 1
