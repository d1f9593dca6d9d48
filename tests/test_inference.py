"""inference.py: everything goes on to `pipelines.restore`, with an output if none was given."""

from __future__ import annotations

import importlib.util
from pathlib import Path

import pytest

SPECIFICATION = importlib.util.spec_from_file_location(
    "inference", Path(__file__).resolve().parents[1] / "inference.py")
inference = importlib.util.module_from_spec(SPECIFICATION)
SPECIFICATION.loader.exec_module(inference)


@pytest.fixture
def forwarded(tmp_path, monkeypatch):
    """Call main in an empty folder with two pictures; return what `pipelines.restore` gets."""
    monkeypatch.chdir(tmp_path)
    for name in ("photo.JPG", "scan.tif"):
        (tmp_path / name).touch()
    seen = []
    monkeypatch.setattr(inference.restore, "main", lambda arguments: seen.append(arguments) or 1)

    def call(*arguments: str) -> list[str]:
        assert inference.main(arguments) == 1  # the code of `pipelines.restore`
        return seen.pop()

    return call


@pytest.mark.parametrize("source, output", [
    ("photo.JPG", "restored/photo.png"),
    ("scan.tif", "restored/scan.tif"),
    (".", "restored"),
    ("*.tif", "restored"),
    ("missing.jpg", "restored"),
])
def test_an_output_is_added(forwarded, source, output):
    expected = ["--input", source, "--mask", "m.png", "--output", output]
    assert forwarded("--input", source, "--mask", "m.png") == expected
    assert forwarded(f"--input={source}") == [f"--input={source}", "--output", output]


@pytest.mark.parametrize("arguments", [
    ["--input", "scan.tif", "--output", "x.tif", "--mask", "m.png"],
    ["--output=x.tif", "--input=scan.tif"],
    ["--mask", "m.png"],
    ["--input"],
    ["--input", "scan.tif", "--output"],
    ["--help"],
])
def test_other_arguments_are_left_as_they_are(forwarded, arguments):
    assert forwarded(*arguments) == arguments


def test_by_default_the_arguments_are_those_of_the_process(forwarded, monkeypatch):
    monkeypatch.setattr("sys.argv", ["inference.py", "--help"])
    assert inference.main() == 1
