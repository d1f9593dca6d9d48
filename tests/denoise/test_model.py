"""The denoiser: prediction, folders, determinism, and the traps of n2v that it keeps its users from."""

import json

import numpy as np
import pytest
import tensorflow as tf
from n2v.models import N2V, N2VConfig

from denoise import Denoiser
from denoise.batches import Planes
from denoise.official import Batches, build_official
from denoise.patches import training_pixels
from denoise.prediction import receptive_radius

ALL_AXES = {"YX": (20, 24), "YXC": (20, 24, 3), "TYX": (2, 18, 24), "ZYX": (8, 18, 20),
            "TYXC": (2, 18, 24, 3)}
# n2v's code warns of what only its authors could change
quiet_n2v = pytest.mark.filterwarnings("ignore:non-integer arguments:DeprecationWarning",
                                       "ignore:`product` is deprecated:DeprecationWarning",
                                       "ignore:output path for model already exists:UserWarning",
                                       "ignore:small number of validation images:UserWarning")


def untrained(config, channels=1, seed=0):
    """A denoiser with random weights."""
    tf.keras.utils.set_random_seed(seed)
    return Denoiser(build_official(config, channels, [100.0] * channels, [30.0] * channels))


def built(config, pixels):
    """The official configuration for these pixels."""
    return build_official(config, pixels.values.shape[-1], pixels.means, pixels.stds).config


# --- prediction
# ------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("size", [(1, 1), (1, 9), (2, 3), (33, 18)])
def test_any_size_is_predicted(denoiser, picture, size):
    image = picture[:size[0], :size[1]]
    before = image.copy()
    restored = denoiser.predict(image)
    assert (restored.shape, restored.dtype) == (image.shape, np.float32)
    assert np.isfinite(restored).all()
    np.testing.assert_array_equal(image, before)


@pytest.mark.parametrize("settings", [{}, {"unet_n_depth": 2}, {"unet_n_depth": 2, "blurpool": True,
                                                                "skip_skipone": True}, {"unet_kern_size": 5}])
def test_tiled_equals_whole(tiny, settings):
    denoiser = untrained(tiny(**settings))
    image = np.random.default_rng(1).normal(100, 30, (150, 131)).astype(np.float32)
    whole = denoiser.predict(image, tile=1000)
    assert whole.std() > 0.1  # grey levels: the network does something
    np.testing.assert_allclose(denoiser.predict(image, tile=40), whole, atol=1e-4 * np.abs(whole).max())


def test_tiles_without_overlap_would_differ(tiny, monkeypatch):
    monkeypatch.setattr("denoise.model.receptive_radius", lambda *_, **__: 0)
    denoiser = untrained(tiny())
    image = np.random.default_rng(1).normal(100, 30, (150, 131)).astype(np.float32)
    assert np.abs(denoiser.predict(image, tile=40) - denoiser.predict(image, tile=1000)).max() > 0.1


@pytest.mark.parametrize("settings", [{}, {"unet_n_depth": 2}, {"unet_kern_size": 5},
                                      {"unet_n_depth": 2, "blurpool": True, "skip_skipone": True}])
def test_the_network_sees_no_farther_than_stated(tiny, settings):
    config = tiny(**settings)
    model = untrained(config)._official.keras_model
    for layer in model.weights:  # positive weights: nothing is lost in a ReLU
        layer.assign(tf.abs(layer) + 0.01)
    image = np.zeros((1, 128, 128, 1), np.float32)
    radius = receptive_radius(config.unet_n_depth, config.unet_kern_size, blurpool=config.blurpool)
    farthest = 0
    for place in range(62, 66):  # all positions within the coarsest pixel
        changed = image.copy()
        changed[0, place, place] = 1
        rows = np.abs(model(changed) - model(image)).max((0, 2, 3))
        seen = np.flatnonzero(rows > 0)
        farthest = max(farthest, np.abs(seen - place).max())
    assert 0.5 * radius <= farthest <= radius


def test_what_lies_under_damage_does_not_matter(denoiser, picture):
    damage = np.zeros(picture.shape[:2], bool)
    damage[10:12] = True
    scratched = np.where(damage[..., None], 255, picture)
    np.testing.assert_array_equal(denoiser.predict(picture, damage), denoiser.predict(scratched, damage))
    assert np.abs(denoiser.predict(picture) - denoiser.predict(scratched)).max() > 1


