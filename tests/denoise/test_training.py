"""Training runs: killed and resumed, logged, and good at what they are for."""

import numpy as np
import pytest
from skimage import data
from skimage.metrics import peak_signal_noise_ratio

from denoise import Denoiser, DenoiserConfig


class Killed(Exception):
    """Stands for the end of the process."""


def die_after(steps):
    def progress(done, planned, losses):
        if done == steps:
            raise Killed
    return progress


def test_a_killed_run_resumes_to_the_very_same_weights(picture, tiny, tmp_path):
    # "plateau" has the most state to lose; its patience of 10 epochs is too long for a test, see below
    config = tiny(train_epochs=4)
    images = [picture, picture[::-1], picture[:, ::-1], picture[:20]]
    whole = Denoiser.train(images, axes="YXC", config=config, folder=tmp_path / "whole")
    with pytest.raises(Killed):
        Denoiser.train(images, axes="YXC", config=config, folder=tmp_path / "killed", progress=die_after(8))
    steps = []
    resumed = Denoiser.train(images, axes="YXC", config=config, folder=tmp_path / "killed", resume=True,
                             progress=lambda done, *_: steps.append(done))
    assert steps == [7, 8, 9, 10, 11, 12]  # two epochs of three steps were finished
    assert (resumed.summary.steps, resumed.summary.best_epoch) == (12, whole.summary.best_epoch)
    np.testing.assert_array_equal(resumed.predict(picture), whole.predict(picture))
    np.testing.assert_array_equal(Denoiser.load(tmp_path / "killed").predict(picture), whole.predict(picture))


def test_the_learning_rate_is_lowered_at_the_same_epoch_after_a_resume(picture, tiny, tmp_path):
    # nothing improves at this rate, so that the plateau callback acts after its 10 epochs: in the 12th
    config = tiny(train_epochs=12, train_steps_per_epoch=1, train_learning_rate=1e-30)
    with pytest.raises(Killed):
        Denoiser.train([picture], axes="YXC", config=config, folder=tmp_path, progress=die_after(8))
    resumed = Denoiser.train([picture], axes="YXC", config=config, folder=tmp_path, resume=True)
    rate = float(resumed._official.keras_model.optimizer.learning_rate)
    assert rate == pytest.approx(0.5e-30, rel=1e-6)


def test_a_finished_run_resumes_to_itself(picture, tiny, tmp_path):
    first = Denoiser.train([picture], axes="YXC", config=tiny(), folder=tmp_path)
    again = Denoiser.train([picture], axes="YXC", config=tiny(), folder=tmp_path, resume=True,
                           progress=die_after(1))
    np.testing.assert_array_equal(again.predict(picture), first.predict(picture))


def test_without_resume_a_run_starts_anew(picture, tiny, tmp_path):
    steps = []
    for _ in range(2):
        Denoiser.train([picture], axes="YXC", config=tiny(), folder=tmp_path,
                       progress=lambda done, *_: steps.append(done))
    assert steps == [1, 2, 3, 4, 5, 6] * 2


def test_a_resume_point_of_another_network_is_an_error(picture, tiny, tmp_path):
    Denoiser.train([picture], axes="YXC", config=tiny(), folder=tmp_path)
    with pytest.raises(ValueError, match="cannot be resumed"):
        Denoiser.train([picture], axes="YXC", config=tiny(unet_n_first=5), folder=tmp_path, resume=True)


def test_the_log_is_for_tensorboard(picture, tiny, tmp_path):
    Denoiser.train([picture], axes="YXC", config=tiny(train_tensorboard=True), folder=tmp_path)
    assert list((tmp_path / "logs").rglob("events.out.tfevents.*"))


def test_a_diverging_run_is_an_error(picture, tiny):
    with pytest.raises(ValueError, match="diverged"):
        Denoiser.train([picture], axes="YXC", config=tiny(train_learning_rate=1e30))


def test_scratches_neither_teach_nor_smear():
    """Outside white scratches, training with their mask is as good as training without scratches."""
    clean = data.camera()[100:228, 150:278].astype(np.float32)
    noisy = clean + np.random.default_rng(0).normal(0, 25, clean.shape).astype(np.float32)
    damage = np.zeros(clean.shape, bool)
    for line in range(8):
        damage[10 + 15 * line:12 + 15 * line] = True
        damage[:, 5 + 15 * line] = True
    config = DenoiserConfig(unet_n_first=8, batch_norm=False, train_epochs=3, train_steps_per_epoch=100,
                            train_batch_size=4, train_learning_rate=2e-3, learning_rate_schedule="cosine",
                            n2v_perc_pix=8, n2v_patch_shape=(32, 32), train_tensorboard=False)

    def quality(image, mask):
        restored = Denoiser.train([image], axes="YX", damage=[mask], config=config).predict(image, mask)
        return peak_signal_noise_ratio(clean[~damage], restored[~damage], data_range=255)

    untouched = quality(noisy, None)
    assert untouched > 20.2 + 4  # the noise has 20.2 dB
    assert quality(np.where(damage, 255, noisy), damage) == pytest.approx(untouched, abs=0.1)
