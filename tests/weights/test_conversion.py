"""Foreign checkpoints, converted: the official graph's numbers come out, and what does not fit is named.

Tolerances: the official graph against itself, with and without oneDNN, differs by up to 7e-5 with the weights
of seedA (peaked attention; 3e-4 is allowed) and by up to 9e-7 with softer ones (1e-5).
"""

import shutil

import h5py
import numpy as np
import pytest
import tensorflow as tf

from tests.parity import recipe
from tests.weights.samples import (dictionary, plain, state_dict, torch_names, write_tensorflow_checkpoint,
                                   write_torch_legacy, write_torch_zip)
from weights import WeightsError, convert_checkpoint, load_generator
from weights.conversion import swap_red_and_blue
from weights.tensorflow_checkpoint import open_tensorflow_checkpoint

TRAINING_SCALARS = {"lr": np.float32(1e-4), "global_step": np.int32(7), "beta1_power": np.float32(.5),
                    "beta2_power": np.float32(.9)}
CONV17 = "inpaint_net/conv17/kernel"


@pytest.fixture(scope="module")
def official():
    return recipe.generator_weights("seedA")


@pytest.fixture(scope="module")
def converted(official, tmp_path_factory):
    """The generator's file by way of a TensorFlow checkpoint."""
    folder = tmp_path_factory.mktemp("official")
    convert_checkpoint(write_tensorflow_checkpoint(folder / "snap-0", official), folder / "generator.h5")
    return folder / "generator.h5"


def golden(name):
    return np.load(recipe.FOLDER / f"{name}.npz")


def to_network(image_bgr):
    return image_bgr[..., ::-1].astype(np.float32) / 127.5 - 1


def numbers_of(path):
    arrays = {}
    with h5py.File(path) as file:
        file.visititems(lambda name, item: arrays.update({name: item[()]} if hasattr(item, "dtype") else {}))
    return arrays


def assert_same_numbers(path, expected_path):
    found, expected = numbers_of(path), numbers_of(expected_path)
    assert len(expected) == 84 and found.keys() == expected.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(found[name], array, err_msg=name)


def test_the_official_output(converted):
    generator = load_generator(converted)
    expected = golden("gen_seedA_tiny_64x72")
    mask = (expected["mask"][..., None] > 127).astype(np.float32)
    coarse, refined = generator([to_network(expected["image_bgr"]), mask])
    np.testing.assert_allclose(coarse, expected["x_stage1"][..., ::-1], atol=3e-4, rtol=0)
    np.testing.assert_allclose(refined, expected["x_stage2"][..., ::-1], atol=3e-4, rtol=0)


def test_the_official_output_guided(tmp_path):
    source = write_tensorflow_checkpoint(tmp_path / "snap-0", recipe.generator_weights("guided"))
    conversion = convert_checkpoint(source, tmp_path / "guided.h5")
    assert (conversion.guided, conversion.parameters) == (True, 4_053_678)
    expected = golden("gen_guided_64")
    # The official command calls an edge what is above 0.6 of white.
    mask = (expected["mask"][..., None] > 127).astype(np.float32)
    edges = (expected["edge"][..., None] > 0.6 * 255).astype(np.float32)
    coarse, refined = load_generator(tmp_path / "guided.h5")([to_network(expected["image_bgr"]), mask, edges])
    np.testing.assert_allclose(coarse, expected["x_stage1"][..., ::-1], atol=1e-5, rtol=0)
    np.testing.assert_allclose(refined, expected["x_stage2"][..., ::-1], atol=1e-5, rtol=0)


def test_the_port_gives_the_same_generator(official, converted, tmp_path):
    state = torch_names(official)
    contents = dictionary({"G": state_dict(state), "D": plain({}), "n_iter": plain(5)})
    path = write_torch_zip(tmp_path / "state.pth", contents, state.values())
    conversion = convert_checkpoint(path, tmp_path / "x.h5")
    assert conversion.checkpoint.ignored == ("'D'", "'n_iter'")
    assert_same_numbers(tmp_path / "x.h5", converted)


def test_the_port_in_the_older_format(official, converted, tmp_path):
    path = write_torch_legacy(tmp_path / "state.pth", torch_names(official))
    assert convert_checkpoint(path, tmp_path / "x.h5").checkpoint.ignored == ()
    assert_same_numbers(tmp_path / "x.h5", converted)


