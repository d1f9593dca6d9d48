import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from deepfill_tf.config import DeepFillConfig
from deepfill_tf.sources import ImageFiles
from deepfill_tf.trainer import Trainer
from deepfill_tf.training_run import TrainingRun
from tests.pictures import write_noise

SMALL = DeepFillConfig(image_size=16, batch_size=1, steps=3, checkpoint_steps=1, masks={"scratches": 1.0})
RECONSTRUCTION = dataclasses.replace(SMALL, adversarial_weight=0.0, initialization="looks-linear", beta_1=0.9,
                                     beta_2=0.99)
V1 = DeepFillConfig(model="deepfill_v1", image_size=32, batch_size=1, steps=1, critic_steps=2)


@pytest.fixture
def source(tmp_path):
    return ImageFiles(tuple(write_noise(tmp_path, 2)), 16)


def step_data(config, seed=0):
    random = np.random.default_rng(seed)
    shape = [config.batch_size, config.draws, config.image_size, config.image_size]
    images = random.uniform(-1, 1, [*shape, 3]).astype(np.float32)
    masks = np.zeros([*shape, 1], np.float32)
    masks[:, :, 4:12, 4:12] = 1
    return tf.constant(images), tf.constant(masks)


def one_step(config, repeats=1, **changes):
    """Losses of the last step, weights before the first one, and the trainer."""
    trainer = Trainer(dataclasses.replace(config, **changes), seed=0)
    before = trainer.generator.get_weights()
    step = tf.function(trainer.train_step, jit_compile=trainer.config.xla)
    for _ in range(repeats):
        losses = step(step_data(trainer.config))
    return {name: float(value) for name, value in losses.items()}, before, trainer


def test_a_broken_run_ends_with_the_same_weights_as_an_unbroken_one(source, tmp_path, eager_steps):
    whole = TrainingRun(SMALL, source, tmp_path / "whole", seed=0)
    losses = dict(whole.steps())
    assert sorted(losses) == [1, 2, 3]
    assert set(losses[1]) == {"discriminator_loss", "coarse_loss", "refined_loss", "adversarial_loss"}

    broken = TrainingRun(SMALL, source, tmp_path / "broken", seed=0)
    steps = broken.steps()
    assert [next(steps)[0], next(steps)[0]] == [1, 2]  # broken off before the checkpoint of the second step
    resumed = TrainingRun(SMALL, source, tmp_path / "broken", seed=0)
    assert resumed.step == 1
    assert {step: losses[step] for step in (2, 3)} == dict(resumed.steps())
    for one, other in zip(whole.trainer.weights, resumed.trainer.weights):
        np.testing.assert_array_equal(one, other, err_msg=one.name)
    assert len(whole.trainer.weights) > 2 * 84 + 18  # generator, its average, discriminator


def test_training_lowers_the_loss_and_averages_the_weights(tmp_path):
    Image.new("RGB", (20, 20), (200, 40, 90)).save(tmp_path / "red.png")
    source = ImageFiles((tmp_path / "red.png",), 16)
    settings = dataclasses.replace(RECONSTRUCTION, steps=12, checkpoint_steps=100, learning_rate=1e-3)
    run = TrainingRun(settings, source, tmp_path / "run", seed=0)
    totals = [sum(losses.values()) for _, losses in run.steps()]
    assert np.mean(totals[-3:]) < 0.9 * np.mean(totals[:3])
    averaged = run.trainer.copy_average()
    distances = [np.abs(average - weight).max() for average, weight
                 in zip(averaged.get_weights(), run.trainer.generator.get_weights())]
    assert max(distances) > 0


def test_without_adversarial_loss_there_is_no_discriminator():
    losses, _, trainer = one_step(RECONSTRUCTION)
    assert set(losses) == {"coarse_loss", "refined_loss"}
    assert trainer.objective.critic_variables == []


