"""The Model Zoo's archive: its own checks pass, and the network that comes back is the same."""

import io
import zipfile

import numpy as np
import pytest
import yaml

from denoise import Denoiser
from denoise.bioimageio import export_bioimageio
from tests.denoisers import TINY


@pytest.fixture(scope="module")
def image():
    return np.random.default_rng(0).integers(0, 256, (70, 80, 3)).astype(np.uint8)


@pytest.fixture(scope="module")
def denoiser(image):
    return Denoiser.train([image], axes="YXC", config=TINY)


@pytest.fixture(scope="module")
def archive(denoiser, image, tmp_path_factory):
    path = tmp_path_factory.mktemp("archive") / "tiny.bioimage.io.zip"
    export_bioimageio(denoiser, path, image, name="a tiny denoiser", licence="CC0-1.0", documentation="# Tiny\n")
    return path


@pytest.mark.filterwarnings("ignore")  # of the zoo's own package, which asks its site and uses old interfaces
def test_the_zoos_checks_pass(archive):
    from bioimageio.core.resource_tests import test_model as check_model

    results = check_model(archive)
    assert len(results) == 5
    assert [result["status"] for result in results] == ["passed"] * 5, results


def test_the_description_is_true(archive):
    with zipfile.ZipFile(archive) as file:
        described = yaml.safe_load(file.read("rdf.yaml"))
        assert file.read(described["documentation"]) == b"# Tiny\n"
    assert (described["name"], described["license"]) == ("a tiny denoiser", "CC0-1.0")
    (entry,), (result,) = described["inputs"], described["outputs"]
    assert entry["data_type"] == result["data_type"] == "float32"
    assert entry["shape"] == {"min": [1, 4, 4, 3], "step": [0, 4, 4, 0]}
    assert "Noise2Void" in described["cite"][0]["text"]


@pytest.mark.filterwarnings("ignore")
def test_the_network_comes_back(archive, denoiser, image):
    from bioimageio.core import create_prediction_pipeline, load_resource_description
    from xarray import DataArray

    with create_prediction_pipeline(load_resource_description(archive)) as pipeline:
        (found,) = pipeline(DataArray(image[np.newaxis, :68, :76].astype(np.float32), dims=("b", "y", "x", "c")))
    np.testing.assert_allclose(found[0], denoiser.predict(image[:68, :76]), atol=1e-3)
    with zipfile.ZipFile(archive) as file:
        example = np.load(io.BytesIO(file.read("test_input.npy")))
    np.testing.assert_array_equal(example, image[np.newaxis, :64, :64])


@pytest.mark.parametrize("shape", [(63, 64, 3), (64, 64), (64, 64, 4)])
def test_the_picture_must_fit(shape, denoiser, tmp_path):
    with pytest.raises(ValueError, match="at least 64 x 64 with 3 channels"):
        export_bioimageio(denoiser, tmp_path / "x.zip", np.zeros(shape), name="x", licence="x", documentation="")
    assert not list(tmp_path.iterdir())
