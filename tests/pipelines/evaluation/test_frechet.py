import socket

import numpy as np
import pytest
import tensorflow as tf
from scipy import linalg

from pipelines.errors import InputError
from pipelines.evaluation import frechet
from pipelines.evaluation.frechet import frechet_distance, load_inception


def reference(first, second):
    """The definition, in float64."""
    first, second = first.astype(np.float64), second.astype(np.float64)
    root = linalg.sqrtm(np.cov(first.T) @ np.cov(second.T))
    return (np.square(first.mean(0) - second.mean(0)).sum() + np.trace(np.cov(first.T)) + np.trace(np.cov(second.T))
            - 2 * np.trace(root.real))


@pytest.mark.parametrize("count, features", [(300, 24), (80, 64)])
def test_as_the_definition_in_float64(count, features):
    random = np.random.RandomState(0)
    mixing = random.standard_normal((features, features))
    first = (random.standard_normal((count, features)) @ mixing).astype(np.float32)
    second = (1.3 * random.standard_normal((count + 7, features)) @ mixing + 0.5).astype(np.float32)
    assert frechet_distance(first, second) == pytest.approx(reference(first, second), rel=1e-3)
    assert abs(frechet_distance(first, first)) < 1e-6 * np.trace(np.cov(first.T))


def test_one_picture_is_refused():
    with pytest.raises(ValueError, match="at least 2 pictures. Received: 1 and 3"):
        frechet_distance(np.zeros((1, 4)), np.zeros((3, 4)))


class StandIn(tf.Module):
    """In the place of Inception: means of 2 x 2 quarters."""

    @tf.function(input_signature=[tf.TensorSpec([None, 299, 299, 3], tf.float32)])
    def __call__(self, images):
        pooled = tf.image.resize(images, [2, 2], method="area")
        return {"pool_3": pooled, "logits": pooled}


class Other(tf.Module):
    @tf.function(input_signature=[tf.TensorSpec([None, 299, 299, 3], tf.float32)])
    def __call__(self, images):
        return {"logits": images}


@pytest.fixture(scope="module")
def module(tmp_path_factory):
    folder = tmp_path_factory.mktemp("inception")
    tf.saved_model.save(StandIn(), str(folder))
    return folder


def test_pictures_become_features(module, monkeypatch):
    monkeypatch.setattr(frechet, "BATCH", 2)
    features = load_inception(str(module))
    white, black = np.full((20, 30, 3), 255, np.uint8), np.zeros((40, 40), np.uint8)
    found = features([white, black, white])
    assert found.shape == (3, 12) and found.dtype == np.float32
    np.testing.assert_allclose(found, np.array([1, -1, 1])[:, np.newaxis] * np.ones((3, 12)), atol=1e-6)


def test_what_is_no_module(tmp_path):
    with pytest.raises(InputError, match="is no folder of a SavedModel"):
        load_inception(str(tmp_path))
    (tmp_path / "saved_model.pb").write_bytes(b"damaged")
    with pytest.raises(InputError, match="cannot be loaded"):
        load_inception(str(tmp_path))
    tf.saved_model.save(Other(), str(tmp_path / "other"))
    with pytest.raises(InputError, match="gives no pool_3"):
        load_inception(str(tmp_path / "other"))([np.zeros((8, 8, 3), np.uint8)])


def test_without_internet_it_is_said_and_not_waited_for(monkeypatch):
    import tensorflow_hub

    def load(module):
        assert "tfgan/eval/inception" in module and socket.getdefaulttimeout() == frechet.CONNECTION_SECONDS
        raise OSError("Name or service not known")

    monkeypatch.setattr(tensorflow_hub, "load", load)
    with pytest.raises(InputError, match="Name or service not known.*--inception DIR"):
        load_inception(frechet.PUBLISHED)
    assert socket.getdefaulttimeout() is None
