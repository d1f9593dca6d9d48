import pytest
import tensorflow as tf

from deepfill_tf.layers.contextual_attention import ContextualAttention
from deepfill_tf.layers.gated_conv import GatedConv2D


def test_variables_bear_the_name_of_their_layer_and_start_from_given_weights():
    kernel, bias = tf.ones([1, 1, 4, 6]).numpy(), tf.ones([6]).numpy()
    layer = GatedConv2D(3, 1, name="conv1", weights=[kernel, bias])
    with tf.name_scope("outer"):
        layer(tf.keras.Input([None, None, 4]))
    assert [weight.name for weight in layer.weights] == ["conv1/kernel:0", "conv1/bias:0"]
    assert (layer.conv.kernel.numpy() == 1).all()


def test_what_changes_the_shape_is_seen():
    features, mask, values = (tf.keras.Input([16, 16, channels]) for channels in (4, 1, 7))
    assert ContextualAttention()(features, mask, values=values).shape[-1] == 7
    completed, offsets = ContextualAttention()(features, mask, return_offsets=True)
    assert completed.shape[-1] == 4 and offsets.shape.as_list() == [None, 8, 8, 2]


def test_inputs_that_are_no_pictures_are_refused():
    with pytest.raises(ValueError, match="ndim=4"):
        GatedConv2D(3)(tf.keras.Input([None, 4]))
