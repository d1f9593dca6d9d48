"""The real training step, exported, run by JAX and brought back, by the commands that users run."""

from __future__ import annotations

import importlib.util

import numpy as np
import pytest
from PIL import Image

from deepfill_tf.config import DeepFillConfig
from deepfill_tf.portable_step import portable_train_step, portable_variables
from deepfill_tf.sources import open_source
from deepfill_tf.training_run import TrainingRun
from pipelines import config, export, train_deepfill
from pipelines.portable.__main__ import main as run_portable
from pipelines.portable.pictures import read_pictures
from pipelines.portable.state_files import read_state
from pipelines.portable_import import import_state

needs_jax = pytest.mark.skipif(importlib.util.find_spec("jax") is None, reason="no JAX for Python 3.9 goes along")
# Of how far training moves a variable: sums are taken in another order, and Adam makes much of small gradients.
# Found: 4e-4 for one bias, 1e-5 for most.
TOLERANCE = 5e-3
SETTINGS = """
image_size: 32
batch_size: 2
steps: 4
learning_rate: 1e-3
hole_weight: 4
adversarial_weight: 0.1
masks: {box: 1}
initialization: looks-linear
validation_images: 0
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Settings, packed pictures, and the same pictures as files."""
    folder = tmp_path_factory.mktemp("portable")
    (folder / "c.yaml").write_text(SETTINGS)
    (folder / "photos").mkdir()
    (folder / "pictures").mkdir()
    random = np.random.default_rng(0)
    for index in range(3):
        coarse = Image.fromarray(random.integers(0, 256, (5, 6, 3), dtype=np.uint8))
        coarse.resize((48, 40), Image.Resampling.BICUBIC).save(folder / "photos" / f"{index}.png")
    assert train_deepfill.main(["--data", str(folder / "photos"), "--write-packed", str(folder / "packed"),
                                "--packed-side", "36"]) == 0
    for index, picture in enumerate(read_pictures([str(folder / "packed")])):
        Image.fromarray(picture).save(folder / "pictures" / f"{index}.png")
    return folder


def arguments(folder, **options):
    given = {"config": folder / "c.yaml", **options}
    return [text for name, value in given.items() for text in (f"--{name.replace('_', '-')}", str(value))]


def values(variables):
    return {name: variable.numpy() for name, variable in variables.items()}


@needs_jax
def test_three_steps_there_and_one_here_are_four_steps_here(folder):
    packed, there, back = folder / "packed", folder / "there", folder / "back"
    assert export.main(arguments(folder, format="stablehlo", what="train-step", data=packed,
                                 output=folder / "program")) == 0
    assert run_portable(["--program", str(folder / "program"), "--data", str(packed), "--output", str(there),
                         "--steps", "3", "--steps-per-call", "2"]) == 0
    assert train_deepfill.main(arguments(folder, data=folder / "pictures", output=back, import_state=there)) == 0

    settings = config.load(folder / "c.yaml", DeepFillConfig)
    run = TrainingRun(settings, open_source(folder / "pictures", smallest=32), folder / "here", seed=0)
    start = values(portable_variables(run.trainer))
    losses = [losses for _, losses in run.steps()]
    expected = values(portable_variables(run.trainer))
    # As the next export would read it.
    found = portable_train_step(settings, pictures=3, side=36, seed=0, checkpoints=back / "checkpoints")
    assert found.step == expected["step"] == 4
    for name, value in values(found.variables).items():
        moved = np.linalg.norm(expected[name] - start[name])
        assert moved > 0, name
        assert np.linalg.norm(value - expected[name]) <= TOLERANCE * moved, name
    rows = [path.read_text().splitlines()[1:] for path in (there / "losses.csv", back / "metrics.csv")]
    assert [row.split(",")[0] for row in rows[0] + rows[1]] == ["2", "3", "4"]
    assert float(rows[0][1].split(",")[2]) == pytest.approx(losses[2]["adversarial_loss"], abs=1e-5)

    weights = read_state(there / "weights")[1]
    assert not any("adam" in name for name in weights)
    assert sum(value.nbytes for value in weights.values()) < 0.21 * sum(
        value.nbytes for value in read_state(there / "state")[1].values())
    taken = portable_variables(run.trainer)
    assert import_state(there / "weights", taken) == 3
    state = read_state(there / "state")[1]
    for name, value in values(taken).items():
        kept = expected[name] if "adam" in name else state[name]
        np.testing.assert_allclose(value, kept, rtol=2**-11, atol=2**-25)  # float16's steps


def test_a_state_that_is_not_there_is_one_line(folder, capsys):
    assert train_deepfill.main(arguments(folder, data=folder / "pictures", output=folder / "none",
                                         import_state=folder / "nowhere")) == 2
    (line,) = capsys.readouterr().err.splitlines()
    assert "nowhere" in line and "--import-state" in line