def test_the_tensor_function_equals_predict_and_traces_without_sizes(denoiser, picture):
    damage = np.zeros((1, *picture.shape[:2], 1), np.float32)
    damage[:, 5:9, 3:30] = 1
    function = tf.function(denoiser.tensor_function(), input_signature=[
        tf.TensorSpec([None, None, None, 3], tf.float32), tf.TensorSpec([None, None, None, 1], tf.float32)])
    for height, width in ((40, 52), (13, 7), (1, 1)):
        image, holes = picture[None, :height, :width].astype(np.float32), damage[:, :height, :width]
        expected = denoiser.predict(image[0], holes[0, ..., 0])
        # grey levels; the graph orders some sums differently
        np.testing.assert_allclose(function(image, holes)[0], expected, atol=1e-2)
    graph = function.get_concrete_function().graph.as_graph_def()
    nodes = [*graph.node, *(node for part in graph.library.function for node in part.node_def)]
    kinds = {node.op for node in nodes}
    assert "Conv2D" in kinds
    assert not [kind for kind in kinds if "PyFunc" in kind]


def test_averaging_over_turns_is_kept_in_the_model_folder(tiny, tmp_path):
    plain, averaging = (untrained(tiny(average_turns=average)) for average in (False, True))
    image = np.random.default_rng(1).normal(100, 30, (20, 34)).astype(np.float32)  # even: nothing is padded
    turns = [np.rot90(plain.predict(np.ascontiguousarray(np.rot90(flipped, count))), -count)
             for flipped in (image, image[::-1]) for count in range(4)]
    expected = np.mean(turns[:4] + [turn[::-1] for turn in turns[4:]], axis=0)
    assert np.abs(plain.predict(image) - expected).max() > 0.1
    np.testing.assert_allclose(averaging.predict(image), expected, atol=1e-3)  # grey levels
    np.testing.assert_allclose(averaging.predict(image, tile=16), averaging.predict(image), atol=1e-2)
    averaging.save(tmp_path)
    np.testing.assert_array_equal(Denoiser.load(tmp_path).predict(image), averaging.predict(image))


@pytest.mark.parametrize("image, axes", [(np.zeros((8, 8)), None), (np.zeros((8, 8, 4)), None),
                                         (np.zeros((3, 8, 8)), "ZYX"), (np.zeros((8, 8)), "YX")])
def test_an_image_of_another_kind_is_refused(denoiser, image, axes):
    with pytest.raises(ValueError, match="takes axes YXC with 3 channels. Received"):
        denoiser.predict(image, axes=axes)


# --- training
# --------------------------------------------------------------------------------------------------

@pytest.mark.parametrize("axes", ALL_AXES)
def test_axes_are_trained_and_predicted(axes, tiny):
    image = np.random.default_rng(0).normal(100, 20, ALL_AXES[axes]).astype(np.float32)
    config = tiny(n2v_patch_shape=(8, 16, 16)) if "Z" in axes else tiny()
    denoiser = Denoiser.train([image, image[..., :16, :] if "C" in axes else image[..., :16]], axes=axes,
                              config=config)
    assert denoiser.axes == ("ZYXC" if "Z" in axes else "YXC")
    restored = denoiser.predict(image, axes=axes)
    assert restored.shape == image.shape
    np.testing.assert_array_equal(denoiser.predict(image), restored)  # axes guessed


def test_one_seed_gives_one_result_and_another_another(denoiser, picture, tiny):
    again, other = (Denoiser.train([picture], axes="YXC", config=tiny(), seed=seed) for seed in (0, 1))
    np.testing.assert_array_equal(again.predict(picture), denoiser.predict(picture))
    assert np.abs(other.predict(picture) - denoiser.predict(picture)).max() > 0.1


def test_structure_masks_and_the_n2v2_network_train(picture, tiny):
    for changes in ({"structN2Vmask": ((1, 1, 0, 1, 1),)},
                    {"blurpool": True, "skip_skipone": True, "n2v_manipulator": "median"}):
        denoiser = Denoiser.train([picture], axes="YXC", config=tiny(**changes))
        assert np.isfinite(denoiser.predict(picture)).all()


def test_the_clock_is_an_upper_bound_that_is_reported(picture, tiny):
    denoiser = Denoiser.train([picture], axes="YXC", config=tiny(train_steps_per_epoch=500), seconds=0.01)
    assert denoiser.summary.stopped_by == "time"
    assert denoiser.summary.steps < denoiser.summary.planned_steps == 1000
    assert np.isfinite(denoiser.summary.validation_loss)


