"""Settings: what they refuse, and what they hand to n2v."""

import dataclasses

import pytest

from denoise.config import DenoiserConfig


@pytest.mark.parametrize("wrong, named", [
    ({"unet_n_depth": 0}, "unet_n_depth"),
    ({"unet_kern_size": 4}, "unet_kern_size"),
    ({"train_loss": "huber"}, "train_loss"),
    ({"train_learning_rate": float("nan")}, "train_learning_rate"),
    ({"learning_rate_schedule": "step"}, "learning_rate_schedule"),
    ({"n2v_manipulator": "__import__('os')"}, "n2v_manipulator"),  # n2v would evaluate it
    ({"n2v_perc_pix": 0.0}, "n2v_perc_pix"),
    ({"n2v_perc_pix": 0.198, "n2v_patch_shape": (16, 16)}, "n2v_perc_pix"),  # a box of 22 in a patch of 16
    ({"n2v_patch_shape": (64,)}, "n2v_patch_shape"),
    ({"n2v_patch_shape": (66, 64)}, "n2v_patch_shape"),
    ({"structN2Vmask": ((1, 1),)}, "structN2Vmask"),
    ({"structN2Vmask": ((1, 2, 1),)}, "structN2Vmask"),
    ({"structN2Vmask": ((1, 1, 1),), "n2v_manipulator": "median"}, "n2v_manipulator"),
    ({"validation_fraction": 0.0}, "validation_fraction"),
    ({"patience": -1}, "patience"),
])
def test_wrong_values_are_refused_by_name(wrong, named):
    with pytest.raises(ValueError, match=rf"^{named} must be .*Received: "):
        DenoiserConfig(**wrong)


def test_a_misspelt_setting_is_refused():
    with pytest.raises(TypeError, match="train_epoch"):
        DenoiserConfig(train_epoch=5)  # n2v takes it and trains 100 epochs


def test_settings_are_frozen():
    with pytest.raises(dataclasses.FrozenInstanceError):
        DenoiserConfig().train_epochs = 5


def test_official_settings_carry_every_official_name():
    settings = DenoiserConfig(structN2Vmask=((1, 0, 1),), unet_n_first=8).official_settings(1, [0.1], [2.0])
    assert settings["unet_n_first"] == 8
    assert settings["structN2Vmask"] == [[1, 0, 1]]
    assert (settings["means"], settings["stds"]) == (["0.1"], ["2.0"])  # text, as n2v wants it
    assert not {"augment", "patience", "learning_rate_schedule", "validation_fraction"} & set(settings)


def test_the_plateau_callback_stays_quiet():
    assert DenoiserConfig().official_settings(1, [0], [1])["train_reduce_lr"]["verbose"] == 0
    cosine = DenoiserConfig(learning_rate_schedule="cosine").official_settings(1, [0], [1])
    assert cosine["train_reduce_lr"] is None


@pytest.mark.parametrize("settings, channels, named", [
    ({"unet_residual": True}, 3, "unet_residual"),
    ({"single_net_per_channel": True}, 3, "single_net_per_channel"),
    ({"blurpool": True, "n2v_patch_shape": (16, 64, 64), "n2v_perc_pix": 1.5}, 1, "blurpool"),
    ({"structN2Vmask": ((1, 0, 1),), "n2v_patch_shape": (16, 64, 64), "n2v_perc_pix": 1.5}, 1,
     "structN2Vmask"),
])
def test_what_n2v_cannot_do_is_refused(settings, channels, named):
    with pytest.raises(ValueError, match=named):
        DenoiserConfig(**settings).official_settings(channels, [0] * channels, [1] * channels)


@pytest.mark.parametrize("shape", [(1, 1), (17, 400), (64, 64), (3000, 2000)])
def test_settings_exist_for_every_image_size(shape):
    config = DenoiserConfig.for_image(shape)
    assert 16 <= config.n2v_patch_shape[0] <= 64
    assert config.n2v_patch_shape[0] <= max(16, 4 * -(-min(shape) // 4))