def test_a_new_run_can_start_from_given_weights():
    start = Trainer(RECONSTRUCTION, seed=5).generator
    trainer = Trainer(RECONSTRUCTION, seed=0, start=start)
    for one, other, average in zip(start.weights, trainer.generator.weights, trainer.average):
        np.testing.assert_array_equal(one, other)
        np.testing.assert_array_equal(one, average)


def test_a_loss_that_is_not_finite_names_step_and_checkpoint(source, tmp_path, eager_steps):
    run = TrainingRun(dataclasses.replace(RECONSTRUCTION, learning_rate=1e30), source, tmp_path / "run", seed=0)
    with pytest.raises(FloatingPointError, match=r"step \d.*ckpt-\d"):
        list(run.steps())


@pytest.mark.parametrize("changes", [{"precision": "mixed_bfloat16", "image_size": 64}, {"precision": "mixed_float16"},
                                     {"guided": True}, {"spectral_norm": "addons"}, {"reference": True}],
                         ids=lambda changes: next(iter(changes)) + "-" + str(next(iter(changes.values()))))
def test_every_kind_of_step_moves_all_weights(changes):
    # float16 begins by lowering the scale of the loss until no gradient overflows; such steps change nothing.
    # (bfloat16 at 64 pixels: oneDNN's gradients of convolutions over a single pixel are sometimes NaN.)
    losses, before, trainer = one_step(SMALL, repeats=12 if changes.get("precision") == "mixed_float16" else 1,
                                       **changes)
    assert np.isfinite(list(losses.values())).all()
    # The error of noise under an untrained network hardly depends on how it is computed.
    assert losses["refined_loss"] == pytest.approx(0.55, abs=0.15)
    for old, new in zip(before, trainer.generator.weights):
        assert new.dtype == tf.float32 and np.any(old != new), new.name


def test_xla_computes_the_same_step():
    # (With a discriminator, as JAX compiles it: tests/pipelines/test_portable_training.py.)
    plain_losses, _, plain = one_step(RECONSTRUCTION)
    losses, _, compiled = one_step(RECONSTRUCTION, xla=True)
    for name, value in plain_losses.items():
        assert losses[name] == pytest.approx(value, abs=1e-5)
    for one, other in zip(plain.generator.weights, compiled.generator.weights):
        # Adam's first step has the gradient's sign alone, which rounding turns where the gradient is about zero
        assert np.mean(np.abs(one - other)) < 0.1 * RECONSTRUCTION.learning_rate


def test_v1_trains_its_critics_before_the_generator():
    assert V1.draws == 3
    losses, before, trainer = one_step(V1)
    assert set(losses) == {"critic_loss", "gradient_penalty", "discounted_loss", "known_area_loss",
                           "adversarial_loss"}
    assert int(trainer.critic_optimizer.iterations) == 2 and int(trainer.generator_optimizer.iterations) == 1
    for old, new in zip(before, trainer.generator.weights):
        assert np.any(old != new), new.name


def test_learning_rate_rises_and_falls():
    settings = dataclasses.replace(RECONSTRUCTION, steps=100, warmup_steps=10, learning_rate=1.0, decay="cosine")
    trainer = Trainer(settings, seed=0)

    def rate(step):
        trainer.step.assign(step)
        return float(trainer.learning_rate())

    rates = [rate(step) for step in range(100)]
    assert rates[0] == pytest.approx(0.1, rel=1e-3)
    assert max(rates) == rates[9] and rates[50] == pytest.approx(0.5) and min(rates[50:]) == pytest.approx(0.02)


def test_a_batch_that_cannot_be_shared_out(source, tmp_path):
    class TwoDevices:
        num_replicas_in_sync = 2

    with pytest.raises(ValueError, match="batch_size.*multiple of the 2 devices"):
        TrainingRun(SMALL, source, tmp_path, seed=0, strategy=TwoDevices())
    with pytest.raises(ValueError, match="xla.*false on 2 devices"):
        TrainingRun(dataclasses.replace(SMALL, batch_size=2, xla=True), source, tmp_path, seed=0,
                    strategy=TwoDevices())