def test_training_stops_when_nothing_improves(picture, tiny):
    config = tiny(train_learning_rate=1e-30, patience=2, train_epochs=50, train_steps_per_epoch=1)
    summary = Denoiser.train([picture], axes="YXC", config=config).summary
    assert (summary.stopped_by, summary.best_epoch, summary.steps) == ("patience", 1, 3)


# --- batches: damage
# -------------------------------------------------------------------------------------------

@pytest.mark.parametrize("manipulator", ["uniform_withCP", "uniform_withoutCP", "normal_withoutCP", "median",
                                         "mean"])
def test_damaged_values_reach_neither_input_nor_target(picture, tiny, manipulator):
    damage = np.random.default_rng(0).random(picture.shape[:2]) < 0.3
    config = tiny(n2v_manipulator=manipulator)
    batches = {}
    for value in (0, 1e6):
        image = np.where(damage[..., None], value, picture)
        pixels = training_pixels([image], "YXC", [damage], config.n2v_patch_shape)
        official = built(config, pixels)
        batches[value] = Batches(Planes(pixels, 0.05, 0), official, percent=20, augment=True, seed=(0,))
    for first, second in zip((batches[0][i] for i in range(4)), (batches[1e6][i] for i in range(4))):
        np.testing.assert_array_equal(first[0], second[0])
        np.testing.assert_array_equal(first[1], second[1])


def test_no_loss_on_damage_nor_on_validation_pixels(picture, tiny):
    damage = np.zeros(picture.shape[:2], bool)
    damage[:, 20:30] = True
    config = tiny()
    pixels = training_pixels([picture], "YXC", [damage], config.n2v_patch_shape)
    planes = Planes(pixels, 0.3, 0)
    validation = planes.for_validation()
    assert not (~planes.barred & ~validation.barred).any()  # no pixel both trains and validates
    assert ((~planes.barred | ~validation.barred) == ~damage[None, ..., None]).all()
    batches = Batches(planes, built(config, pixels), percent=50, augment=False, seed=(0,))
    _, targets = batches[0]
    masked = targets[..., 3:] > 0
    assert masked.any()
    assert not (masked & batches.barred).any()
    assert not targets[..., :3][~masked].any()


def test_an_image_too_small_to_set_pixels_apart_still_trains(tiny):
    image = np.random.default_rng(0).normal(size=(5, 4))
    assert Denoiser.train([image], axes="YX", config=tiny()).predict(image).shape == (5, 4)


# --- traps of n2v
# ----------------------------------------------------------------------------------------------

def test_every_batch_has_its_own_memory(picture, tiny):
    pixels = training_pixels([picture], "YXC", None, (16, 16))
    config = built(tiny(), pixels)
    batches = Batches(Planes(pixels, 0.05, 0), config, percent=6, augment=True, seed=(0,))
    first = batches[0]
    copies = [array.copy() for array in first]
    batches[1]
    for array, copy in zip(first, copies):
        np.testing.assert_array_equal(array, copy)


def test_a_batch_depends_on_its_number_and_seed_alone(picture, tiny):
    pixels = training_pixels([picture, picture[::-1], picture[:, ::-1]], "YXC", None, (16, 16))
    config = built(tiny(), pixels)
    drawn = []
    for disturbance in (0, 1):  # a fresh start at batch 3, and one after batch 0; both in the second pass
        np.random.seed(disturbance)
        batches = Batches(Planes(pixels, 0.05, 0), config, percent=6, augment=True, seed=(0,))
        for earlier in range(disturbance):
            batches[earlier]
        drawn.append(batches[3])
    np.testing.assert_array_equal(drawn[0][0], drawn[1][0])
    assert (drawn[0][0] != batches[4][0]).any()


def test_every_source_is_seen_in_each_pass(picture, tiny):
    pixels = training_pixels([np.full((16, 16), value) for value in range(6)], "YX", None, (16, 16))
    config = built(tiny(), pixels)
    batches = Batches(Planes(pixels, 0.05, 0), config, percent=6, augment=True, seed=(0,))
    for first in (0, 3):
        seen = np.concatenate([batches[first + offset][0].mean((1, 2, 3)) for offset in range(3)])
        assert len(np.unique(seen)) == 6


def test_a_batch_without_valid_pixels_is_drawn_again(picture, tiny):
    images, damage = [picture[:16, :16]] * 40, [np.ones((16, 16), bool) for _ in range(40)]
    for holes in damage:
        holes[0, 0] = False
    damage[7][:] = False
    pixels = training_pixels(images, "YXC", damage, (16, 16))
    config = built(tiny(), pixels)
    batches = Batches(Planes(pixels, 0.05, 0), config, percent=6, augment=True, seed=(0,))
    assert all(batches[i][1][..., 3:].any() for i in range(20))


