"""DeepFill v1's weights: converted, written, read, and used by the restoration."""

import sys

import h5py
import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from deepfill_tf import complete
from deepfill_tf.v1.generator import build_generator
from pipelines import restore
from tests.parity import recipe_v1
from tests.parity.generators import golden, network_inputs
from tests.parity.networks_v1 import official_generator
from tests.weights.samples import write_tensorflow_checkpoint
from weights import WeightsError, convert_checkpoint, load_generator, save_generator
from weights.convert import main
from weights.generator_file import build_architecture

TOLERANCE = 1e-5  # ten times what the official graph differs from itself with weights as soft as these


@pytest.fixture(scope="module")
def converted(tmp_path_factory):
    """The generator's file by way of a TensorFlow checkpoint."""
    folder = tmp_path_factory.mktemp("official")
    source = write_tensorflow_checkpoint(folder / "snap-0", recipe_v1.weights("generator"))
    convert_checkpoint(source, folder / "generator.h5")
    return folder / "generator.h5"


def edited(path, copy, edit):
    copy.write_bytes(path.read_bytes())
    with h5py.File(copy, "r+") as file:
        edit(file.attrs)
    return copy


def assert_same_weights(found, expected):
    assert found.name == expected.name == "deepfill_v1"
    for layer in expected.layers:
        for one, other in zip(found.get_layer(layer.name).get_weights(), layer.get_weights()):
            np.testing.assert_array_equal(one, other, err_msg=layer.name)


def test_the_official_output(converted):
    arrays = golden("v1_gen_tiny_64x72")
    found = complete(load_generator(converted), *network_inputs(arrays)).numpy()
    np.testing.assert_allclose(found[..., ::-1], arrays["batch_complete"], atol=TOLERANCE, rtol=0)


def test_the_file(converted):
    with h5py.File(converted) as file:
        found = dict(file.attrs)
    assert found["architecture"] == "deepfill_v1" and found["padding"] == "same" and not found["guided"]
    assert found["channel_order"] == "RGB" and found["licence"].startswith("CC BY-NC 4.0")


def test_files_of_either_format_bring_the_generator_back(tmp_path, monkeypatch):
    model = official_generator()
    save_generator(model, tmp_path / "generator.h5")
    assert_same_weights(load_generator(tmp_path / "generator.h5"), model)
    model.save(tmp_path / "generator.keras")
    # As in a process that has not used v1 yet.
    monkeypatch.delitem(sys.modules, "deepfill_tf.v1.generator")
    monkeypatch.delitem(tf.keras.utils.get_custom_objects(), "deepfill_tf>clip_to_range")
    loaded = load_generator(tmp_path / "generator.keras")
    assert_same_weights(loaded, model)
    save_generator(loaded, tmp_path / "again.h5")  # its weights' names differ
    assert (tmp_path / "again.h5").read_bytes() == (tmp_path / "generator.h5").read_bytes()


def test_a_training_checkpoint_by_command(tmp_path, capsys):
    official = {**recipe_v1.weights("generator"), **recipe_v1.small_discriminator_weights()}
    slots = {f"{name}/{slot}": np.zeros(1, np.float32) for name in official for slot in ("Adam", "Adam_1")}
    source = write_tensorflow_checkpoint(tmp_path / "snap-4000", {**official, **slots, "lr": np.float32(1e-4)})
    assert main(["--source", str(source), "--output", str(tmp_path / "x.h5")]) == 0
    said = capsys.readouterr().out.splitlines()
    assert said[0] == f"source: {source} (TensorFlow checkpoint, DeepFill v1, BGR)"
    assert said[2:] == ["ignored: 208 Adam slots, 20 discriminator variables, "
                        "1 training scalars (rate, step, Adam powers)",
                        f"wrote {tmp_path / 'x.h5'}: 84 variables, 3,601,542 parameters, RGB"]


def test_what_is_missing_is_named(tmp_path):
    official = recipe_v1.weights("generator")
    del official["inpaint_net/conv3/kernel"]
    source = write_tensorflow_checkpoint(tmp_path / "snap-0", official)
    with pytest.raises(WeightsError, match="1 missing: inpaint_net/conv3/kernel; give .* of DeepFill v1"):
        convert_checkpoint(source, tmp_path / "x.h5")


@pytest.mark.parametrize("attribute, value, said", [
    ("architecture", "deepfill_v3", "expected architecture 'deepfill_v2' or 'deepfill_v1', found 'deepfill_v3'"),
    ("architecture", "deepfill_v2", "corrupt or of another network"),
    ("guided", True, "DeepFill v1 is not guided"),
    ("padding", "symmetric", "pads with zeros"),
])
def test_a_file_that_says_something_else(converted, tmp_path, attribute, value, said):
    path = edited(converted, tmp_path / "x.h5", lambda attributes: attributes.modify(attribute, value))
    with pytest.raises(WeightsError, match=said):
        load_generator(path)


def test_other_names_are_refused(tmp_path):
    model = build_generator()
    model._name = "mine"
    with pytest.raises(ValueError, match="`model.name` should be one of .* Received: 'mine'"):
        save_generator(model, tmp_path / "x.h5")
    with pytest.raises(ValueError, match="`architecture` should be one of .* Received: 'mine'"):
        build_architecture("mine")


def test_restoration_with_v1(converted, tmp_path):
    """The picture of the golden numbers through the whole command: at most one step of 256 off in the hole."""
    arrays = golden("v1_gen_tiny_64x72")
    Image.fromarray(arrays["image_bgr"][0, ..., ::-1]).save(tmp_path / "picture.png")
    Image.fromarray(arrays["mask"][0]).save(tmp_path / "mask.png")
    assert restore.main(["--input", str(tmp_path / "picture.png"), "--mask", str(tmp_path / "mask.png"), "--output",
                         str(tmp_path / "out.png"), "--denoiser", "none", "--inpainter", str(converted)]) == 0
    restored, hole = np.asarray(Image.open(tmp_path / "out.png")), arrays["mask"][0] > 127
    np.testing.assert_array_equal(restored[~hole], arrays["image_bgr"][0, ..., ::-1][~hole])
    difference = restored.astype(int) - arrays["out_rgb_uint8"][0]  # the official one truncates, ours rounds
    assert set(np.unique(difference[hole])) <= {0, 1}
