import io
import json
import shutil

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from deepfill_tf import records
from deepfill_tf.image_check import CorruptImagesError
from deepfill_tf.records import write_records
from deepfill_tf.shards import INDEX_FILE, ShardError
from deepfill_tf.sources import open_source


@pytest.fixture(scope="module")
def paths(tmp_path_factory):
    folder, rng = tmp_path_factory.mktemp("pictures"), np.random.default_rng(0)
    found = [folder / f"{index}.{('jpg', 'png')[index % 2]}" for index in range(9)]
    for path in found:
        Image.fromarray(rng.integers(0, 256, (20, 30, 3), dtype=np.uint8)).save(path)
    return found


def contents(folder):
    """Name -> encoded picture, of every record."""
    pairs = {}
    for shard in sorted(folder.glob("*.tfrecord")):
        for record in tf.data.TFRecordDataset(str(shard)).as_numpy_iterator():
            features = tf.train.Example.FromString(record).features.feature
            name, = features["image/filename"].bytes_list.value
            pairs[name.decode()], = features["image/encoded"].bytes_list.value
    return pairs


def test_pictures_are_stored_byte_by_byte(tmp_path, paths):
    calls = []
    written = write_records(paths, tmp_path / "records", shard_bytes=6000, progress=calls.append)
    assert contents(tmp_path / "records") == {path.name: path.read_bytes() for path in paths}
    assert list(contents(tmp_path / "records")) != [path.name for path in paths]  # mixed
    assert (written.count, written.corrupt, sum(calls)) == (9, (), 9)
    assert list(written.files) == sorted(map(str, (tmp_path / "records").glob("*.tfrecord")))
    assert written.size == sum(path.stat().st_size for path in (tmp_path / "records").glob("*.tfrecord"))
    assert len(written.files) > 2
    assert all(path.stat().st_size <= 6000 for path in (tmp_path / "records").glob("*.tfrecord"))
    assert not list(tmp_path.glob(".*"))


def test_large_pictures_are_made_smaller_and_small_ones_kept(tmp_path, paths):
    write_records(paths, tmp_path / "same", short_side=20)
    assert contents(tmp_path / "same") == {path.name: path.read_bytes() for path in paths}
    write_records(paths, tmp_path / "smaller", short_side=10)
    for data in contents(tmp_path / "smaller").values():
        with Image.open(io.BytesIO(data)) as picture:
            assert (picture.size, picture.format) == ((15, 10), "JPEG")
            assert {layer[1:3] for layer in picture.layer} == {(1, 1)}  # no colour subsampling


def test_the_same_call_writes_the_same_bytes_and_the_seed_the_order(tmp_path, paths):
    for name, seed in (("one", 0), ("two", 0), ("three", 1)):
        write_records(paths, tmp_path / name, seed=seed)
    one, two, three = ((tmp_path / name / "images-00000.tfrecord").read_bytes() for name in ("one", "two", "three"))
    assert one == two != three


def test_corrupt_pictures_are_left_out_and_too_many_leave_nothing_behind(tmp_path, paths):
    (tmp_path / "broken.jpg").write_bytes(paths[0].read_bytes()[:-30])
    many = list(paths) * 12 + [tmp_path / "broken.jpg"]  # 1 of 109
    written = write_records(many, tmp_path / "records")
    assert [path for path, _ in written.corrupt] == [str(tmp_path / "broken.jpg")]
    assert written.count == open_source(tmp_path / "records").count == 108
    with pytest.raises(CorruptImagesError, match="broken.jpg"):
        write_records(many + many[-1:], tmp_path / "other")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["broken.jpg", "records"]


def test_a_folder_with_something_in_it_is_refused_and_an_empty_one_is_not(tmp_path, paths):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "file").touch()
    with pytest.raises(ValueError, match="full.*which is not"):
        write_records(paths, tmp_path / "full")
    (tmp_path / "empty").mkdir()
    write_records(paths, tmp_path / "empty")
    assert open_source(tmp_path / "empty").count == len(paths)
    with pytest.raises(ValueError, match="at least one"):
        write_records([], tmp_path / "none")


def test_a_killed_writing_leaves_no_folder_and_does_not_hinder_the_next(tmp_path, paths, monkeypatch):
    class Killed(BaseException):
        """Nothing catches it, as nothing catches SIGKILL."""

    def kill(*_, **__):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(records, "write_index", kill)
        patched.setattr(shutil, "rmtree", lambda *_, **__: None)
        with pytest.raises(Killed):
            write_records(paths, tmp_path / "records", shard_bytes=3000)
    [partial] = tmp_path.iterdir()
    assert partial.name != "records" and list(partial.glob("*.tfrecord"))
    write_records(paths, tmp_path / "records")
    assert [path.name for path in tmp_path.iterdir()] == ["records"]
    assert len(list((tmp_path / "records").glob("*.tfrecord"))) == 1


@pytest.fixture
def shards(tmp_path, paths):
    write_records(paths, tmp_path / "records", shard_bytes=6000)
    return sorted((tmp_path / "records").glob("*.tfrecord"))


def test_shards_are_found_as_folder_glob_and_file_with_and_without_an_index(shards):
    def counts():
        return [open_source(data).count for data in (shards[0].parent, shards[0].parent / "*.tfrecord", shards[0])]

    with_index = counts()
    assert with_index[0] == with_index[1] == 9 > with_index[2] > 0
    (shards[0].parent / INDEX_FILE).unlink()
    assert counts() == with_index


@pytest.mark.parametrize("indexed", [True, False])
def test_a_shard_that_is_cut_short_is_named_on_opening(shards, indexed):
    if not indexed:
        (shards[0].parent / INDEX_FILE).unlink()
    for kept in (-1, -1000, 5):
        shards[1].write_bytes(shards[1].read_bytes()[:kept])
        with pytest.raises(ShardError, match=shards[1].name):
            open_source(shards[0].parent)


def test_a_changed_byte_is_found_by_the_check(shards):
    data = bytearray(shards[1].read_bytes())
    data[500] ^= 1
    shards[1].write_bytes(data)
    with pytest.raises(ShardError, match=f"{shards[1].name}.*corrupted record at"):
        open_source(shards[0].parent).find_corrupt()


@pytest.mark.parametrize("record, problem", [
    (records._example("a.png", b"no picture"), "Unknown image file format"),
    (tf.train.Example().SerializeToString(), "image/encoded"), (b"something else", "parse")])
def test_records_of_something_else_are_found_by_the_check(tmp_path, record, problem):
    shard = tmp_path / "made-elsewhere.tfrecord-00000-of-00001"
    with tf.io.TFRecordWriter(str(shard)) as writer:
        writer.write(record)
    with pytest.raises(ShardError, match=f"{shard.name}.*{problem}"):
        open_source(tmp_path).find_corrupt()


def test_a_wrong_index_and_empty_shards_are_errors(tmp_path, shards):
    (shards[0].parent / INDEX_FILE).write_text(json.dumps({"shards": 3}))
    with pytest.raises(ValueError, match=f"{INDEX_FILE} should be"):
        open_source(shards[0].parent)
    (tmp_path / "empty.tfrecord").touch()
    with pytest.raises(ValueError, match="no records.*empty.tfrecord"):
        open_source(tmp_path / "empty.tfrecord")
