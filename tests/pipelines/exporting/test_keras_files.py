"""Generator and discriminator alone, as Keras reads them without being told of custom layers."""

import dataclasses
import json

import numpy as np
import pytest
import tensorflow as tf

from deepfill_tf import build_discriminator, build_generator
from deepfill_tf.config import DeepFillConfig
from pipelines.errors import InputError
from pipelines.exporting.keras_files import load_discriminator, save_as_keras
from tests.pipelines.exporting.networks import noise, with_hole


def assert_reloads(model, folder):
    image = tf.constant(noise(1, 16, 24, 3) / np.float32(127.5) - 1)
    mask = tf.constant((with_hole(16, 24, (4, 9), (5, 20)) / np.float32(255))[np.newaxis])
    expected = tf.nest.flatten(model([image, mask]))
    save_as_keras(model, folder, "model")
    for suffix in (".keras", ".h5"):
        loaded = tf.keras.models.load_model(folder / f"model{suffix}", compile=False)
        for found, value in zip(tf.nest.flatten(loaded([image, mask])), expected):
            np.testing.assert_array_equal(found, value, err_msg=suffix)


@pytest.mark.parametrize("hole_fill", ["zeros", "tension-spline"])
def test_generator(hole_fill, tmp_path):
    assert_reloads(build_generator(hole_fill=hole_fill), tmp_path)


def test_discriminator_of_a_run(tmp_path):
    run = write_run(tmp_path, adversarial_weight=0.1)
    trained = build_discriminator()
    objective = tf.train.Checkpoint(discriminator=trained)
    trainer = tf.train.Checkpoint(objective=objective, step=tf.Variable(3))
    tf.train.Checkpoint(trainer=trainer).save(str(run / "checkpoints" / "ckpt"))
    loaded = load_discriminator(run)
    for found, expected in zip(loaded.weights, trained.weights):
        np.testing.assert_array_equal(found, expected)
    assert_reloads(loaded, tmp_path)


@pytest.mark.parametrize("changes, message", [
    ({"adversarial_weight": 0.1}, "has no checkpoint"), ({"adversarial_weight": 0.0}, "without an SN-PatchGAN"),
    ({"model": "deepfill_v1"}, "without an SN-PatchGAN")])
def test_runs_without_one_are_refused(changes, message, tmp_path):
    with pytest.raises(InputError, match=message):
        load_discriminator(write_run(tmp_path, **changes))


def test_other_folders_are_refused(tmp_path):
    with pytest.raises(InputError, match="not a folder of train_deepfill"):
        load_discriminator(tmp_path)


def write_run(folder, **changes):
    settings = {**dataclasses.asdict(DeepFillConfig()), **changes}
    (folder / "run.json").write_text(json.dumps({"settings": settings}))
    return folder
