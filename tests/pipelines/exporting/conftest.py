"""Exports that several files look at, made once for each process."""

import pytest

from pipelines import export
from tests.pipelines.exporting.networks import train_denoiser


@pytest.fixture(scope="session")
def denoiser_folder(tmp_path_factory):
    """A model folder whose denoiser has hardly begun to learn."""
    return train_denoiser(tmp_path_factory.mktemp("denoiser") / "tiny")


@pytest.fixture(scope="session")
def saved_model(denoiser_folder, tmp_path_factory):
    """The SavedModel of that denoiser and the shipped inpainter and detector, with its serving note."""
    folder = tmp_path_factory.mktemp("saved") / "model"
    assert export.main(["--output", str(folder), "--denoiser", str(denoiser_folder), "--detector", "learned",
                        "--serving"]) == 0
    return folder
