"""Settings that several tests train denoisers with."""

from denoise import DenoiserConfig

# Hardly begun to learn, after seconds.
TINY = DenoiserConfig(unet_n_first=4, train_epochs=1, train_steps_per_epoch=2, train_batch_size=2,
                      n2v_patch_shape=(16, 16), n2v_perc_pix=2.0, train_tensorboard=False)
