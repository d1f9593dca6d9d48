"""Networks that begin from trained ones: adapted to an image, or only fitted to its units and channels."""

import numpy as np
import pytest
import tensorflow as tf

from denoise import Denoiser
from denoise.warm_start import weights_for_channels

STILL = {"train_learning_rate": 1e-30}  # Adam then leaves the weights as they are


@pytest.fixture(scope="module")
def other(picture, tiny):
    """A denoiser that has seen no more than the fixture `denoiser`, and another picture."""
    return Denoiser.train([255 - picture[::-1]], axes="YXC", config=tiny(), seed=4)


@pytest.fixture(scope="module")
def general(picture, tiny):
    return Denoiser.train([picture, picture // 4 + 100], axes="YXC", config=tiny(own_statistics=True))


def test_a_start_that_cannot_be_beaten_is_kept(denoiser, picture, tiny):
    adapted = Denoiser.train([picture], axes="YXC", config=tiny(**STILL), starts=[denoiser])
    assert (adapted.summary.start, adapted.summary.best_epoch) == (0, 0)
    assert adapted.summary.validation_loss == adapted.summary.start_loss
    np.testing.assert_array_equal(adapted.predict(picture), denoiser.predict(picture))


def test_training_from_a_start_ends_with_a_lower_loss(denoiser, picture, tiny):
    summary = Denoiser.train([picture], axes="YXC", config=tiny(), starts=[denoiser]).summary
    assert summary.validation_loss < summary.start_loss and summary.best_epoch > 0


def test_the_start_with_the_lowest_loss_is_taken(denoiser, other, picture, tiny):
    losses = [Denoiser.train([picture], axes="YXC", config=tiny(**STILL), starts=[start]).summary.start_loss
              for start in (denoiser, other)]
    for starts in ([denoiser, other], [other, denoiser]):
        summary = Denoiser.train([picture], axes="YXC", config=tiny(), starts=starts).summary
        assert summary.start_loss == min(losses) and starts[summary.start] is (denoiser, other)[np.argmin(losses)]


def test_the_start_decides_about_the_architecture(denoiser, picture, tiny):
    adapted = Denoiser.train([picture], axes="YXC", config=tiny(unet_n_first=8), starts=[denoiser])
    assert adapted._official.config.unet_n_first == denoiser._official.config.unet_n_first == 4
    larger = Denoiser.train([picture], axes="YXC", config=tiny(unet_n_first=5, train_epochs=1))
    with pytest.raises(ValueError, match="starts must have one architecture"):
        Denoiser.train([picture], axes="YXC", config=tiny(), starts=[denoiser, larger])


def test_a_killed_adaptation_resumes_to_the_very_same_weights(denoiser, picture, tiny, tmp_path):
    class Killed(Exception):
        pass

    def die(done, *_):
        if done == 5:
            raise Killed

    settings = {"axes": "YXC", "config": tiny(train_epochs=3), "starts": [denoiser]}
    whole = Denoiser.train([picture], **settings)
    with pytest.raises(Killed):
        Denoiser.train([picture], **settings, folder=tmp_path, progress=die)
    resumed = Denoiser.train([picture], **settings, folder=tmp_path, resume=True)
    np.testing.assert_array_equal(resumed.predict(picture), whole.predict(picture))


def test_a_gray_network_gives_the_mean_of_what_that_for_colours_gives_for_the_gray_image(denoiser, picture):
    model, gray = denoiser._official.keras_model, picture[None, :, :, :1].astype(np.float32) / 60
    fitted = denoiser.fitted_to([picture[..., 0]], axes="YX")
    assert (fitted.channels, denoiser.channels) == (1, 3)
    expected = model(np.repeat(gray, 3, -1)).numpy().mean(-1, keepdims=True)
    np.testing.assert_allclose(fitted._official.keras_model(gray), expected, atol=1e-5)


def test_a_gray_network_sees_no_colours(denoiser, picture):
    gray = denoiser.fitted_to([picture[..., 0]], axes="YX")
    with pytest.raises(ValueError, match="for 1 channels cannot be made to see 3"):
        weights_for_channels(gray._official.keras_model, 3)


@pytest.mark.parametrize("dtype, gain, offset", [("uint16", 11, 300), ("float32", 1 / 255, -0.5)])
def test_a_fitted_denoiser_works_in_the_units_of_its_image(denoiser, picture, dtype, gain, offset):
    image = (picture * np.float64(gain) + offset).astype(dtype)
    expected = denoiser.fitted_to([picture], axes="YXC").predict(picture) * gain + offset
    np.testing.assert_allclose(denoiser.fitted_to([image], axes="YXC").predict(image), expected, atol=1e-3 * gain)


def test_fitted_denoisers_share_a_network_and_have_statistics_of_their_own(denoiser, picture, tmp_path):
    bright, dark, gray = (denoiser.fitted_to([image], axes=axes) for image, axes in (
        (picture, "YXC"), (picture // 2, "YXC"), (picture[..., 0], "YX")))
    assert bright.network is dark.network is not gray.network
    np.testing.assert_allclose(bright.statistics, [picture.mean((0, 1)), picture.std((0, 1))], rtol=1e-6)
    np.testing.assert_allclose(dark.statistics, [(picture // 2).mean((0, 1)), (picture // 2).std((0, 1))], rtol=1e-6)
    bright.save(tmp_path)
    np.testing.assert_array_equal(Denoiser.load(tmp_path).statistics, bright.statistics)
    together = dark.tensor_function(bright.statistics)(tf.constant(picture[np.newaxis], tf.float32),
                                                       tf.zeros((1, *picture.shape[:2], 1)))
    np.testing.assert_allclose(together[0], bright.predict(picture), atol=1e-4)


def test_damage_counts_in_no_statistics(denoiser, picture):
    damage = np.zeros(picture.shape[:2], bool)
    damage[5:9] = True
    fitted = [denoiser.fitted_to([np.where(damage[..., None], value, picture)], axes="YXC", damage=[damage])
              for value in (0, 255)]
    np.testing.assert_array_equal(fitted[0].predict(picture), fitted[1].predict(picture))


def test_a_general_denoiser_is_fitted_to_every_image(general, picture, tmp_path):
    assert general.is_general
    darker = picture // 4
    for image in (picture, darker):
        np.testing.assert_array_equal(general.predict(image), general.fitted_to([image], axes="YXC").predict(image))
    general.save(tmp_path)
    loaded = Denoiser.load(tmp_path)
    assert loaded.is_general and not loaded.fitted_to([picture], axes="YXC").is_general
    np.testing.assert_array_equal(loaded.predict(darker), general.predict(darker))


def test_the_tensor_function_of_a_general_denoiser_fits_it_to_each_image(general, picture):
    damage = np.zeros(picture.shape[:2], bool)
    damage[5:9, 3:] = True
    flat = np.full_like(picture, 7)
    images, masks = [picture, picture // 4, flat], [damage, np.zeros_like(damage), np.ones_like(damage)]
    values = np.stack(images).astype(np.float32)
    values[0][damage] = np.nan
    restored = tf.function(general.tensor_function())(
        tf.constant(values), tf.constant(np.stack(masks)[..., np.newaxis], tf.float32)).numpy()
    for image, mask, found in list(zip(images, masks, restored))[:2]:
        np.testing.assert_allclose(found, general.predict(image, damage=mask), atol=1e-3)
    assert np.isfinite(restored[2]).all()  # nothing is known of it
