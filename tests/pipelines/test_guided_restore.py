"""Restoring with a guided network: the sketch on the command line and in `restore_image`."""

import dataclasses
import json

import numpy as np
import pytest
from PIL import Image

from deepfill_tf.edges import detect_edges
from deepfill_tf.inference import complete
from pipelines import networks, restoration, restore, restore_image
from pipelines.chain import RestorationChain
from pipelines.images import Picture
from pipelines.plan import make_plan
from pipelines.restoration import Restorer
from pipelines.windows import inpaint_by_windows
from tests.parity.generators import official_generator
from weights import save_generator

SHAPE = (24, 40)


@pytest.fixture(scope="module")
def generator():
    return official_generator("guided")


@pytest.fixture(scope="module")
def guided(generator, tmp_path_factory):
    path = tmp_path_factory.mktemp("weights") / "guided.h5"
    save_generator(generator, path)
    return path


@pytest.fixture(scope="module")
def restorer(guided):
    return Restorer(denoiser="none", inpainter=guided)


@pytest.fixture(scope="module")
def image():
    return np.random.default_rng(0).integers(0, 256, (*SHAPE, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def mask():
    hole = np.zeros(SHAPE, bool)
    hole[4:20, 8:32] = True
    return hole


@pytest.fixture(scope="module")
def sketch():
    lines = np.zeros(SHAPE, bool)
    lines[12:14] = True
    return lines


@pytest.fixture
def files(image, mask, sketch, tmp_path):
    for name, pixels in (("picture", image), ("mask", mask * np.uint8(255)), ("sketch", sketch * np.uint8(255))):
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    return tmp_path


@pytest.fixture
def loaded(restorer, monkeypatch):
    """Commands take the restorer that is there, instead of loading the weights once more."""
    monkeypatch.setattr(restoration, "Restorer", lambda **_: restorer)


def restored(image, mask, restorer, edges):
    return restorer.restore(Picture(image), mask, edges).image


def expected(generator, image, mask, edges):
    """The same by hand, before rounding."""
    inputs = (image / np.float32(127.5) - 1, mask[..., np.newaxis], edges[..., np.newaxis])
    completed = complete(generator, *(values[np.newaxis].astype(np.float32) for values in inputs)).numpy()[0]
    return (completed + 1) * 127.5


def run(files, *arguments):
    given = {"--input": files / "picture.png", "--mask": files / "mask.png", "--output": files / "out.png",
             "--denoiser": "none"}
    given.update(zip(arguments[::2], arguments[1::2]))
    return restore.main([str(part) for pair in given.items() for part in pair])


def pixels(path):
    return np.asarray(Image.open(path))


def test_a_sketch_changes_the_hole_and_nothing_outside(image, mask, sketch, guided, generator, restorer):
    plain = restorer.restore(Picture(image), mask)
    drawn = restore_image(image, mask, denoiser="none", inpainter=guided, edges=sketch)
    np.testing.assert_array_equal(drawn.image[~mask], image[~mask])
    assert (drawn.image[mask] != plain.image[mask]).any()
    for result, edges in ((plain, np.zeros(SHAPE, bool)), (drawn, sketch)):
        by_hand = expected(generator, image, mask, edges)
        assert np.abs(result.image - by_hand)[mask].max() < 0.51  # rounded
    assert plain.report["edges"] == "none" and drawn.report["edges"] == "given"


def test_a_sketch_outside_the_holes_changes_nothing(image, mask, sketch, restorer):
    np.testing.assert_array_equal(restored(image, mask, restorer, sketch & ~mask),
                                  restored(image, mask, restorer, None))


def test_auto_takes_the_edges_of_the_picture(mask, restorer):
    rows, columns = np.mgrid[:SHAPE[0], :SHAPE[1]]
    image = np.uint16(60000 * (np.hypot(rows - 12, columns - 20) < 7))
    found = detect_edges(np.repeat(image[np.newaxis, ..., np.newaxis] / 32767.5 - 1, 3, axis=-1)).numpy()[0]
    assert found[mask].any()
    result = restorer.restore(Picture(image), mask, "auto")
    np.testing.assert_array_equal(result.image, restored(image, mask, restorer, found))
    assert (result.image != restored(image, mask, restorer, None)).any()
    assert result.report["edges"] == "auto"


def test_frames_share_a_sketch_and_pictures_of_all_sizes_one_graph(image, mask, sketch, restorer, monkeypatch):
    stack = np.stack([image, image[::-1]])
    together = restorer.restore(Picture(stack, is_stack=True), mask, sketch).image
    monkeypatch.setattr(RestorationChain, "_restore", None)  # tracing once more would need it
    np.testing.assert_array_equal(restored(stack[1], mask, restorer, sketch), together[1])
    part = np.s_[:17, :33]
    restored(np.ascontiguousarray(image[part]), mask[part], restorer, sketch[part])


def test_windows_cut_the_sketch_along(image, mask, sketch, restorer, monkeypatch):
    parts = []

    def windows(inpaint, picture, hole, edges, *, side):
        def looked_at(part, missing, guide, places):
            parts.append(guide)
            np.testing.assert_array_equal(guide, (sketch > 0).ravel()[places])
            return inpaint(part, missing, guide)

        places = np.arange(hole.size).reshape(hole.shape)
        return inpaint_by_windows(looked_at, picture, hole, edges, places, side=side, margin=4)

    monkeypatch.setattr(networks, "inpaint_by_windows", windows)
    monkeypatch.setattr(restoration, "make_plan", lambda *arguments, **options: dataclasses.replace(
        make_plan(*arguments, **options), window=24))
    restored(image, mask, restorer, sketch)
    assert len(parts) > 1 and any(part.any() for part in parts)


def test_files_like_arrays(files, image, mask, sketch, guided, restorer):
    assert run(files, "--inpainter", guided, "--edges", files / "sketch.png", "--report", files / "report.json") == 0
    np.testing.assert_array_equal(pixels(files / "out.png"), restored(image, mask, restorer, sketch))
    assert json.loads((files / "report.json").read_text())["files"][0]["edges"] == "given"


def test_auto_and_no_edges_on_the_command_line(files, image, mask, restorer, loaded):
    for arguments, edges in (([], None), (["--edges", "auto"], "auto")):
        assert run(files, *arguments) == 0
        np.testing.assert_array_equal(pixels(files / "out.png"), restored(image, mask, restorer, edges))


def test_folder_of_sketches_with_the_pictures_names(files, image, mask, sketch, restorer, loaded, capsys):
    for folder in ("in", "sketches"):
        (files / folder).mkdir()
    for name in ("a", "b", "none"):
        Image.fromarray(image).save(files / "in" / f"{name}.png")
    Image.fromarray(sketch).save(files / "sketches/a.bmp")
    Image.fromarray(sketch[:9]).save(files / "sketches/b.png")
    assert run(files, "--input", files / "in", "--edges", files / "sketches", "--output", files / "out") == 1
    np.testing.assert_array_equal(pixels(files / "out/a.png"), restored(image, mask, restorer, sketch))
    assert [path.name for path in (files / "out").iterdir()] == ["a.png"]
    error = capsys.readouterr().err
    assert "sketches/b.png: is a sketch of 40 x 9 pixels" in error and "none.png" in error and "2 of 3" in error
    assert error.count("\n") == 3


def assert_refused(files, capsys, message, *arguments):
    before = sorted(files.rglob("*"))
    assert run(files, *arguments) == 2
    error = capsys.readouterr().err
    assert message in error and error.startswith("error: ") and error.count("\n") == 1
    assert sorted(files.rglob("*")) == before


@pytest.mark.parametrize("inpainter", ["telea", "default"])
def test_edges_for_an_inpainter_that_is_not_guided(inpainter, files, capsys):
    for edges in (files / "sketch.png", "auto"):
        assert_refused(files, capsys, "is not guided", "--inpainter", inpainter, "--edges", edges)


def test_edges_that_no_picture_can_use_are_refused_once(files, capsys):
    (files / "in").mkdir()
    for name in ("a.png", "b.png"):
        (files / "in" / name).write_bytes((files / "picture.png").read_bytes())
    assert_refused(files, capsys, "is not guided", "--input", files / "in", "--output", files / "out", "--inpainter",
                   "telea", "--edges", "auto")


def test_sketches_that_misfit(files, sketch, capsys):
    Image.fromarray(sketch[:9]).save(files / "small.png")
    assert_refused(files, capsys, "40 x 9 pixels for a picture of 40 x 24", "--edges", files / "small.png")
    assert_refused(files, capsys, "no such edges file or folder", "--edges", files / "missing.png")
    assert_refused(files, capsys, "--mask none", "--edges", files / "sketch.png", "--mask", "none")


def test_a_sketch_is_never_overwritten(files, capsys):
    assert_refused(files, capsys, "never overwritten", "--edges", files / "sketch.png", "--output",
                   files / "sketch.png")