def test_a_training_checkpoint(official, converted, tmp_path):
    discriminator = {f"discriminator/sn_patch_gan/conv{number}/{leaf}": np.zeros(1, np.float32)
                     for number in range(1, 7) for leaf in ("kernel", "bias", "kernel_sn/u")}
    trained = [*official, *(name for name in discriminator if not name.endswith("/u"))]
    slots = {f"{name}/{slot}": np.zeros(1, np.float32) for name in trained for slot in ("Adam", "Adam_1")}
    everything = {**official, **discriminator, **slots, **TRAINING_SCALARS}
    source = write_tensorflow_checkpoint(tmp_path / "snap-4000", everything)
    conversion = convert_checkpoint(source, tmp_path / "x.h5")
    assert conversion.checkpoint.ignored == ("192 Adam slots", "18 discriminator variables",
                                             "4 training scalars (rate, step, Adam powers)")
    assert_same_numbers(tmp_path / "x.h5", converted)


def test_rgb_weights_are_not_turned(official, tmp_path):
    source = write_tensorflow_checkpoint(tmp_path / "snap-0", official)
    convert_checkpoint(source, tmp_path / "x.h5", channels="rgb")
    np.testing.assert_array_equal(numbers_of(tmp_path / "x.h5")["conv17/conv17/kernel:0"], official[CONV17])


def test_red_and_blue_change_places():
    kernel = np.arange(6, dtype=np.float32).reshape(1, 1, 6, 1)
    assert swap_red_and_blue("conv1/kernel", kernel).ravel().tolist() == [2, 1, 0, 3, 4, 5]
    assert swap_red_and_blue("allconv17/kernel", kernel.reshape(2, 3)).ravel().tolist() == [2, 1, 0, 5, 4, 3]
    assert swap_red_and_blue("conv17/bias", np.arange(3)).tolist() == [2, 1, 0]
    assert swap_red_and_blue("conv1/bias", np.arange(3)).tolist() == [0, 1, 2]
    assert swap_red_and_blue("conv2_downsample/kernel", kernel) is kernel


def test_missing_extra_and_misshapen_are_named_together(official, tmp_path):
    changed = dict(official)
    del changed["inpaint_net/conv3/kernel"], changed["inpaint_net/xconv5/bias"]
    changed["inpaint_net/conv18/bias"] = np.zeros(3, np.float32)
    changed["inpaint_net/conv16/kernel"] = np.zeros((3, 3, 24, 12), np.float32)
    source = write_tensorflow_checkpoint(tmp_path / "snap-0", changed)
    with pytest.raises(WeightsError) as caught:
        convert_checkpoint(source, tmp_path / "x.h5")
    assert str(caught.value) == (
        f"{source}: does not fit the generator's 84 variables: "
        "2 missing: inpaint_net/conv3/kernel, inpaint_net/xconv5/bias; 1 extra: inpaint_net/conv18/bias; "
        "1 misshapen: inpaint_net/conv16/kernel (expected 3x3x24x24, found 3x3x24x12); "
        "give a complete checkpoint of DeepFill v2")
    assert not (tmp_path / "x.h5").exists()


def test_the_port_with_a_name_too_many_or_too_few(official, tmp_path):
    state = torch_names(official)
    state["conv14.conv.gate"] = state.pop("conv13_upsample.conv.conv.bias")
    path = write_torch_zip(tmp_path / "state.pth", state_dict(state), state.values())
    said = r"1 missing: conv13_upsample\.conv\.conv\.bias; 1 extra: conv14\.conv\.gate"
    with pytest.raises(WeightsError, match=said):
        convert_checkpoint(path, tmp_path / "x.h5")


def test_the_small_checkpoint_is_read_and_found_incomplete(tmp_path):
    checkpoint = open_tensorflow_checkpoint(recipe.FOLDER / "ckpt_small")
    values = golden("ckpt_small_values")
    assert checkpoint.path.name == "snap-7" and len(checkpoint.shapes) == 45
    for name, shape in checkpoint.shapes.items():
        expected = values[name.replace("/", "|")]
        assert shape == expected.shape
        np.testing.assert_array_equal(checkpoint.read(name), expected)
    with pytest.raises(WeightsError, match=r"39 missing: inpaint_net/allconv11/kernel, .* and 33 more; give"):
        convert_checkpoint(recipe.FOLDER / "ckpt_small", tmp_path / "x.h5")


def test_the_other_network_versions_are_refused(official, tmp_path):
    v1 = {**torch_names(official), "conv17.conv.weight": np.zeros((3, 16, 3, 3), np.float32)}
    path = write_torch_zip(tmp_path / "v1.pth", state_dict(v1), v1.values())
    with pytest.raises(WeightsError, match="a state dict of DeepFill v1, which is read from the official"):
        convert_checkpoint(path, tmp_path / "x.h5")
    other = {"stage1.conv1.conv.weight": np.zeros((48, 5, 5, 5), np.float32)}
    path = write_torch_zip(tmp_path / "other.pth", state_dict(other), other.values())
    with pytest.raises(WeightsError, match="the port's other network"):
        convert_checkpoint(path, tmp_path / "x.h5")


