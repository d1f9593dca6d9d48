import itertools

import numpy as np
import pytest
from PIL import Image

from deepfill_tf.epochs import shuffled
from deepfill_tf.records import write_records
from deepfill_tf.sources import ImageFiles, open_source, read_list

COUNT = 11


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Pictures of one grey each, in folders within folders."""
    top = tmp_path_factory.mktemp("pictures")
    for index in range(COUNT):
        place = top / ("" if index < 4 else "more" if index < 8 else "more/and [more]")
        place.mkdir(exist_ok=True)
        Image.new("RGB", (12, 10), (20 * index,) * 3).save(place / f"{index:02d}{('.png', '.BMP')[index % 2]}")
    (top / "notes.txt").write_text("not a picture")
    return top


@pytest.fixture(scope="module")
def sources(folder, tmp_path_factory):
    """The same pictures as files and, a few to a shard, as records."""
    files = open_source(folder, smallest=10)
    shards = tmp_path_factory.mktemp("records")
    write_records(files.paths, shards, shard_bytes=900)
    records = open_source(shards, smallest=10)
    assert len(records.shards) > 3 and max(records.counts) > 1
    return {"files": files, "records": records}


def first(source, count, seed=0, first_position=0, **options):
    """(position, grey) of the first samples."""
    samples = source.images(seed, first_position, **options).take(count)
    return [(int(position), int(image[0, 0, 0])) for position, image in samples]


@pytest.mark.parametrize("kind", ["files", "records"])
class TestOrder:
    def test_samples_have_the_stated_shapes(self, sources, kind):
        samples = sources[kind].images(0, 0)
        assert [spec.dtype.name for spec in samples.element_spec] == ["int64", "uint8"]
        position, image = next(iter(samples))
        assert position.shape == () and image.shape == (10, 12, 3)

    def test_every_epoch_has_every_image_once_and_an_order_of_its_own(self, sources, kind):
        found = first(sources[kind], 3 * COUNT)
        assert [position for position, _ in found] == list(range(3 * COUNT))
        epochs = [[grey for _, grey in found[start:start + COUNT]] for start in range(0, 3 * COUNT, COUNT)]
        assert all(sorted(epoch) == [20 * index for index in range(COUNT)] for epoch in epochs)
        assert epochs[0] != epochs[1] != epochs[2] != epochs[0]

    def test_a_position_has_the_same_image_wherever_the_run_begins(self, sources, kind):
        whole = first(sources[kind], 3 * COUNT)
        for begin in (1, 5, COUNT - 1, COUNT, 2 * COUNT - 4):
            assert first(sources[kind], 8, first_position=begin) == whole[begin:begin + 8]

    def test_the_seed_decides_the_order(self, sources, kind):
        one, other = first(sources[kind], COUNT, seed=1), first(sources[kind], COUNT, seed=2)
        assert one != other
        assert one == first(sources[kind], COUNT, seed=1)

    def test_unwanted_positions_are_left_out_and_no_other_is_moved(self, sources, kind):
        whole = first(sources[kind], 24, first_position=3)
        found = first(sources[kind], 8, first_position=3, wanted=lambda position: position % 3 == 1)
        assert found == [sample for sample in whole if sample[0] % 3 == 1]

    def test_small_images_are_enlarged(self, sources, kind, folder):
        source = sources[kind]
        larger = type(source)(**{**vars(source), "smallest": 16})
        _, image = next(iter(larger.images(0, 0)))
        assert image.shape == (16, 20, 3)

    def test_sources_describe_themselves(self, sources, kind):
        assert sources[kind].count == COUNT
        assert str(COUNT) in sources[kind].describe()

    def test_a_good_source_is_found_good(self, sources, kind):
        calls = []
        assert sources[kind].find_corrupt(progress=calls.append) == []
        assert sum(calls) == COUNT


def test_a_million_images_are_shuffled_once_for_an_epoch_not_for_a_sample():
    order = shuffled(1_000_000, 0, np.int64(3)).numpy()
    np.testing.assert_array_equal(np.sort(order), np.arange(1_000_000))


def test_what_is_not_wanted_is_not_read(tmp_path):
    Image.new("L", (3, 3)).save(tmp_path / "there.png")
    source = ImageFiles((str(tmp_path / "there.png"), str(tmp_path / "gone.png")))
    there = int(np.argmin(shuffled(2, 0, np.int64(0))))  # the place of the file that exists, in the first epoch
    [(position, _)] = source.images(0, 0, wanted=lambda position: position % 2 == there).take(1)
    assert position == there


def test_a_folder_is_searched_recursively_in_the_order_of_names(folder):
    source = open_source(folder)
    assert source.count == COUNT and list(source.paths) == sorted(source.paths)
    assert open_source(str(folder / "more" / "and [more]")).count == 3  # brackets in a name are no pattern


def test_a_glob_and_a_single_file(folder):
    assert open_source(folder / "more" / "*").count == 4
    assert open_source(folder / "**" / "*.png").count == 6
    assert open_source(folder / "00.png").paths == (str(folder / "00.png"),)


@pytest.mark.parametrize("name", ["list.flist", "list.txt"])
def test_a_file_list_keeps_its_order_and_starts_from_its_folder(folder, name):
    (folder / name).write_text(f"# comment\n02.png\n\n  {folder / '00.png'}  \r\nmore/05.BMP\n")
    assert open_source(folder / name).paths == tuple(
        str(folder / path) for path in ("02.png", "00.png", "more/05.BMP"))


@pytest.mark.parametrize("contents, problem", [
    (b"", "Received no line"), (b"# only this\n", "Received no line"),
    (b"nowhere.png\n", "nowhere.png, which does not"), (b"\xff\xfe\x00", "not UTF-8")])
def test_a_wrong_file_list_is_an_error_with_its_name(tmp_path, contents, problem):
    (tmp_path / "list.flist").write_bytes(contents)
    with pytest.raises(ValueError, match=f"list.flist should.*{problem}"):
        read_list(tmp_path / "list.flist")


def test_nothing_to_train_on_is_an_error(tmp_path):
    for data in (tmp_path, tmp_path / "gone", tmp_path / "*.png"):
        with pytest.raises(ValueError, match="where there are none"):
            open_source(data)
    with pytest.raises(ValueError, match="empty"):
        ImageFiles(())


def test_images_beside_shards_are_ambiguous(tmp_path):
    Image.new("L", (3, 3)).save(tmp_path / "a.png")
    (tmp_path / "a.tfrecord").write_bytes(b"")
    with pytest.raises(ValueError, match="not both"):
        open_source(tmp_path)


def test_corrupt_files_leave_a_source_once_and_for_all(tmp_path):
    good = [tmp_path / f"{index:03d}.png" for index in range(200)]
    for path in good:
        Image.new("L", (3, 3)).save(path)
    (tmp_path / "100.png").write_bytes(b"")
    source = open_source(tmp_path)
    corrupt = source.find_corrupt()
    assert [path for path, _ in corrupt] == [str(tmp_path / "100.png")]
    checked = source.without(path for path, _ in corrupt)
    assert checked.count == 199
    assert len(list(itertools.islice(checked.images(0, 0), 199))) == 199


def test_edges_are_loaded_beside_their_pictures(tmp_path):
    random = np.random.default_rng(1)
    for index in range(3):
        pixels = random.integers(0, 256, (8, 9, 3), dtype=np.uint8)
        Image.fromarray(pixels).save(tmp_path / f"{index}.png")
        Image.fromarray(255 - pixels[..., 0]).save(tmp_path / f"{index}.edge.png")
    pictures = [str(tmp_path / f"{index}.png") for index in range(3)]
    drawings = [str(tmp_path / f"{index}.edge.png") for index in range(3)]
    source = ImageFiles(tuple(pictures), 1, tuple(drawings))
    for _, image in source.images(0, 0).take(3):
        assert image.shape == [8, 9, 4]
        np.testing.assert_array_equal(image[..., 3], 255 - image[..., 0])
    rest = source.without(pictures[:1])
    assert rest.edges == tuple(drawings[1:])

    Image.new("L", (9, 7)).save(drawings[1])
    with pytest.raises(ValueError, match=r"1\.edge\.png: 7 x 9 pixels, expected 8 x 9"):
        source.find_corrupt()
    with pytest.raises(ValueError, match="one for each of 3"):
        ImageFiles(tuple(pictures), 1, tuple(drawings[:2]))
