"""The command: what it prints, its exit codes, one line for every error."""

import subprocess
import sys

import pytest

from tests.parity import recipe
from tests.weights.samples import write_tensorflow_checkpoint
from weights import WeightsError, load_generator
from weights.convert import main


def test_converts_and_says_so(tmp_path, capsys):
    source = write_tensorflow_checkpoint(tmp_path / "snap-0", recipe.generator_weights("seedB"))
    output = tmp_path / "generator.h5"
    assert main(["--source", str(source) + ".index", "--output", str(output)]) == 0
    said = capsys.readouterr()
    assert said.out.splitlines() == [
        f"source: {source} (TensorFlow checkpoint, DeepFill v2, BGR)",
        "licence of the source: CC BY-NC 4.0, for non-commercial use only (the licence of the official code "
        "and weights)",
        f"wrote {output}: 84 variables, 4,052,478 parameters, RGB"]
    assert said.err == ""
    assert load_generator(output).count_params() == 4_052_478


@pytest.mark.parametrize("source, output, said", [
    ("gone", "x.h5", "gone: no such file"),
    (".", "x.npz", "x.npz: weights are written as .h5 files; choose a file name that ends in .h5"),
    (".", "gone/x.h5", "there is no folder"),
])
def test_an_error_is_one_line(tmp_path, capsys, source, output, said):
    assert main(["--source", str(tmp_path / source), "--output", str(tmp_path / output)]) == 2
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("error: ") and captured.err.count("\n") == 1
    assert said in captured.err
    assert list(tmp_path.iterdir()) == []


def test_debug_shows_where(tmp_path):
    with pytest.raises(WeightsError):
        main(["--source", str(tmp_path / "gone"), "--output", str(tmp_path / "x.h5"), "--debug"])


def test_wrong_arguments(capsys):
    with pytest.raises(SystemExit) as caught:
        main(["--source", "x"])
    assert caught.value.code == 2


def test_help_loads_no_tensorflow():
    program = ("import sys\nfrom weights.convert import main\n"
               "try:\n    main(['--help'])\nfinally:\n    assert 'tensorflow' not in sys.modules\n")
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert "--source CHECKPOINT" in shown.stdout
