from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from deepfill_tf.config import DeepFillConfig
from pipelines import config, restore, train_deepfill
from weights import load_generator

CONFIGS = Path(train_deepfill.__file__).with_name("configs")
CONFIG = "image_size: 16\nbatch_size: 1\nsteps: 2\ncheckpoint_steps: 1\nmasks: {scratches: 1}\n"


@pytest.fixture
def data(tmp_path):
    folder = tmp_path / "data"
    folder.mkdir()
    random = np.random.default_rng(0)
    for index in range(2):
        Image.fromarray(random.integers(0, 256, (20, 24, 3), dtype=np.uint8)).save(folder / f"{index}.png")
    return folder


def test_two_steps_from_the_command_line_give_weights_that_restore_takes(data, tmp_path, capsys):
    settings, run = tmp_path / "c.yaml", tmp_path / "run"
    settings.write_text(CONFIG)
    arguments = ["--data", str(data), "--output", str(run), "--config", str(settings)]
    assert train_deepfill.main(arguments) == 0
    assert "generator.h5" in capsys.readouterr().out
    assert (run / "losses.csv").read_text().count("\n") == 2
    load_generator(run / "generator.h5")

    assert train_deepfill.main(arguments) == 2  # the folder is in use
    assert "--resume" in capsys.readouterr().err
    assert train_deepfill.main([*arguments, "--resume"]) == 0  # finished: nothing is left to do
    assert (run / "losses.csv").read_text().count("\n") == 2

    mask = np.zeros((20, 24), np.uint8)
    mask[3:5] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    assert restore.main(["--input", str(data / "0.png"), "--mask", str(tmp_path / "mask.png"), "--denoiser", "none",
                         "--inpainter", str(run / "generator.h5"), "--output", str(tmp_path / "out.png")]) == 0


@pytest.mark.parametrize("line, message", [("image_sise: 16", "did you mean 'image_size'"),
                                           ("image_size: big", "image_size must be of type int"),
                                           ("learning_rate: 0", "learning_rate"),
                                           ("masks: 3", "masks must be of type mapping")])
def test_bad_settings_name_file_and_key(line, message, data, tmp_path, capsys):
    (tmp_path / "c.yaml").write_text(line)
    code = train_deepfill.main(["--data", str(data), "--output", str(tmp_path / "run"),
                                "--config", str(tmp_path / "c.yaml")])
    error = capsys.readouterr().err
    assert code == 2 and message in error and "c.yaml" in error and error.count("\n") == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("deepfill*.yaml")), ids=lambda path: path.stem)
def test_shipped_settings_are_valid(path):
    assert config.load(path, DeepFillConfig).steps > 0


def test_rows_of_steps_that_are_done_again_are_dropped(tmp_path):
    losses = tmp_path / "losses.csv"
    losses.write_text("1,0.5\n2,0.4\n3,0.3\n4,0.")
    train_deepfill._drop_rows_after(losses, 2)
    assert losses.read_text() == "1,0.5\n2,0.4\n"


def test_data_of_formats_that_training_cannot_decode(tmp_path, capsys):
    Image.new("RGB", (20, 20)).save(tmp_path / "only.tif")
    assert train_deepfill.main(["--data", str(tmp_path), "--output", str(tmp_path / "run")]) == 2
    assert "none of the formats" in capsys.readouterr().err
