"""Which denoiser an image gets: none, its own, a shipped one, or a shipped one adapted to it."""

import hashlib

import numpy as np
import pytest
import yaml

import weights
from denoise import Denoiser, DenoiserConfig
from pipelines import denoising, restore_image
from pipelines.denoising import choose_denoiser, load_denoiser
from weights import registry

TINY = DenoiserConfig(unet_n_first=4, unet_n_depth=1, batch_norm=False, train_epochs=1, train_steps_per_epoch=2,
                      train_batch_size=2, n2v_patch_shape=(16, 16), n2v_perc_pix=6.0, train_tensorboard=False)
WAVES = np.sin(np.add.outer(np.arange(32) / 4, np.arange(40) / 5))[..., np.newaxis] * [80, -60, 70] + 128
COLOURS = (WAVES + np.random.default_rng(0).normal(0, 15, WAVES.shape)).clip(0, 255).astype(np.uint8)


@pytest.fixture(scope="module")
def models(tmp_path_factory):
    """A folder with a trained and an untrained model for colours, and one for gray pictures."""
    folder = tmp_path_factory.mktemp("models")
    still = {"train_learning_rate": 1e-30}
    for name, axes, changes in (("good", "YXC", {"train_steps_per_epoch": 40, "train_learning_rate": 0.03}),
                                ("bad", "YXC", still), ("gray", "YX", still)):
        image = COLOURS if axes == "YXC" else COLOURS[..., 0]
        config = DenoiserConfig(**{**vars(TINY), "own_statistics": True, **changes})
        Denoiser.train([image], axes=axes, config=config).save(folder / name)
    return folder


@pytest.fixture
def shipped(models, monkeypatch):
    """Registers models, in the order given, as the only ones."""
    def register(*names):
        entries = []
        for name in names:
            content = (models / name / "weights_best.h5").read_bytes()
            entries.append({"name": name, "kind": "n2v", "file": f"{name}/weights_best.h5", "size": len(content),
                            "sha256": hashlib.sha256(content).hexdigest(), "licence": "CC0-1.0", "source": "a test"})
        (models / "registry.yaml").write_text(yaml.safe_dump({"models": entries}))
        monkeypatch.setattr(registry, "REGISTRY_FILE", models / "registry.yaml")
        denoising._starts.cache_clear()

    monkeypatch.setattr(DenoiserConfig, "for_image", lambda *_: TINY)
    monkeypatch.setattr(DenoiserConfig, "for_adaptation", lambda *_: TINY)
    yield register
    denoising._starts.cache_clear()


def choose(request, image, **changes):
    image = image if image.ndim == 3 else image[..., np.newaxis]
    settings = {"value_range": (0.0, float(np.iinfo(image.dtype).max)), "seed": 0, "seconds": 60, **changes}
    return choose_denoiser(request, load_denoiser(request), image[np.newaxis], np.zeros(image.shape[:2], bool),
                           **settings)


@pytest.mark.parametrize("order", [("good", "bad", "gray"), ("gray", "bad", "good")])
def test_auto_adapts_the_shipped_model_that_fits_best(shipped, order):
    shipped(*order)
    choice = choose("auto", COLOURS)
    assert choice.name == "good, adapted" and "shipped model that fits best" in choice.reason
    assert choice.denoiser.channels == 3 and not choice.denoiser.is_general


def test_without_shipped_models_auto_trains_from_scratch(shipped):
    shipped()
    assert choose("auto", COLOURS).name == "self"


def test_self_ignores_the_shipped_models(shipped):
    shipped("good")
    choice = choose("self", COLOURS)
    assert choice.name == "self" and choice.denoiser.summary.start is None


def test_a_gray_picture_begins_from_gray_models_or_from_those_for_colours(shipped):
    for names, expected in ((("good", "gray"), "gray, adapted"), (("good", "bad"), "good, adapted")):
        shipped(*names)
        choice = choose("auto", COLOURS[..., 1])
        assert (choice.name, choice.denoiser.channels) == (expected, 1)


def test_channels_that_share_their_noise_are_denoised_one_by_one(shipped):
    shipped("good", "gray")
    image = COLOURS[..., :1].repeat(3, axis=-1)
    choice = choose("auto", image)
    assert choice.noise.is_shared and (choice.name, choice.denoiser.channels) == ("gray, adapted", 1)
    result = restore_image(image, inpainter="telea")
    np.testing.assert_array_equal(result.image[..., 0], result.image[..., 2])
    assert result.report["denoiser"] == "gray, adapted"


@pytest.mark.parametrize("image", [COLOURS, COLOURS[..., 1], COLOURS.astype(np.uint16) * 16])
def test_a_shipped_model_by_name_is_used_as_it_is_in_the_units_of_the_picture(shipped, image):
    shipped("good")
    before = load_denoiser("good")
    choice = choose("good", image)
    assert (choice.name, choice.denoiser.summary) == ("good", None)
    axes = "YXC" if image.ndim == 3 else "YX"
    np.testing.assert_array_equal(choice.denoiser.predict(image), before.fitted_to([image], axes=axes).predict(image))


def test_a_users_own_denoiser_keeps_the_units_of_its_training(tmp_path):
    own = Denoiser.train([COLOURS], axes="YXC", config=TINY, folder=tmp_path)
    assert choose(own, COLOURS).denoiser is own
    choice = choose(tmp_path, COLOURS // 2)
    assert choice.name == str(tmp_path)
    np.testing.assert_array_equal(choice.denoiser.predict(COLOURS // 2), own.predict(COLOURS // 2))


def test_faint_noise_is_left_alone(shipped):
    shipped("good")
    choice = choose("auto", COLOURS, value_range=(0.0, 10_000.0))
    assert choice.denoiser is None and choice.name == "none" and "is below 2" in choice.reason


def test_the_clock_bounds_the_adaptation_too(shipped, monkeypatch):
    shipped("good")
    longer = DenoiserConfig(**{**vars(TINY), "train_steps_per_epoch": 500})
    monkeypatch.setattr(DenoiserConfig, "for_adaptation", lambda *_: longer)
    choice = choose("auto", COLOURS, seconds=0.01)
    assert choice.denoiser.summary.steps < 500 and "time was up" in choice.warnings[-1]


def test_one_seed_gives_one_adaptation(shipped):
    shipped("good")
    results = [choose("auto", COLOURS, seed=seed).denoiser.predict(COLOURS) for seed in (1, 1)]
    np.testing.assert_array_equal(*results)


def test_the_shipped_denoisers_load_and_are_general():
    for name in weights.names(weights.N2V):
        denoiser = load_denoiser(name)
        assert denoiser.is_general
        assert np.isfinite(denoiser.predict(COLOURS if denoiser.channels == 3 else COLOURS[..., 0])).all()
