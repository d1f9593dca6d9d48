"""python -m pipelines.train_damage, from photos to weights."""

import json

import numpy as np
import pytest
from PIL import Image

from pipelines import train_damage
from pipelines.damage.network import load_network


@pytest.fixture
def photos(tmp_path):
    (tmp_path / "photos").mkdir()
    y, x = np.mgrid[:260, :280]
    for index in range(2):
        pixels = np.stack([x % 256, (y + 40 * index) % 256, (x + y) // 3], axis=-1).astype(np.uint8)
        Image.fromarray(pixels).save(tmp_path / "photos" / f"{index}.png")
    (tmp_path / "short.yaml").write_text("steps: 1\nwindows: 1\ncrops: [64]\ncheckpoint_steps: 1\n")
    return tmp_path


def run(folder, *more):
    return train_damage.main(["--data", str(folder / "photos"), "--output", str(folder / "run"), "--config",
                              str(folder / "short.yaml"), *more])


def test_a_short_run_leaves_weights_that_detect_takes(photos, capsys):
    from pipelines import detect

    assert run(photos) == 0
    folder = photos / "run"
    assert f"wrote {folder}: detector.npz, loss " in capsys.readouterr().out
    assert json.loads((folder / "run.json").read_text())["facts"]["images"] == 2
    assert load_network(folder / "detector.npz").count_params() > 0
    assert run(photos) == 2  # the folder is in use
    assert "exists already" in capsys.readouterr().err
    assert run(photos, "--resume") == 0
    assert "trained already" in capsys.readouterr().out
    assert detect.main(["--input", str(photos / "photos" / "0.png"), "--output", str(photos / "mask.png"), "--detector",
                        "learned", "--detector-weights", str(folder / "detector.npz")]) == 0


@pytest.mark.parametrize("text, problem", [
    ("steps: 0", "steps, windows and checkpoint_steps must be at least 1"),
    ("step: 5", "unknown key 'step'; did you mean 'steps'?"),
    ("crops: [100]", "crops must divide 256"),
])
def test_wrong_settings_are_refused_before_there_is_a_folder(photos, text, problem, capsys):
    (photos / "short.yaml").write_text(text)
    assert run(photos) == 2
    error = capsys.readouterr().err
    assert error.startswith("error: ") and problem in error and error.count("\n") == 1
    assert not (photos / "run").exists()
