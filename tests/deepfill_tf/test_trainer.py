import dataclasses

import numpy as np
import pytest
from PIL import Image

from deepfill_tf.config import DeepFillConfig
from deepfill_tf.trainer import GeneratorTrainer, learning_rate

SMALL = DeepFillConfig(image_size=16, batch_size=1, steps=3, checkpoint_steps=1, masks={"scratches": 1.0})


@pytest.fixture
def paths(tmp_path):
    random = np.random.default_rng(0)
    for index in range(2):
        Image.fromarray(random.integers(0, 256, (20, 20, 3), dtype=np.uint8)).save(tmp_path / f"{index}.png")
    return sorted(tmp_path.glob("*.png"))


def test_a_broken_run_ends_with_the_same_weights_as_an_unbroken_one(paths, tmp_path):
    whole = GeneratorTrainer(SMALL, tmp_path / "whole", seed=0)
    losses = dict(whole.run(paths))
    assert sorted(losses) == [1, 2, 3] and set(losses[1]) == {"coarse_loss", "refined_loss"}

    broken = GeneratorTrainer(SMALL, tmp_path / "broken", seed=0)
    next(broken.run(paths))  # one step; the checkpoint of that step is the last thing that happens
    resumed = GeneratorTrainer(SMALL, tmp_path / "broken", seed=0)
    assert int(resumed.step) == 1
    assert sorted(dict(resumed.run(paths))) == [2, 3]
    for one, other in zip(whole.generator.weights + whole.averaged.weights,
                          resumed.generator.weights + resumed.averaged.weights):
        np.testing.assert_array_equal(one, other, err_msg=one.name)


def test_training_lowers_the_loss_and_averages_the_weights(paths, tmp_path):
    settings = dataclasses.replace(SMALL, steps=12, checkpoint_steps=100, learning_rate=1e-3)
    trainer = GeneratorTrainer(settings, tmp_path / "run", seed=0)
    totals = [sum(losses.values()) for _, losses in trainer.run(paths)]
    assert np.mean(totals[-3:]) < 0.9 * np.mean(totals[:3])
    distances = [np.abs(average - weight).max() for average, weight
                 in zip(trainer.averaged.weights, trainer.generator.weights)]
    assert max(distances) > 0


def test_a_new_run_can_start_from_given_weights(tmp_path):
    start = GeneratorTrainer(SMALL, tmp_path / "first", seed=5).generator
    trainer = GeneratorTrainer(SMALL, tmp_path / "second", seed=0, start=start)
    for one, other, average in zip(start.weights, trainer.generator.weights, trainer.averaged.weights):
        np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(one, average)


def test_a_loss_that_is_not_finite_names_step_and_checkpoint(paths, tmp_path):
    settings = dataclasses.replace(SMALL, learning_rate=1e30)
    trainer = GeneratorTrainer(settings, tmp_path / "run", seed=0)
    with pytest.raises(FloatingPointError, match=r"step \d.*ckpt-\d"):
        list(trainer.run(paths))


def test_learning_rate_rises_and_falls():
    settings = DeepFillConfig(steps=100, warmup_steps=10, learning_rate=1.0, decay="cosine")
    rates = [learning_rate(settings, step) for step in range(100)]
    assert rates[0] == pytest.approx(0.1, rel=1e-3)
    assert max(rates) == rates[9] and rates[50] == pytest.approx(0.5) and min(rates[50:]) == pytest.approx(0.02)
    assert learning_rate(dataclasses.replace(settings, decay="constant"), 99) == 1.0
