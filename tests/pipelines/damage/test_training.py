"""Training of the detector: the loss, the average, and going on after a kill."""

import csv

import numpy as np
import pytest
import tensorflow as tf

from pipelines.damage import training
from pipelines.damage.training import DamageTrainer, DamageTrainingConfig, damage_loss, train

TINY = DamageTrainingConfig(steps=4, windows=1, crops=(16, 32), checkpoint_steps=2, learning_rate=1e-3)


class Batches:
    """Bright squares on noise, small crops; stands in for Examples."""

    def __init__(self):
        self.asked = []

    def batch(self, number, windows, crop):
        self.asked.append((number, crop))
        random = np.random.default_rng(number)
        images = random.integers(0, 100, (2, 32, 32, 3), dtype=np.uint8)
        labels = np.zeros((2, 32, 32), np.uint8)
        images[:, 4:12, 4:12], labels[:, 4:12, 4:12] = 255, 6
        return images, labels


def small_network():
    image = tf.keras.Input((None, None, 3))
    return tf.keras.Model(image, tf.keras.layers.Conv2D(8, 3, padding="same", activation="softmax")(image))


@pytest.fixture(autouse=True)
def small(monkeypatch):
    monkeypatch.setattr(training, "build_network", small_network)
    monkeypatch.setattr(training, "VALIDATED", 2)
    tf.keras.utils.set_random_seed(0)


def test_loss_of_known_answers():
    labels = np.zeros((1, 4, 4), np.int32)
    labels[0, :2] = 3
    right = np.eye(8, dtype=np.float32)[labels]
    assert damage_loss(tf.constant(right), labels).numpy() == pytest.approx(0, abs=1e-5)
    even = np.full((1, 4, 4, 8), 1 / 8, np.float32)
    assert damage_loss(tf.constant(even), labels).numpy() == pytest.approx(1.5 * np.log(8), rel=1e-5)  # half weighs 2


def test_training_lowers_the_loss_and_the_average_follows():
    trainer = DamageTrainer(DamageTrainingConfig(steps=400, crops=(32,), learning_rate=0.05))
    images, labels = Batches().batch(0, 1, 32)
    losses = [trainer.step(images, labels) for _ in range(150)]
    assert losses[-1] < 0.6 * losses[0]
    distance = [np.abs(average - weight).max() for average, weight in
                zip(trainer.averaged.get_weights(), trainer.network.get_weights())]
    assert 0 < max(distance) < 0.5


def test_a_killed_run_goes_on_to_the_same_weights(tmp_path):
    def run(folder, stop=None):
        tf.keras.utils.set_random_seed(0)
        batches = Batches()

        def progress(step, figures):
            if step == stop:
                raise KeyboardInterrupt

        folder.mkdir(exist_ok=True)
        figures = train(TINY, batches, Batches(), folder, progress)
        return figures, batches.asked

    _, asked = run(tmp_path / "whole")
    assert sorted(asked) == [(0, 16), (1, 16), (2, 32), (3, 32)]
    with pytest.raises(KeyboardInterrupt):
        run(tmp_path / "killed", stop=3)
    figures, asked = run(tmp_path / "killed")
    assert sorted(asked) == [(2, 32), (3, 32)] and set(figures) == {"loss", "precision", "recall", "f1"}
    whole, killed = (np.load(tmp_path / name / "detector.npz") for name in ("whole", "killed"))
    for name in whole.files:
        np.testing.assert_array_equal(killed[name], whole[name])
    with (tmp_path / "killed" / "metrics.csv").open() as file:
        assert [row["step"] for row in csv.DictReader(file)] == ["2", "4"]
    assert run(tmp_path / "killed") == ({}, [])


def test_a_loss_that_is_not_finite_ends_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(DamageTrainer, "step", lambda *_: float("nan"))
    with pytest.raises(FloatingPointError, match="loss of step 1"):
        train(TINY, Batches(), None, tmp_path, lambda *_: None)


@pytest.mark.parametrize("wrong", [{"steps": 0}, {"crops": ()}, {"crops": (100,)}, {"crops": (8,)},
                                   {"learning_rate": 0.0}, {"average": 1.0}])
def test_wrong_settings(wrong):
    with pytest.raises(ValueError, match="must"):
        DamageTrainingConfig(**wrong)


def test_crops_change_with_the_run():
    config = DamageTrainingConfig(steps=10, crops=(64, 128))
    assert [config.crop(step) for step in (0, 4, 5, 9)] == [64, 64, 128, 128]
