import json

import numpy as np
import pytest
from PIL import Image

from pipelines.errors import InputError
from pipelines.evaluation.cases import MANIFEST, Condition, Protocol, prepare, sha256
from pipelines.evaluation.holes import parse_holes
from pipelines.evaluation.noise import parse_noise
from tests.pictures import write_noise

WHITE = 255


def protocol(data, noise=("gaussian:25",), masks=("centre",), **changes):
    conditions = tuple(Condition(parse_noise(one), parse_holes(other)) for one in noise for other in masks)
    return Protocol(**{"data": str(data), "conditions": conditions, "size": None, "limit": None, "seed": 0, **changes})


@pytest.fixture
def data(tmp_path):
    (tmp_path / "data" / "deep").mkdir(parents=True)
    write_noise(tmp_path / "data", 2)
    write_noise(tmp_path / "data" / "deep", 1, 24, 30)
    return tmp_path / "data"


@pytest.fixture
def output(tmp_path):
    (tmp_path / "output").mkdir()
    return tmp_path / "output"


def pixels(path):
    return np.asarray(Image.open(path))


def test_files_and_their_hashes(data, output):
    cases, unusable = prepare(protocol(data, masks=("centre", "scratches")), output)
    assert unusable == 0
    assert [(case.condition, case.picture) for case in cases] == [
        (condition, picture) for condition in ("gaussian-25_centre", "gaussian-25_scratches")
        for picture in ("00", "01", "deep/00")]
    manifest = json.loads((output / MANIFEST).read_text())
    for case, entry in zip(cases, manifest["cases"]):
        hole = pixels(case.mask) > 127
        degraded = pixels(case.input)
        assert (degraded[hole] == WHITE).all() and hole.mean() == case.hole_ratio
        assert sha256(output / entry["input"]) == entry["input_sha256"]
        assert sha256(output / entry["mask"]) == entry["mask_sha256"]
        noise = parse_noise("gaussian:25").apply(pixels(case.truth), seed=0, name=case.picture)
        np.testing.assert_array_equal(degraded[~hole], noise[~hole])
    np.testing.assert_array_equal(pixels(output / "truth" / "deep" / "00.png"), pixels(data / "deep" / "00.png"))


def test_two_runs_write_the_same_bytes(data, output, tmp_path):
    other = tmp_path / "other"
    other.mkdir()
    for folder in (output, other):
        prepare(protocol(data, masks=("irregular",), size=20), folder)
    assert (output / MANIFEST).read_bytes() == (other / MANIFEST).read_bytes()


def test_the_middle_is_cut_out_and_the_first_are_taken(data, output):
    cases, _ = prepare(protocol(data, size=10, limit=1), output)
    assert [case.picture for case in cases] == ["00"]
    np.testing.assert_array_equal(pixels(cases[0].truth), pixels(data / "00.png")[5:15, 5:15])


def test_other_types_of_pictures(tmp_path, output):
    data = tmp_path / "types"
    data.mkdir()
    deep = np.arange(400, dtype=np.uint16).reshape(20, 20) * 160
    Image.fromarray(deep).save(data / "deep.png")
    Image.fromarray(np.full((20, 20, 4), 9, np.uint8)).save(data / "alpha.png")
    cases, unusable = prepare(protocol(data), output)
    assert unusable == 0 and [case.picture for case in cases] == ["alpha", "deep"]
    assert pixels(cases[0].truth).shape == (20, 20, 3)
    np.testing.assert_allclose(pixels(cases[1].truth), deep / 257, atol=0.51)


def test_an_earlier_run_is_gone_on_with(data, output):
    first, _ = prepare(protocol(data), output)
    before = {path: path.stat().st_mtime_ns for path in output.rglob("*.png")}
    again, _ = prepare(protocol(data), output)
    assert again == first and before == {path: path.stat().st_mtime_ns for path in output.rglob("*.png")}
    first[1].input.unlink()
    assert prepare(protocol(data), output)[0] == first and first[1].input.is_file()


@pytest.mark.parametrize("change", ["seed", "picture", "noise"])
def test_an_earlier_run_on_something_else_is_refused(data, output, change):
    prepare(protocol(data), output)
    if change == "picture":
        Image.fromarray(np.zeros((20, 20, 3), np.uint8)).save(data / "00.png")
    changes = {"seed": {"seed": 1}, "picture": {}, "noise": {"noise": ("none",)}}[change]
    with pytest.raises(InputError, match="was made from other pictures, noise or masks"):
        prepare(protocol(data, **changes), output)


def test_a_picture_that_cannot_be_used_is_named_each_time_and_the_others_are_done(data, output, capsys):
    (data / "02.png").write_bytes(b"no picture")
    Image.fromarray(np.zeros((9, 30, 3), np.uint8)).save(data / "03.png")
    for _ in range(2):
        cases, unusable = prepare(protocol(data, size=12), output)
        assert unusable == 2 and len(cases) == 3
        lines = capsys.readouterr().err.splitlines()
        assert len(lines) == 2 and lines[0].startswith("error: 02.png: ")
        assert lines[1] == ("error: 03.png: is of 30 x 9 pixels, smaller than --size 12; give larger pictures or a "
                            "smaller --size")


def test_nothing_to_use(data, output, tmp_path):
    with pytest.raises(InputError, match="holds no picture that can be used"):
        prepare(protocol(data, size=100), output)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match="holds no images"):
        prepare(protocol(tmp_path / "empty"), output)
    Image.new("RGB", (1, 1)).save(tmp_path / "empty" / "dot.png")
    with pytest.raises(InputError, match="holds no picture that can be used"):
        prepare(protocol(tmp_path / "empty"), tmp_path)


def test_names_that_differ_in_the_suffix_alone(data, output):
    Image.new("RGB", (20, 20)).save(data / "00.jpg")
    with pytest.raises(InputError, match="has the name of .*00.jpg but for the suffix"):
        prepare(protocol(data), output)


def test_another_file_in_the_manifests_place(data, output):
    (output / MANIFEST).write_text("{}")
    with pytest.raises(InputError, match="is not the manifest of an evaluation"):
        prepare(protocol(data), output)
