"""Noise estimation on photographs that ship with scikit-image."""

import numpy as np
import pytest
from scipy import ndimage
from skimage import data
from skimage.restoration import estimate_sigma

from denoise.noise import estimate_noise, wavelet_sigma

PHOTO = data.astronaut()[:256, :256]
NOISE = np.random.default_rng(0).normal(size=PHOTO.shape)


def noisy(sigma, noise=NOISE):
    return np.clip(PHOTO + sigma * noise, 0, 255).round().astype(np.uint8)


@pytest.mark.parametrize("sigma", [5, 10, 25])
def test_white_noise_is_measured_and_not_called_correlated(sigma):
    estimate = estimate_noise(noisy(sigma))
    # clipping takes from strong noise, texture adds to weak noise: 15 % on this photo
    assert estimate.sigma == pytest.approx(sigma, rel=0.15)
    assert abs(estimate.correlation) < 0.1 and not estimate.is_correlated


@pytest.mark.parametrize("shape", [(64, 64), (101, 33), (5, 7), (2, 9)])
def test_the_wavelet_estimate_is_that_of_scikit_image(shape):
    plane = np.random.default_rng(0).normal(100, 10, shape).astype(np.float32)
    plane[:shape[0] // 3] = 0  # of which nothing counts
    assert wavelet_sigma(plane) == estimate_sigma(plane)
    assert wavelet_sigma(np.full(shape, 7, np.uint8)) == 0


def test_sigma_is_in_the_units_of_the_image():
    image = noisy(10)
    for factor in (1 / 255, 257):
        scaled = estimate_noise((image * factor).astype(np.float32))
        assert scaled.sigma == pytest.approx(factor * estimate_noise(image).sigma, rel=1e-4)
        assert scaled.correlation == pytest.approx(estimate_noise(image).correlation, abs=1e-4)


def test_blurred_noise_is_correlated():
    blurred = ndimage.gaussian_filter(NOISE, (0.7, 0.7, 0))
    assert estimate_noise(noisy(25, blurred / blurred.std())).is_correlated


def test_a_compressed_picture_of_noise_is_correlated():
    import cv2

    _, encoded = cv2.imencode(".jpg", noisy(25), [cv2.IMWRITE_JPEG_QUALITY, 60])
    assert estimate_noise(cv2.imdecode(encoded, cv2.IMREAD_COLOR)).is_correlated


@pytest.mark.parametrize("sigma", [5, 25])
def test_channels_with_noise_of_their_own_do_not_share_it(sigma):
    assert not estimate_noise(noisy(sigma)).is_shared


@pytest.mark.parametrize("share", [0.3, 0.6, 1.0])
def test_noise_that_the_channels_have_in_common_is_shared(share):
    noise = np.sqrt(share) * NOISE[..., :1] + np.sqrt(1 - share) * np.roll(NOISE, 7, axis=0)
    assert estimate_noise(noisy(25, noise)).is_shared
    dark = (PHOTO / 8 + 25 * noise).clip(0, 255).astype(np.uint8)  # hardly a block without clipped pixels
    assert estimate_noise(dark).is_shared


def test_gray_pictures_in_colour_share_their_noise_whatever_their_size():
    assert estimate_noise(noisy(10)[..., :1].repeat(3, axis=-1)).is_shared
    assert estimate_noise(noisy(10)[:9, :9, :1].repeat(3, axis=-1)).is_shared
    assert not estimate_noise(noisy(10)[..., 0]).is_shared


def test_jpeg_with_coarse_colours_shares_its_noise_and_that_of_its_channels_is_not_correlated():
    import cv2

    for sampling, is_shared in ((cv2.IMWRITE_JPEG_SAMPLING_FACTOR_420, True),
                                (cv2.IMWRITE_JPEG_SAMPLING_FACTOR_444, False)):
        _, encoded = cv2.imencode(".jpg", noisy(25), [cv2.IMWRITE_JPEG_QUALITY, 95,
                                                      cv2.IMWRITE_JPEG_SAMPLING_FACTOR, sampling])
        estimate = estimate_noise(cv2.imdecode(encoded, cv2.IMREAD_COLOR))
        assert (estimate.is_shared, estimate.is_correlated) == (is_shared, False)


def test_damage_does_not_count():
    image, damage = noisy(10), np.zeros(PHOTO.shape[:2], bool)
    damage[40:60] = damage[:, 100:110] = True
    speckled = image.copy()
    speckled[damage] = np.random.default_rng(1).integers(0, 2, (damage.sum(), 1)) * 255
    with_mask = estimate_noise(speckled, damage=damage)
    # the filled pixels are 12 % of the image and have little noise of their own
    assert with_mask.sigma == pytest.approx(estimate_noise(image).sigma, rel=0.15)
    assert not with_mask.is_correlated
    assert estimate_noise(speckled, damage=damage).sigma == estimate_noise(
        np.where(damage[..., None], 77, speckled), damage=damage).sigma


@pytest.mark.parametrize("shape", [(1, 1), (1, 50), (3, 3), (9, 7, 3), (64, 64)])
def test_small_and_constant_images_have_no_noise(shape):
    estimate = estimate_noise(np.full(shape, 7, np.uint8))
    assert (estimate.sigma, estimate.is_correlated) == (0, False)


@pytest.mark.parametrize("shape", [(1, 1), (4, 50), (50, 4), (3, 4, 3)])
def test_tiny_images_are_not_measured(shape):
    larger = np.random.default_rng(0).integers(0, 256, (shape[0] + 4, shape[1] + 4, *shape[2:]))
    assert estimate_noise(larger[:shape[0], :shape[1]]).sigma == 0
    assert estimate_noise(larger).sigma > 0


def test_wrong_shapes_are_refused():
    with pytest.raises(ValueError, match="image must be"):
        estimate_noise(np.zeros((2, 8, 8, 3)))
    with pytest.raises(ValueError, match="damage must have shape"):
        estimate_noise(np.zeros((8, 8)), damage=np.zeros((8, 9)))


def test_large_image_is_measured_in_parts_of_it():
    """From edge to edge: a third of the image without noise lowers the estimate, wherever it lies; the type stays."""
    rng = np.random.default_rng(5)
    image = rng.normal(128, 10, (1500, 1100)).astype(np.float32)
    assert estimate_noise(image).sigma == pytest.approx(10, rel=0.02)
    image[:, :300] = image[:, 800:] = 128
    assert estimate_noise(image).sigma < 8
    assert estimate_noise(rng.normal(128, 10, (20, 5000))).sigma == pytest.approx(10, rel=0.1)
