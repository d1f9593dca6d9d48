import pytest
import tensorflow as tf

from deepfill_tf.v1.discriminator import build_critics
from tests.parity import recipe_v1
from tests.parity.networks_v1 import official_name


def test_variables_are_the_official_ones():
    critics = build_critics()
    found = {official_name(critic, variable): tuple(variable.shape)
             for critic in critics for variable in critic.trainable_variables}
    assert found == recipe_v1.shapes("discriminator")
    assert sum(critic.count_params() for critic in critics) == 7_072_770


def test_sizes_need_no_multiple_of_anything():
    whole, local = build_critics((40, 56), (20, 9))
    assert whole(tf.zeros([2, 40, 56, 3])).shape == local(tf.zeros([2, 20, 9, 3])).shape == [2, 1]


@pytest.mark.parametrize("box", [(0, 8), (8, 17)])
def test_a_box_that_does_not_fit(box):
    with pytest.raises(ValueError, match="in `box_size` should be from 1 to the picture's 16. Received"):
        build_critics((16, 16), box)


def test_scores_are_float32_under_mixed_precision():
    tf.keras.mixed_precision.set_global_policy("mixed_bfloat16")
    try:
        whole, _ = build_critics((16, 16), (8, 8))
    finally:
        tf.keras.mixed_precision.set_global_policy("float32")
    assert whole(tf.zeros([1, 16, 16, 3])).dtype == tf.float32
