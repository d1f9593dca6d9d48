"""Small trained things to export."""

import numpy as np

from denoise import Denoiser, DenoiserConfig

TINY = DenoiserConfig(unet_n_first=4, train_epochs=1, train_steps_per_epoch=2, train_batch_size=2,
                      n2v_patch_shape=(16, 16), n2v_perc_pix=2.0, train_tensorboard=False,
                      own_statistics=True)  # as those that are shipped


def train_denoiser(folder, channels=3):
    """A denoiser that has hardly begun to learn, written into a model folder."""
    image = np.random.default_rng(0).integers(0, 256, (40, 52, channels)).astype(np.float32)
    Denoiser.train([image], axes="YXC", config=TINY).save(folder)
    return folder


def noise(*shape, seed=1):
    """uint8 noise."""
    return np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)


def with_hole(height, width, rows, columns):
    """A mask, uint8 (height, width, 1), with one rectangle of 255."""
    mask = np.zeros((height, width, 1), np.uint8)
    mask[rows[0]:rows[1], columns[0]:columns[1]] = 255
    return mask
