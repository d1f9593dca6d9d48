"""Which networks an export takes, and where they say that they come from."""

import pytest

from deepfill_tf import build_generator
from pipelines.errors import InputError
from pipelines.exporting.networks import NOT_STATED, Origin, load_denoiser_with_origin, load_networks
from tests.pipelines.exporting.networks import train_denoiser
from weights import save_generator


def test_a_file_says_where_it_comes_from(tmp_path):
    save_generator(build_generator(), tmp_path / "mine.h5", attributes={"licence": "CC0-1.0", "source": "a test"})
    networks = load_networks("none", str(tmp_path / "mine.h5"))
    assert networks.denoiser is None and networks.origins["denoiser"].name == "none"
    assert networks.origins["inpainter"] == Origin("mine.h5", "CC0-1.0", "a test")


def test_a_shipped_model_brings_its_card():
    origin = load_networks("none", "default").origins["inpainter"]
    assert (origin.name, origin.licence) == ("deepfill_v2_spline", "Apache-2.0")
    assert origin.card.startswith("# deepfill_v2_spline")


def test_a_model_folder_states_nothing(tmp_path):
    denoiser, origin = load_denoiser_with_origin(str(train_denoiser(tmp_path / "mine", channels=1)))
    assert denoiser.channels == 1
    assert origin == Origin("mine", NOT_STATED, NOT_STATED)


@pytest.mark.parametrize("request_", ["auto", "self"])
def test_a_denoiser_for_each_picture_is_refused(request_):
    with pytest.raises(InputError, match="--denoiser: .* one for all"):
        load_denoiser_with_origin(request_)


def test_classic_methods_are_no_networks():
    with pytest.raises(InputError, match="--inpainter: telea is a classic method"):
        load_networks("none", "telea")
