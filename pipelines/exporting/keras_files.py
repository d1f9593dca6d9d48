"""Generator and discriminator as Keras models of their own, .keras and .h5."""

from __future__ import annotations

import json
import warnings
from pathlib import Path

import tensorflow as tf

from deepfill_tf.discriminator import build_discriminator
from pipelines.errors import InputError
from pipelines.quiet import harmless_lines_dropped
from pipelines.run_folder import CHECKPOINTS, RUN_FILE


def save_as_keras(model: tf.keras.Model, folder: Path, name: str) -> None:
    """Write `name`.keras and `name`.h5.

    `tf.keras.models.load_model` reads them without `custom_objects` once the module that built the model has been
    imported (`deepfill_tf.generator`, `deepfill_tf.v1.generator` or `deepfill_tf.discriminator`): it registers the
    layers.
    """
    with harmless_lines_dropped(), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "You are saving your model as an HDF5 file", UserWarning)
        for suffix in (".keras", ".h5"):
            model.save(folder / f"{name}{suffix}")


def load_discriminator(run: Path) -> tf.keras.Model:
    """The SN-PatchGAN of a training run's last checkpoint.

    Args:
        run: Folder that `python -m pipelines.train_deepfill` wrote.

    Raises:
        InputError: If there is no checkpoint, or the run trained without such a discriminator.
    """
    try:
        settings = json.loads((run / RUN_FILE).read_text(encoding="utf-8"))["settings"]
        is_known = settings["model"] == "deepfill_v2" and settings["adversarial_weight"] > 0
        options = {name: settings[name] for name in ("guided", "spectral_norm")}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise InputError(run, "is not a folder of train_deepfill", "give one that it wrote") from error
    if not is_known:
        raise InputError(run, "was trained without an SN-PatchGAN", "leave --discriminator out")
    checkpoint = tf.train.latest_checkpoint(str(run / CHECKPOINTS))
    if checkpoint is None:
        raise InputError(run, "has no checkpoint", "give a run that has got so far")
    discriminator = build_discriminator(**options)
    objective = tf.train.Checkpoint(discriminator=discriminator)
    trainer = tf.train.Checkpoint(objective=objective)
    tf.train.Checkpoint(trainer=trainer).restore(checkpoint).expect_partial().assert_existing_objects_matched()
    return discriminator
