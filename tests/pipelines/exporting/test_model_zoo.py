"""The denoiser for the Model Zoo: what is refused; the archive itself is tested beside the denoiser."""

import pytest

from pipelines.errors import InputError
from pipelines.exporting.model_zoo import export_model_zoo
from pipelines.exporting.networks import Origin, load_denoiser_with_origin


def test_no_denoiser_is_refused(tmp_path):
    with pytest.raises(InputError, match="--denoiser: none leaves nothing"):
        export_model_zoo(None, Origin("none"), tmp_path)


def test_weights_without_a_licence_are_refused(denoiser_folder, tmp_path):
    with pytest.raises(InputError, match="--licence: is missing"):
        export_model_zoo(*load_denoiser_with_origin(str(denoiser_folder)), tmp_path)
    assert not list(tmp_path.iterdir())
