"""States in files."""

import numpy as np
import pytest

from pipelines.portable.state_files import Problem, halved, read_state, write_state

ARRAYS = {"network/kernel": np.arange(600, dtype=np.float32).reshape(20, 30), "step": np.int64(2**40),
          "network/bias": np.ones(500, np.float32), "adam/1": np.zeros((1000, 3), np.float32)}


def assert_state(folder, step):
    found_step, found = read_state(folder)
    assert found_step == step
    assert list(found) == list(ARRAYS)
    for name, array in ARRAYS.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


@pytest.mark.parametrize("compressed", [False, True])
def test_what_is_written_is_read(tmp_path, compressed):
    write_state(tmp_path / "state", 7, ARRAYS, compressed=compressed)
    assert_state(tmp_path / "state", 7)
    assert len(list((tmp_path / "state").glob("*.npz"))) == 1


def test_files_stay_below_their_size(tmp_path):
    write_state(tmp_path, 7, ARRAYS, file_bytes=6000)
    sizes = sorted(path.stat().st_size for path in tmp_path.glob("*.npz"))
    assert len(sizes) == 3
    assert sizes[1] < 6000 < 12_000 < sizes[2] < 12_000 + 1000  # the last holds one array that is larger
    assert_state(tmp_path, 7)


def test_a_new_state_replaces_the_old_one(tmp_path):
    write_state(tmp_path, 7, ARRAYS, file_bytes=6000)
    write_state(tmp_path, 8, ARRAYS)
    assert_state(tmp_path, 8)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["state.json", "step000000008-00.npz"]


def test_an_interrupted_write_leaves_the_old_state(tmp_path, monkeypatch):
    write_state(tmp_path, 7, ARRAYS, file_bytes=6000)

    def fail(*_, **__):
        raise OSError("disk full")

    monkeypatch.setattr("os.fsync", fail)
    with pytest.raises(OSError, match="disk full"):
        write_state(tmp_path, 8, ARRAYS, file_bytes=6000)
    assert_state(tmp_path, 7)


def test_a_damaged_file_is_refused(tmp_path):
    write_state(tmp_path, 7, ARRAYS)
    (path,) = tmp_path.glob("*.npz")
    path.write_bytes(path.read_bytes()[:-1])
    with pytest.raises(Problem, match=f"{path.name}: missing or damaged"):
        read_state(tmp_path)
    path.unlink()
    with pytest.raises(Problem, match=f"{path.name}: missing or damaged"):
        read_state(tmp_path)
    with pytest.raises(Problem, match="nowhere/state.json: cannot be read .*; give the folder"):
        read_state(tmp_path / "nowhere")


def test_constants_are_not_halved():
    arrays = halved({"constant/0/beta": np.float32(0.99).reshape(()), "kernel": np.ones(2, np.float32)})
    assert arrays["constant/0/beta"] == np.float32(0.99) and arrays["kernel"].dtype == np.float16