def test_training_leaves_numpys_generator_alone(picture, tiny):
    np.random.seed(5)
    expected = np.random.random()
    np.random.seed(5)
    Denoiser.train([picture], axes="YXC", config=tiny())
    assert np.random.random() == expected


def test_as_many_steps_as_configured(picture, tiny):
    steps = []
    denoiser = Denoiser.train([picture], axes="YXC", config=tiny(train_epochs=3),
                              progress=lambda done, planned, losses: steps.append((done, planned)))
    assert steps == [(done, 9) for done in range(1, 10)]
    assert denoiser.summary.steps == 9


def test_nothing_is_printed(picture, tiny, tmp_path, capfd):
    denoiser = Denoiser.train([picture], axes="YXC", config=tiny(), folder=tmp_path / "model")
    Denoiser.load(tmp_path / "model").predict(picture)
    denoiser.predict(picture, tile=24)
    assert capfd.readouterr() == ("", "")


def test_weights_that_are_missing_are_missed(denoiser, tmp_path):
    denoiser.save(tmp_path)
    (tmp_path / "weights_best.h5").unlink()
    with pytest.raises(ValueError, match="has no weights"):  # n2v warns and goes on with random ones
        Denoiser.load(tmp_path)


@pytest.mark.parametrize("name, content", [("config.json", b"{}"), ("config.json", b"not json"),
                                           ("weights_best.h5", b"not HDF5"), ("weights_best.h5", b"")])
def test_broken_files_are_one_clear_error(denoiser, tmp_path, name, content):
    denoiser.save(tmp_path)
    (tmp_path / name).write_bytes(content)
    with pytest.raises(ValueError, match="cannot load this model folder"):
        Denoiser.load(tmp_path)


def test_a_folder_without_a_model_is_refused(tmp_path):
    with pytest.raises(ValueError, match="config.json is missing"):
        Denoiser.load(tmp_path)


@quiet_n2v
def test_one_net_per_channel_reads_the_last_channel_only_in_n2v(tmp_path):
    """Why `DenoiserConfig` refuses n2v's default for colour images."""
    config = N2VConfig(np.ones((1, 16, 16, 2), np.float32), unet_n_first=4, unet_n_depth=1, means=["0", "0"],
                       stds=["1", "1"])
    model = N2V(config, "model", str(tmp_path)).keras_model
    image = np.random.default_rng(0).random((1, 16, 16, 2)).astype(np.float32)
    changed = image.copy()
    changed[..., 0] += 1
    np.testing.assert_array_equal(model(changed), model(image))


# --- folders, both ways
# ----------------------------------------------------------------------------------------

@quiet_n2v
def test_n2v_loads_what_we_train(picture, tiny, tmp_path):
    denoiser = Denoiser.train([picture], axes="YXC", config=tiny(), folder=tmp_path / "ours")
    official = N2V(config=None, name="ours", basedir=str(tmp_path))
    theirs = official.predict(picture.astype(np.float32), "YXC")
    np.testing.assert_allclose(denoiser.predict(picture), theirs, atol=1e-3)  # grey levels
    saved = json.loads((tmp_path / "ours/config.json").read_text())
    assert all(isinstance(mean, str) for mean in saved["means"])


@quiet_n2v
def test_we_load_what_n2v_trains(picture, tmp_path):
    patches = picture[None, :32, :32].astype(np.float32)
    config = N2VConfig(patches, unet_n_first=4, unet_n_depth=1, unet_kern_size=3, train_epochs=1,
                       train_steps_per_epoch=2, train_batch_size=2, n2v_perc_pix=6, n2v_patch_shape=(16, 16),
                       single_net_per_channel=False, train_tensorboard=False)
    official = N2V(config, "theirs", str(tmp_path))
    official.train(patches, patches.copy())
    ours = Denoiser.load(tmp_path / "theirs")
    assert (ours.axes, ours.channels) == ("YXC", 3)
    theirs = official.predict(picture.astype(np.float32), "YXC")
    np.testing.assert_allclose(ours.predict(picture), theirs, atol=1e-3)  # grey levels


def test_save_and_load_give_the_same_denoiser(denoiser, picture, tmp_path):
    denoiser.save(tmp_path / "new" / "folder")
    assert {path.name for path in (tmp_path / "new/folder").iterdir()} == {"config.json", "weights_best.h5"}
    loaded = Denoiser.load(tmp_path / "new/folder")
    np.testing.assert_array_equal(loaded.predict(picture), denoiser.predict(picture))
