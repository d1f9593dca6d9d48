import csv
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import h5py
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from deepfill_tf.config import DeepFillConfig
from pipelines import config, restore, train_deepfill, training_session
from pipelines.training_log import TrainingLog, read_table
from tests.pictures import write_noise
from weights import WeightsError, load_generator

CONFIGS = Path(train_deepfill.__file__).with_name("configs")
CONFIG = """
image_size: 16
batch_size: 1
steps: 3
adversarial_weight: 0.01
masks: {scratches: 1}
hole_fill: tension-spline
checkpoint_steps: 1
summary_steps: 2
validation_steps: 1
validation_images: 2
"""
RECONSTRUCTION = CONFIG.replace("adversarial_weight: 0.01", "adversarial_weight: 0")
ONE_STEP = RECONSTRUCTION.replace("steps: 3", "steps: 1")


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    folder = tmp_path_factory.mktemp("data")
    write_noise(folder, 20, width=24)
    return folder


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    path = tmp_path_factory.mktemp("settings") / "c.yaml"
    path.write_text(CONFIG)
    return path


def arguments(data, settings, run, *more):
    return ["--data", str(data), "--output", str(run), "--config", str(settings), *more]


@pytest.fixture(scope="module")
def run(data, settings, tmp_path_factory):
    """A run that went through."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    assert train_deepfill.main(arguments(data, settings, folder)) == 0
    return folder


@pytest.fixture
def without_saved_model(monkeypatch):
    """For tests that do not look at it: it takes longer than all the rest."""
    monkeypatch.setattr(training_session, "_save_model", lambda *_: None)


def weights(path):
    with h5py.File(path) as file:
        found = {}
        file.visititems(lambda name, item: found.update({name: item[()]} if isinstance(item, h5py.Dataset) else {}))
    return found


def test_a_run_folder_holds_what_it_should(run):
    steps = [row["step"] for row in read_table(run / "metrics.csv")]
    assert steps == [1, 2, 3]
    assert set(read_table(run / "metrics.csv")[0]) == {
        "step", "discriminator_loss", "coarse_loss", "refined_loss", "adversarial_loss", "images_per_second"}
    psnr = [row["hole_psnr"] for row in read_table(run / "validation.csv")]
    assert len(psnr) == 3 and all(0 < value < 60 for value in psnr)
    best, last = weights(run / "best.h5"), weights(run / "generator.h5")
    same = all(np.array_equal(best[name], last[name]) for name in last)
    assert same == (max(psnr) == psnr[-1])
    Image.open(run / "metrics.png").verify()
    record = json.loads((run / "run.json").read_text())
    assert record["settings"]["image_size"] == 16 and record["facts"]["images"] == 20
    assert json.loads((run / "skipped.json").read_text()) == {}


def test_tensorboard_has_scalars_and_a_picture(run):
    events, = (run / "tensorboard").iterdir()
    tags = {}
    for event in tf.data.TFRecordDataset(str(events)):
        for value in tf.compat.v1.Event.FromString(event.numpy()).summary.value:
            tags.setdefault(value.tag, []).append(value)
    assert len(tags["refined_loss"]) == 3 and len(tags["hole_psnr"]) == 3
    pictures = tags["input, coarse, refined, attention"]
    assert len(pictures) == 2  # after the second step and at the end
    shape = tf.io.decode_png(pictures[0].tensor.string_val[2]).shape
    assert shape == (2 * 16, 4 * 16, 3)


def test_restore_takes_the_saved_model_and_run_and_weights_file_hold_the_same(run, data, tmp_path):
    mask = np.zeros((20, 24), np.uint8)
    mask[3:5] = 255
    Image.fromarray(mask).save(tmp_path / "mask.png")
    output = tmp_path / "restored.png"
    assert restore.main(["--input", str(data / "00.png"), "--mask", str(tmp_path / "mask.png"), "--denoiser", "none",
                         "--inpainter", str(run / "generator"), "--output", str(output)]) == 0
    assert (np.asarray(Image.open(output)) != np.asarray(Image.open(data / "00.png")))[3:5].any()
    expected = weights(run / "generator.h5")
    for path in (run, run / "generator", run / "generator.h5"):
        generator = load_generator(path)
        assert len(generator.weights) == len(expected)
        for weight in generator.weights:
            np.testing.assert_array_equal(weight, expected[f"{weight.name.partition('/')[0]}/{weight.name}"])


def test_a_saved_model_of_something_else_is_refused(tmp_path):
    module = tf.Module()
    module.variable = tf.Variable(1.0, name="other")
    tf.saved_model.save(module, str(tmp_path / "model"))
    with pytest.raises(WeightsError, match="another network"):
        load_generator(tmp_path / "model")


def test_a_saved_model_takes_the_place_of_the_last_one(tmp_path):
    network = tf.keras.Sequential([tf.keras.layers.Dense(1, input_shape=(2,))])
    for _ in range(2):
        training_session._save_model(network, tmp_path / "model")
    assert [path.name for path in tmp_path.iterdir()] == ["model"] and (tmp_path / "model/saved_model.pb").exists()


def test_a_used_folder_is_refused_and_a_finished_run_has_nothing_left_to_do(run, data, settings, capsys,
                                                                            without_saved_model):
    assert train_deepfill.main(arguments(data, settings, run)) == 2
    assert "--resume" in capsys.readouterr().err
    before = (run / "metrics.csv").read_text()
    assert train_deepfill.main(arguments(data, settings, run, "--resume")) == 0
    assert (run / "metrics.csv").read_text() == before


def test_killed_and_resumed_it_ends_as_an_unbroken_run_does(run, data, settings, tmp_path, without_saved_model):
    killed = tmp_path / "killed"
    process = subprocess.Popen([sys.executable, "-m", "pipelines.train_deepfill", *arguments(data, settings, killed)],
                               stderr=subprocess.PIPE, text=True,
                               env={**os.environ, "PYTHONPATH": str(Path(__file__).parents[2])})
    deadline = time.monotonic() + 300
    while not list(killed.glob("checkpoints/ckpt-1.index")):  # then the second step is going on
        assert time.monotonic() < deadline and process.poll() is None, process.stderr.read()
        time.sleep(0.01)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert not (killed / "generator").exists()
    assert train_deepfill.main(arguments(data, settings, killed, "--resume")) == 0
    expected, found = weights(run / "generator.h5"), weights(killed / "generator.h5")
    assert set(expected) == set(found) and len(expected) == 84
    for name, values in expected.items():
        np.testing.assert_array_equal(values, found[name], err_msg=name)
    for table in ("metrics.csv", "validation.csv"):
        rows, others = read_table(run / table), read_table(killed / table)
        for row in (*rows, *others):
            row.pop("images_per_second", None)
        assert rows == others


def test_ctrl_c_keeps_the_step(data, settings, tmp_path, monkeypatch, without_saved_model, eager_steps):
    folder = tmp_path / "run"
    losses = TrainingLog.losses

    def interrupt(log, step, figures):
        losses(log, step, figures)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(TrainingLog, "losses", interrupt)
    long = tmp_path / "c.yaml"
    long.write_text(RECONSTRUCTION.replace("checkpoint_steps: 1", "checkpoint_steps: 100"))
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell ignores it in its background
    try:
        assert train_deepfill.main(arguments(data, long, folder)) == 130
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert list(folder.glob("checkpoints/ckpt-1.index")) and (folder / "generator.h5").exists()


def test_corrupt_pictures_are_counted_named_and_skipped(settings, tmp_path, capsys, without_saved_model, eager_steps):
    folder = tmp_path / "data"
    folder.mkdir()
    for index in range(120):
        Image.new("RGB", (16, 16), (index, 0, 0)).save(folder / f"{index:03}.png")
    (folder / "000.png").write_bytes(b"no picture")  # the first of those that would be set aside
    one = tmp_path / "c.yaml"
    one.write_text(ONE_STEP)
    assert train_deepfill.main(arguments(folder, one, tmp_path / "run")) == 0
    error = capsys.readouterr().err
    assert "1 of 120 pictures" in error and "000.png" in error
    assert list(json.loads((tmp_path / "run" / "skipped.json").read_text())) == [str(folder / "000.png")]

    (folder / "008.png").write_bytes(b"")
    assert train_deepfill.main(arguments(folder, one, tmp_path / "other")) == 2
    error = capsys.readouterr().err
    assert "008.png" in error and error.count("\n") == 1
    assert not (tmp_path / "other").exists()  # so that it can be tried again


def test_records_and_lists_are_trained_on(data, tmp_path, capsys, without_saved_model, eager_steps):
    assert train_deepfill.main(["--data", str(data), "--write-records", str(tmp_path / "records")]) == 0
    assert "20 pictures" in capsys.readouterr().out
    (tmp_path / "list.txt").write_text("\n".join(map(str, sorted(data.glob("*.png"))[:5])))
    one = tmp_path / "c.yaml"
    one.write_text(ONE_STEP)
    assert train_deepfill.main(arguments(tmp_path / "records", one, tmp_path / "of_records", "--validation",
                                         str(tmp_path / "list.txt"))) == 0
    assert (tmp_path / "of_records" / "best.h5").exists()


def test_a_loss_that_is_not_finite_is_one_line(data, tmp_path, capsys, eager_steps):
    wild = tmp_path / "c.yaml"
    wild.write_text(RECONSTRUCTION + "learning_rate: 1.0e+30\n")
    assert train_deepfill.main(arguments(data, wild, tmp_path / "run")) == 2
    error = capsys.readouterr().err
    assert "step 2" in error and "ckpt-1" in error and error.count("\n") == 1


@pytest.mark.parametrize("line, message", [("image_sise: 16", "did you mean 'image_size'"),
                                           ("image_size: big", "image_size must be of type int"),
                                           ("learning_rate: 0", "learning_rate"),
                                           ("masks: 3", "masks must be of type mapping")])
def test_bad_settings_name_file_and_key(line, message, data, tmp_path, capsys):
    (tmp_path / "c.yaml").write_text(line)
    code = train_deepfill.main(arguments(data, tmp_path / "c.yaml", tmp_path / "run"))
    error = capsys.readouterr().err
    assert code == 2 and message in error and "c.yaml" in error and error.count("\n") == 1
    assert not (tmp_path / "run").exists()


@pytest.mark.parametrize("path", sorted(CONFIGS.glob("deepfill*.yaml")), ids=lambda path: path.stem)
def test_shipped_settings_are_valid(path):
    assert config.load(path, DeepFillConfig).steps > 0


def test_rows_of_steps_that_are_done_again_are_dropped(tmp_path):
    for name in ("metrics.csv", "validation.csv"):
        with (tmp_path / name).open("w", newline="") as file:
            csv.writer(file).writerows([["step", "hole_psnr"], [1, 20.0], [2, 22.5], [3, 30.0]])
            file.write("4,3")  # killed while it wrote
    with TrainingLog(tmp_path, 2) as log:
        assert log.best == 22.5
        assert not log.validated(3, 21.0) and log.validated(4, 23.0)
    assert [row["step"] for row in read_table(tmp_path / "validation.csv")] == [1, 2, 3, 4]
    assert [row["step"] for row in read_table(tmp_path / "metrics.csv")] == [1, 2]


@pytest.mark.parametrize("more, message", [(["--output", "x", "--write-records", "y"], "one of"), ([], "one of")])
def test_what_to_do_must_be_clear(more, message, data, capsys):
    assert train_deepfill.main(["--data", str(data), *more]) == 2
    assert message in capsys.readouterr().err


@pytest.mark.parametrize("more, settings, message", [
    (["--start-from", "default"], "guided: true\n", "asks for a guided deepfill_v2"),
    (["--start-from", "deepfill_v2_spline"], "hole_fill: zeros\n", "hole_fill is tension-spline"),
    (["--validation", "x.png"], "validation_images: 0\n", "validation_images: 0"),
    (["--validation", "x.png", "--edges", "y"], "guided: true\n", "--edges")])
def test_contradictions_are_refused_before_there_is_a_folder(more, settings, message, data, tmp_path, capsys):
    (tmp_path / "c.yaml").write_text(settings)
    assert train_deepfill.main(arguments(data, tmp_path / "c.yaml", tmp_path / "run", *more)) == 2
    error = capsys.readouterr().err
    assert message in error and error.count("\n") == 1
    assert not (tmp_path / "run").exists()


def test_data_of_formats_that_training_cannot_decode(tmp_path, capsys):
    Image.new("RGB", (20, 20)).save(tmp_path / "only.tif")
    assert train_deepfill.main(arguments(tmp_path, CONFIGS / "deepfill_smoke.yaml", tmp_path / "run")) == 2
    error = capsys.readouterr().err
    assert "there are none" in error and error.count("\n") == 1


def test_drawn_edges_guide_the_training(data, tmp_path, capsys, without_saved_model, eager_steps):
    drawings = tmp_path / "drawings"
    drawings.mkdir()
    for path in data.glob("*.png"):
        Image.new("L", (24, 20), 255).save(drawings / path.name)
    guided = tmp_path / "c.yaml"
    guided.write_text(ONE_STEP + "guided: true\n")
    assert train_deepfill.main(arguments(data, guided, tmp_path / "run", "--edges", str(drawings))) == 0
    assert len(load_generator(tmp_path / "run").inputs) == 3
    (drawings / "00.png").unlink()
    assert train_deepfill.main(arguments(data, guided, tmp_path / "other", "--edges", str(drawings))) == 2
    assert "00" in capsys.readouterr().err


def test_edges_for_a_network_that_takes_none(data, settings, tmp_path, capsys):
    assert train_deepfill.main(arguments(data, settings, tmp_path / "run", "--edges", str(tmp_path))) == 2
    assert "guided" in capsys.readouterr().err
