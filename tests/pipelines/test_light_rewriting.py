from unittest import mock

import numpy as np
import pytest
import tensorflow as tf
from tensorflow.core.protobuf import config_pb2
from tensorflow.python.eager import context

from deepfill_tf import build_generator
from denoise import Denoiser
from pipelines.chain import RestorationChain
from pipelines.light_rewriting import light_rewriting
from tests.denoisers import TINY


@pytest.fixture(autouse=True)
def usual_rewriting():
    """Training, which other tests do in the same process, leaves fusion off."""
    before = tf.config.optimizer.get_experimental_options().get("remapping", True)
    tf.config.optimizer.set_experimental_options({"remapping": True})
    yield
    tf.config.optimizer.set_experimental_options({"remapping": before})


@pytest.fixture(scope="module")
def image():
    return np.random.default_rng(0).uniform(0, 255, (1, 300, 340, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def mask():
    hole = np.zeros((1, 300, 340, 1), np.float32)
    hole[:, 10::50, 20:-40], hole[:, 120:190, 60:120] = 1, 1
    return hole


@pytest.fixture(scope="module")
def generator():
    tf.keras.utils.set_random_seed(0)
    return build_generator(hole_fill="tension-spline")


def rewriting_now():
    options = config_pb2.ConfigProto.FromString(context.context().function_call_options.config_proto_serialized)
    return list(options.graph_options.rewrite_options.optimizers)


def assert_same_bits(chain, image, mask, edges=None):
    """With the usual rewriting and with the light one."""
    chain_inputs = [tf.constant(image), tf.constant(mask), tf.constant([0.0, 255.0]), tf.constant(2**22, tf.int64),
                    *([] if edges is None else [tf.constant(edges)])]
    usual = chain.restore(*chain_inputs)
    with light_rewriting():
        found = chain.restore(*chain_inputs)
    for name, value in usual.items():
        np.testing.assert_array_equal(found[name], value, err_msg=name)
    assert np.any(found["restored"] != image)


def test_a_painted_picture_has_the_same_bits(generator, image, mask):
    assert_same_bits(RestorationChain(channels=3, inpainter=generator), image, mask)


def test_a_guided_and_gray_picture_has_the_same_bits(image, mask):
    tf.keras.utils.set_random_seed(1)
    assert_same_bits(RestorationChain(channels=1, inpainter=build_generator(guided=True)), image[:, :96, :80, :1],
                     mask[:, :96, :80], edges=mask[:, 40:136, :80])


def test_a_denoised_picture_has_the_same_bits(image, mask):
    denoiser = Denoiser.train([image[0, :64, :64]], axes="YXC", config=TINY)
    statistics = tf.Variable(denoiser.statistics, trainable=False)
    assert_same_bits(RestorationChain(channels=3, denoiser=denoiser.tensor_function(statistics)), image, mask)


def test_a_wide_hole_has_the_same_bits(generator, image, mask):
    chain = RestorationChain(channels=3, inpainter=generator)
    found = chain.fill_wide(image, mask, [0.0, 255.0], factor=2)
    with mock.patch("tensorflow.config.get_visible_devices", return_value=["a GPU"]):
        usual = chain.fill_wide(image, mask, [0.0, 255.0], factor=2)
    np.testing.assert_array_equal(found, usual)
    assert np.any(found != image)


def test_pictures_are_restored_with_it(generator, image, mask):
    chain = RestorationChain(channels=3, inpainter=generator)
    seen = []
    with mock.patch.object(chain, "restore", lambda *_: seen.append(rewriting_now())):
        chain(image, mask, [0.0, 255.0])
    assert seen == [["remap"]] and rewriting_now() == []


def test_graphs_inside_of_the_graph_are_rewritten_by_it_too(generator):
    graph = RestorationChain(channels=3, inpainter=generator).restore.graph.as_graph_def()
    options = [config_pb2.ConfigProto.FromString(node.attr["config_proto"].s)
               for nodes in (graph.node, *(function.node_def for function in graph.library.function))
               for node in nodes if "config_proto" in node.attr]
    assert {tuple(found.graph_options.rewrite_options.optimizers) for found in options} == {("remap",)}


def test_on_a_gpu_and_in_bfloat16_the_rewriting_is_the_usual_one():
    with mock.patch("tensorflow.config.get_visible_devices", return_value=["a GPU"]), light_rewriting():
        assert rewriting_now() == []
    with mock.patch("tensorflow.config.optimizer.get_experimental_options",
                    return_value={"auto_mixed_precision_onednn_bfloat16": True}), light_rewriting():
        assert rewriting_now() == []


def test_after_an_error_the_rewriting_is_the_usual_one():
    with pytest.raises(KeyError), light_rewriting():
        raise KeyError
    assert rewriting_now() == []
