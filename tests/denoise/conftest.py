"""A noisy picture, a tiny configuration and a denoiser trained with it once."""

import numpy as np
import pytest
from skimage import data

from denoise import Denoiser, DenoiserConfig

TINY = {"unet_n_first": 4, "unet_n_depth": 1, "batch_norm": False, "train_epochs": 2,
        "train_steps_per_epoch": 3, "train_batch_size": 2,
        "n2v_perc_pix": 6.0, "n2v_patch_shape": (16, 16), "train_tensorboard": False}


@pytest.fixture(scope="session")
def tiny():
    """Makes a tiny configuration, with changes by name."""
    return lambda **changes: DenoiserConfig(**{**TINY, **changes})


@pytest.fixture(scope="session")
def picture():
    """(40, 52, 3) uint8 with noise of sigma 25."""
    clean = data.astronaut()[100:140, 180:232]
    return np.clip(clean + np.random.default_rng(0).normal(0, 25, clean.shape), 0, 255).astype(np.uint8)


@pytest.fixture(scope="session")
def denoiser(picture, tiny):
    return Denoiser.train([picture], axes="YXC", config=tiny())
