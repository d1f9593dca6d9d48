"""The reader of PyTorch files: right numbers, and nothing of the file is ever run.

The hand-made files follow what torch.save of PyTorch 2.13 wrote, checked once against it in both formats.
"""

import os
import pickle

import numpy as np
import pytest

from tests.weights.samples import (as_pickle, dictionary, plain, state_dict, tensor, torch_names, write_torch_legacy,
                                   write_torch_zip)
from weights import WeightsError
from weights.torch_file import open_torch_file

ARRAY = np.arange(24, dtype=np.float32).reshape(2, 3, 4)


def read_all(path):
    file = open_torch_file(path)
    return {name: file.read(stored) for name, stored in file.contents.items()}


@pytest.mark.parametrize("kind", ["zip", "legacy"])
def test_reads_what_was_written(tmp_path, kind):
    state = {"a": ARRAY, "b": np.float16([1.5, -2.0]), "steps": np.array(7, dtype=np.int64)}
    path = tmp_path / "state.pth"
    if kind == "zip":
        write_torch_zip(path, state_dict(state), state.values())
    else:
        write_torch_legacy(path, state)
    found = read_all(path)
    assert list(found) == list(state)
    for name, array in state.items():
        np.testing.assert_array_equal(found[name], array)
        assert found[name].dtype == array.dtype


def test_strides_and_offsets(tmp_path):
    transposed = ARRAY.transpose(2, 0, 1)  # a view: the storage keeps ARRAY's order
    instructions = dictionary({"t": tensor("0", transposed),
                               "tail": tensor("0", ARRAY, shape=(1, 3, 4), offset=12)})
    path = write_torch_zip(tmp_path / "views.pth", instructions, [ARRAY])
    found = read_all(path)
    np.testing.assert_array_equal(found["t"], transposed)
    np.testing.assert_array_equal(found["tail"], ARRAY[1:])


def test_big_endian(tmp_path):
    path = write_torch_zip(tmp_path / "big.pth", state_dict({"a": ARRAY}), [ARRAY.astype(">f4")], "big")
    np.testing.assert_array_equal(read_all(path)["a"], ARRAY)


class Malicious:
    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return os.mkdir, (self.path,)


@pytest.mark.parametrize("layout", ["zip", "zip-nested", "pickle"])
def test_nothing_of_the_file_is_run(tmp_path, layout):
    trap = tmp_path / "sprung"
    attack = plain(Malicious(str(trap)))
    path = tmp_path / "evil.pth"
    if layout == "pickle":
        path.write_bytes(as_pickle(attack))
    else:
        inner = attack if layout == "zip" else dictionary({"G": dictionary({"conv1.conv.weight": attack})})
        write_torch_zip(path, inner, [])
    with pytest.raises(WeightsError, match=r"evil\.pth: refused: the file asks for (posix|nt)\.mkdir"):
        open_torch_file(path)
    assert not trap.exists()
    pickle.loads(as_pickle(attack))  # the trap does work
    assert trap.exists()


@pytest.mark.parametrize("name", ["builtins\neval", "torch\nload", "torch._utils\n_import_dotted_name",
                                  "torch\nBFloat16Storage", "collections\nnamedtuple"])
def test_only_the_few_names_are_known(tmp_path, name):
    path = write_torch_zip(tmp_path / "x.pth", b"c" + name.encode() + b"\n", [])
    with pytest.raises(WeightsError, match="refused: the file asks for " + name.replace("\n", r"\.")):
        open_torch_file(path)


@pytest.mark.parametrize("target", [b"ctorch._utils\n_rebuild_tensor_v2\n", b"ccollections\nOrderedDict\n",
                                    b"ctorch\nFloatStorage\n", tensor("0", ARRAY)])
def test_what_a_name_stands_for_cannot_be_changed(tmp_path, target):
    # BUILD with (None, attributes) sets attributes on whatever lies on the stack.
    path = write_torch_zip(tmp_path / "x.pth", target + plain((None, {"__doc__": "changed"})) + b"b", [])
    with pytest.raises(WeightsError, match="not a readable PyTorch file"):
        open_torch_file(path)


@pytest.mark.parametrize("change", [{"shape": (200, 3, 4)}, {"offset": 1}, {"offset": -1}, {"shape": (2, 3)},
                                    {"shape": (10**6, 10**6, 10**6), "strides": (0, 0, 0)},
                                    {"shape": (2, 3, -4)}])
def test_a_view_past_its_storage_is_refused(tmp_path, change):
    path = write_torch_zip(tmp_path / "x.pth", dictionary({"a": tensor("0", ARRAY, **change)}), [ARRAY])
    with pytest.raises(WeightsError, match="outside its storage"):
        open_torch_file(path)


@pytest.mark.parametrize("arrays", [[], [ARRAY[:1]]], ids=["missing", "short"])
def test_a_storage_that_is_missing_or_short(tmp_path, arrays):
    file = open_torch_file(write_torch_zip(tmp_path / "x.pth", state_dict({"a": ARRAY}), arrays))
    with pytest.raises(WeightsError, match="x.pth: damaged: the numbers of a tensor are missing"):
        file.read(file.contents["a"])


@pytest.mark.parametrize("kind", ["zip", "legacy"])
@pytest.mark.parametrize("kept", [0.02, 0.3, 0.9])
def test_truncated(tmp_path, kind, kept):
    state = torch_names({"net/conv1/kernel": np.ones((3, 3, 4, 5), np.float32)})
    path = tmp_path / "cut.pth"
    if kind == "zip":
        write_torch_zip(path, state_dict(state), state.values())
    else:
        write_torch_legacy(path, state)
    whole = path.read_bytes()
    path.write_bytes(whole[:int(kept * len(whole))])
    with pytest.raises(WeightsError, match="cut.pth: "):
        read_all(path)


def test_a_zip_of_something_else(tmp_path):
    path = tmp_path / "arrays.npz"
    np.savez(path, a=ARRAY)
    with pytest.raises(WeightsError, match="a zip file, but not one of torch.save"):
        open_torch_file(path)
