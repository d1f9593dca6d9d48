import numpy as np
import pytest
import tensorflow as tf

from deepfill_tf.inference import complete
from denoise import Denoiser
from pipelines.chain import RestorationChain
from tests.denoisers import TINY
from tests.parity.generators import official_generator


@pytest.fixture(scope="module")
def image():
    return np.random.default_rng(0).integers(0, 256, (40, 52, 3)).astype(np.float32)


@pytest.fixture(scope="module")
def mask():
    hole = np.zeros((40, 52, 1), np.float32)
    hole[10:14, 5:40] = 1
    return hole


@pytest.fixture(scope="module")
def denoiser(image):
    return Denoiser.train([image], axes="YXC", config=TINY)


@pytest.fixture(scope="module")
def gray_denoiser(image):
    return Denoiser.train([image[..., 0]], axes="YX", config=TINY)


@pytest.fixture(scope="module")
def generator():
    return official_generator("seedB")


def run(chain, image, mask):
    outputs = chain(image[np.newaxis], mask[np.newaxis], np.array([0, 255], np.float32))
    return {name: value.numpy()[0] for name, value in outputs.items()}


def test_chain_equals_both_stages_by_hand(image, mask, denoiser, generator):
    outputs = run(RestorationChain(channels=3, denoiser=denoiser.tensor_function(), inpainter=generator), image, mask)
    denoised = np.clip(denoiser.predict(image, damage=mask[..., 0] > 0), 0, 255)
    np.testing.assert_allclose(outputs["denoised"], denoised, atol=1e-3)  # of 255
    completed = complete(generator, denoised[np.newaxis] / 127.5 - 1, mask[np.newaxis]).numpy()[0]
    hole = mask[..., 0] > 0
    np.testing.assert_allclose(outputs["restored"][hole], (completed[hole] + 1) * 127.5, atol=1e-2)
    np.testing.assert_array_equal(outputs["restored"][~hole], outputs["denoised"][~hole])


def test_one_graph_without_python_and_with_one_transfer_each_way(denoiser, generator):
    chain = RestorationChain(channels=3, denoiser=denoiser.tensor_function(), inpainter=generator)
    graph = chain.restore.graph

    def all_operations(graph):
        yield from graph.get_operations()
        for function in graph._functions.values():
            yield from function.graph.get_operations()

    kinds = {operation.type for operation in all_operations(graph)}
    assert "Conv2D" in kinds
    assert not {kind for kind in kinds if "PyFunc" in kind or kind in ("HostConst", "NumpyFunction")}
    assert [tensor.name for tensor in graph.inputs[:4]] == ["image:0", "mask:0", "value_range:0", "working_bytes:0"]
    assert all(tensor.dtype == tf.resource for tensor in graph.inputs[4:])  # variables, which stay on the device
    assert len(graph.outputs) == 2


def test_images_of_different_sizes_share_one_graph(generator, monkeypatch):
    chain = RestorationChain(channels=3, inpainter=generator)
    monkeypatch.setattr(chain, "_restore", None)  # tracing once more would need it
    for height, width in [(8, 8), (17, 9), (24, 16)]:
        outputs = chain(np.zeros((2, height, width, 3), np.float32), np.ones((2, height, width, 1), np.float32),
                        np.array([0, 1], np.float32))
        assert outputs["restored"].shape == (2, height, width, 3)


def test_without_denoiser_known_pixels_are_bit_identical(image, mask, generator):
    outputs = run(RestorationChain(channels=3, inpainter=generator), image, mask)
    hole = mask[..., 0] > 0
    np.testing.assert_array_equal(outputs["restored"][~hole], image[~hole])
    assert (outputs["restored"][hole] != image[hole]).any()


def test_gray_images(image, mask, gray_denoiser, generator):
    chain = RestorationChain(channels=1, denoiser=gray_denoiser.tensor_function(), denoiser_channels=1,
                             inpainter=generator)
    outputs = run(chain, image[..., :1], mask)
    assert outputs["restored"].shape == (40, 52, 1)
    expected = np.clip(gray_denoiser.predict(image[..., 0], damage=mask[..., 0] > 0), 0, 255)
    np.testing.assert_allclose(outputs["denoised"][..., 0], expected, atol=1e-3)


def test_denoisers_of_other_channels_are_adapted(image, mask, denoiser, gray_denoiser):
    one_by_one = RestorationChain(channels=3, denoiser=gray_denoiser.tensor_function(), denoiser_channels=1)
    outputs = run(one_by_one, image, mask)
    expected = np.clip(gray_denoiser.predict(image[..., 2], damage=mask[..., 0] > 0), 0, 255)
    np.testing.assert_allclose(outputs["denoised"][..., 2], expected, atol=1e-3)
    as_colour = RestorationChain(channels=1, denoiser=denoiser.tensor_function(), denoiser_channels=3)
    assert run(as_colour, image[..., :1], mask)["denoised"].shape == (40, 52, 1)


def test_impossible_channels_are_named():
    with pytest.raises(ValueError, match="channels.*2"):
        RestorationChain(channels=2)