def test_a_network_of_something_else(tmp_path):
    source = write_tensorflow_checkpoint(tmp_path / "x", {"dense/kernel": np.zeros((2, 2), np.float32)})
    with pytest.raises(WeightsError, match="no DeepFill v2 generator in this TensorFlow .* found dense/"):
        convert_checkpoint(source, tmp_path / "x.h5")


@pytest.mark.parametrize("spoilt", [np.full(3, np.nan, "f4"), np.zeros(3, "i4")], ids=["nan", "integer"])
def test_numbers_that_are_no_weights(official, tmp_path, spoilt):
    source = write_tensorflow_checkpoint(tmp_path / "snap-0", {**official, "inpaint_net/conv17/bias": spoilt})
    with pytest.raises(WeightsError, match="1 not of finite floating-point numbers: inpaint_net/conv17/bias"):
        convert_checkpoint(source, tmp_path / "x.h5")


@pytest.fixture
def small(tmp_path):
    """A folder with a copy of the small checkpoint; its record names the newest."""
    return shutil.copytree(recipe.FOLDER / "ckpt_small", tmp_path / "small")


def test_where_a_checkpoint_may_be(small):
    for path in (small, small / "snap-7", small / "snap-7.index", small / "snap-7.data-00000-of-00001"):
        assert open_tensorflow_checkpoint(path).path == small / "snap-7"
    (small / "checkpoint").write_text('model_checkpoint_path: "/home/somebody/logs/snap-7"\n')
    assert open_tensorflow_checkpoint(small).path == small / "snap-7"
    (small / "checkpoint").unlink()
    assert open_tensorflow_checkpoint(small).path == small / "snap-7"


def test_which_of_two_checkpoints(small):
    write_tensorflow_checkpoint(small / "snap-8", {"lr": np.float32(0)})
    assert open_tensorflow_checkpoint(small).path == small / "snap-7"  # the record says so
    (small / "checkpoint").unlink()
    with pytest.raises(WeightsError, match="2 checkpoints in this folder"):
        open_tensorflow_checkpoint(small)


@pytest.mark.parametrize("name, content, said", [
    ("nothing", None, "nothing: no such file, and there is no nothing.index either"),
    ("photo.jpg", b"\xff\xd8", "photo.jpg: neither a TensorFlow checkpoint nor a PyTorch file"),
    ("empty.index", b"", "empty: not a readable TensorFlow checkpoint"),
    ("text.index", b"hello" * 99, "text: not a readable TensorFlow checkpoint"),
    (".", None, "no checkpoint in this folder"),
])
def test_no_checkpoint(tmp_path, name, content, said):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(WeightsError, match=said) as caught:
        convert_checkpoint(tmp_path / name, tmp_path / "x.h5")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("damage", ["missing", "truncated"])
def test_a_damaged_checkpoint(official, tmp_path, damage):
    source = write_tensorflow_checkpoint(tmp_path / "snap-0", official)
    data = tmp_path / "snap-0.data-00000-of-00001"
    if damage == "missing":
        data.unlink()
    else:
        data.write_bytes(data.read_bytes()[:9_000_000])
    with pytest.raises(WeightsError, match="download it again, the .index and all .data files"):
        convert_checkpoint(source, tmp_path / "x.h5")
    assert not (tmp_path / "x.h5").exists()


def test_an_unknown_colour_order(tmp_path):
    with pytest.raises(ValueError, match="`channels` should be one of"):
        convert_checkpoint(tmp_path, tmp_path / "x.h5", channels="gbr")


def test_saver_of_tensorflow_1(tmp_path):
    """The other tests write checkpoints with the operation behind the Saver; here is the Saver itself."""
    with tf.Graph().as_default(), tf.compat.v1.Session() as session:
        with tf.compat.v1.variable_scope("inpaint_net/conv17"):
            tf.compat.v1.get_variable("bias", initializer=tf.constant([1., 2., 3.]))
        session.run(tf.compat.v1.global_variables_initializer())
        prefix = tf.compat.v1.train.Saver().save(session, str(tmp_path / "snap"), global_step=3)
    checkpoint = open_tensorflow_checkpoint(tmp_path)
    assert str(checkpoint.path) == prefix
    np.testing.assert_array_equal(checkpoint.read("inpaint_net/conv17/bias"), [1, 2, 3])
