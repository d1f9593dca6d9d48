"""Generators in files: what comes back, and what is said of files that are broken or something else."""

import h5py
import numpy as np
import pytest
import tensorflow as tf

from deepfill_tf import build_generator
from deepfill_tf.generator import hole_fill_of
from weights import WeightsError, load_generator, save_generator

ATTRIBUTES = {"licence": "CC0-1.0", "source": "a test", "steps": 12}


def with_random_biases(model):
    """Biases start at zero; numbers that differ show a swap."""
    random = np.random.default_rng(3)
    for weight in model.weights:
        if "bias" in weight.name:
            weight.assign(random.standard_normal(weight.shape))
    return model


@pytest.fixture(scope="module")
def model():
    return with_random_biases(build_generator())


@pytest.fixture(scope="module")
def saved(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("saved") / "generator.h5"
    save_generator(model, path, attributes=ATTRIBUTES)
    return path


def assert_same_weights(found, expected):
    assert [layer.name for layer in found.layers] == [layer.name for layer in expected.layers]
    for layer in expected.layers:
        for one, other in zip(found.get_layer(layer.name).get_weights(), layer.get_weights()):
            np.testing.assert_array_equal(one, other, err_msg=layer.name)


def test_round_trip(model, saved):
    assert_same_weights(load_generator(saved), model)


def test_half_is_half_the_size_and_rounded(model, saved, tmp_path):
    path = tmp_path / "half.h5"
    save_generator(model, path, half=True)
    loaded = load_generator(path)
    for found, exact in zip(loaded.weights, model.weights):
        assert found.dtype == tf.float32
        np.testing.assert_array_equal(found, exact.numpy().astype(np.float16))
    assert path.stat().st_size < 0.52 * saved.stat().st_size  # a little more than half: names and attributes


def test_keras_itself_reads_the_file(model, saved):
    fresh = build_generator()
    fresh.load_weights(saved)
    assert_same_weights(fresh, model)


def test_the_same_weights_give_the_same_bytes(model, saved, tmp_path):
    save_generator(model, tmp_path / "again.h5", attributes=ATTRIBUTES)
    assert (tmp_path / "again.h5").read_bytes() == saved.read_bytes()


def test_attributes(saved):
    with h5py.File(saved) as file:
        found = dict(file.attrs)
    assert {key: found[key] for key in ATTRIBUTES} == ATTRIBUTES
    assert found["n2v_deepfill_format"] == 1 and found["architecture"] == "deepfill_v2"
    assert not found["guided"] and found["padding"] == "same" and found["channel_order"] == "RGB"
    assert found["hole_fill"] == "zeros"


def test_files_from_before_there_was_a_choice_start_from_zeros(saved, tmp_path):
    old = edited(saved, tmp_path / "old.h5", lambda file: file.attrs.pop("hole_fill"))
    assert hole_fill_of(load_generator(old)) == "zeros"


def test_options_come_back(tmp_path):
    model = build_generator(guided=True, padding="symmetric", hole_fill="tension-spline")
    save_generator(model, tmp_path / "guided.h5")
    loaded = load_generator(tmp_path / "guided.h5")
    assert len(loaded.inputs) == 3
    assert loaded.get_layer("xconv1").padding == "symmetric" and hole_fill_of(loaded) == "tension-spline"
    assert_same_weights(loaded, model)


def test_keras_format(model, saved, tmp_path):
    model.save(tmp_path / "generator.keras")
    loaded = load_generator(tmp_path / "generator.keras")
    assert_same_weights(loaded, model)
    save_generator(loaded, tmp_path / "again.h5", attributes=ATTRIBUTES)  # its weights' names differ
    assert (tmp_path / "again.h5").read_bytes() == saved.read_bytes()


def edited(path, copy, edit):
    copy.write_bytes(path.read_bytes())
    with h5py.File(copy, "r+") as file:
        edit(file)
    return copy


def wrong_shape(file):
    del file["conv3/conv3/bias:0"]
    file["conv3/conv3/bias:0"] = np.zeros(95, np.float32)


@pytest.mark.parametrize("edit, said", [
    (lambda file: file.attrs.pop("n2v_deepfill_format"), "expected n2v_deepfill_format 1, found None"),
    (lambda file: file.attrs.modify("n2v_deepfill_format", 2), "expected n2v_deepfill_format 1, found 2"),
    (lambda file: file.attrs.modify("channel_order", "BGR"), "expected channel_order 'RGB', found 'BGR'"),
    (lambda file: file.attrs.modify("guided", True), "corrupt or of another network"),
    (lambda file: file.attrs.modify("padding", "none"), "corrupt or of another network"),
    (lambda file: file.pop("allconv17"), "only the network has: allconv17"),
    (lambda file: file.create_group("conv18"), "only the file or only the network has: conv18"),
    (lambda file: file.pop("conv3/conv3/bias:0"), "corrupt or of another network"),
    (wrong_shape, "corrupt or of another network"),
])
def test_a_file_of_something_else(saved, tmp_path, edit, said):
    path = edited(saved, tmp_path / "x.h5", edit)
    with pytest.raises(WeightsError, match=said) as caught:
        load_generator(path)
    assert str(caught.value).startswith(f"{path}: ") and "\n" not in str(caught.value)


@pytest.mark.parametrize("kept", [0.0, 0.001, 0.5, 0.999])
def test_truncated(saved, tmp_path, kept):
    whole = saved.read_bytes()
    path = tmp_path / "cut.h5"
    path.write_bytes(whole[:int(kept * len(whole))])
    with pytest.raises(WeightsError, match="cut.h5: corrupt or not an HDF5 file .*; download or convert it"):
        load_generator(path)


@pytest.mark.parametrize("name, content, said", [
    ("text.h5", b"hello", "corrupt or not an HDF5 file"),
    ("text.keras", b"hello", "corrupt or not a Keras model"),
    ("states.pth", b"hello", "weights are .h5 or .keras files; convert a checkpoint first"),
])
def test_other_files(tmp_path, name, content, said):
    (tmp_path / name).write_bytes(content)
    with pytest.raises(WeightsError, match=said) as caught:
        load_generator(tmp_path / name)
    assert "\n" not in str(caught.value)


def test_a_keras_model_that_is_no_generator(tmp_path):
    layer = tf.keras.Sequential([tf.keras.layers.Dense(1, input_shape=[2])])
    layer.save(tmp_path / "dense.keras")
    with pytest.raises(WeightsError, match="expected 2 or 3 inputs and 2 outputs, found 1 and 1"):
        load_generator(tmp_path / "dense.keras")


def test_a_folder(tmp_path):
    (tmp_path / "folder.h5").mkdir()
    with pytest.raises(WeightsError, match="is not a file"):
        load_generator(tmp_path / "folder.h5")


@pytest.mark.parametrize("name, said", [("x.hdf5", "a file name that ends"), ("gone/x.h5", "no folder")])
def test_where_nothing_can_be_written(model, tmp_path, name, said):
    with pytest.raises(WeightsError, match=said):
        save_generator(model, tmp_path / name)


def test_a_write_that_fails_leaves_what_was_there(model, saved, tmp_path, monkeypatch):
    path = tmp_path / "x.h5"
    path.write_bytes(b"the old one")

    def full_disk(*_arguments, **_options):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(h5py.Group, "create_dataset", full_disk)
    with pytest.raises(WeightsError, match=r"x\.h5: cannot be written \(No space left on device\)"):
        save_generator(model, path)
    assert path.read_bytes() == b"the old one"
    assert list(tmp_path.iterdir()) == [path]
