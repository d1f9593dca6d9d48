"""The command: which options go together, and that nothing half-written stays."""

from pathlib import Path

import pytest

from pipelines import export


@pytest.mark.parametrize("arguments, message", [
    (["--format", "stablehlo"], "error: --size: is missing"),
    (["--format", "stablehlo", "--size", "64"], "expected height and width"),
    (["--format", "stablehlo", "--size", "0x64"], "expected height and width"),
    (["--format", "stablehlo", "--size", "8x8", "--batch", "0"], "expected a whole number"),
    (["--size", "64x64"], "error: --size: is of no use to the export of savedmodel"),
    (["--float16"], "error: --float16: is of no use"),
    (["--format", "keras", "--denoiser", "none"], "error: --denoiser: is of no use to the export of keras"),
    (["--what", "train-step"], "add --format stablehlo"),
    (["--what", "train-step", "--format", "stablehlo"], "error: --data: is missing"),
    (["--denoiser", "auto"], "error: --denoiser: auto chooses one for each picture"),
    (["--denoiser", "none", "--inpainter", "no-such"], "error: no-such: no weights of that name"),
    (["--format", "keras", "--discriminator", "no-such"], "error: no-such: is not a folder of train_deepfill"),
    (["--format", "onnx"], "invalid choice"),
])
def test_one_line_for_what_cannot_be_done(arguments, message, tmp_path, capsys, monkeypatch):
    monkeypatch.chdir(tmp_path)
    try:
        code = export.main(["--output", "out", *arguments])
    except SystemExit as end:
        code = end.code
    (line,) = capsys.readouterr().err.splitlines()
    assert code == 2 and message in line
    assert not list(Path().iterdir())


@pytest.mark.parametrize("name", ["full", "file"])
def test_what_exists_is_not_touched(name, tmp_path, capsys):
    (tmp_path / "full").mkdir()
    for file in (tmp_path / "full" / "thing", tmp_path / "file"):
        file.write_text("mine")
    assert export.main(["--output", str(tmp_path / name)]) == 2
    assert f"{name}: exists already" in capsys.readouterr().err
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["file", "full", "thing"]


def test_keras_files(tmp_path, capsys):
    assert export.main(["--format", "keras", "--output", str(tmp_path / "out")]) == 0
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["generator.h5", "generator.keras"]
    assert capsys.readouterr().out == f"wrote {tmp_path / 'out'}: generator.h5, generator.keras\n"
