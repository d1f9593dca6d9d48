import numpy as np
import pytest
from PIL import Image

from pipelines.errors import InputError
from pipelines.evaluation.cases import Case
from pipelines.evaluation.records import Records
from pipelines.evaluation.runner import Runner, as_truth


class Workshop:
    """Adds one for each step, and notes what it was asked for."""

    def __init__(self):
        self.asked = []

    def run(self, step, pixels, mask):
        self.asked.append((step, int(pixels[0, 0]), bool(mask.any())))
        return pixels + 1, [f"{step} warns"]


@pytest.fixture
def case(tmp_path):
    mask = np.zeros((12, 12), np.uint8)
    mask[4:8] = 255
    for name, pixels in (("truth", mask // 2), ("input", np.full((12, 12), 7, np.uint8)), ("mask", mask)):
        Image.fromarray(pixels).save(tmp_path / f"{name}.png")
    return Case("noise_holes", "a", tmp_path / "truth.png", tmp_path / "input.png", tmp_path / "mask.png", 1 / 3)


def test_steps_are_shared_and_filled_holes_are_no_holes_any_more(case, tmp_path):
    workshop = Workshop()
    runner = Runner(tmp_path, Records(tmp_path / "finished.jsonl"), workshop, None)
    results = runner.run({"nlm+telea": ("nlm", "telea"), "telea+nlm": ("telea", "nlm"), "nlm": ("nlm",), "input": ()},
                         [case])
    assert workshop.asked == [("nlm", 7, True), ("telea", 8, True), ("telea", 7, True), ("nlm", 8, False)]
    assert results["input"][case] == case.input
    assert results["nlm+telea"][case] == tmp_path / "outputs" / "nlm+telea" / "noise_holes" / "a.png"
    assert runner.cost(case, ("nlm", "telea"))["warnings"] == ["nlm warns", "telea warns"]
    results["nlm"][case].unlink()  # a picture that has gone is made again, and nothing else is
    runner.run({"nlm+telea": ("nlm", "telea"), "telea+nlm": ("telea", "nlm")}, [case])
    assert workshop.asked[4:] == [("nlm", 7, True)]


def test_another_result_of_the_same_name_is_measured_anew(case, tmp_path):
    runner = Runner(tmp_path, Records(tmp_path / "finished.jsonl"), Workshop(), None)
    theirs = tmp_path / "theirs.png"
    values = []
    for level in (7, 8, 7):
        Image.fromarray(np.full((12, 12), level, np.uint8)).save(theirs)
        values.append(runner.measure({"theirs": {case: theirs}})["theirs"][case]["l1"])
    assert values[0] == values[2] != values[1]
    assert len((tmp_path / "finished.jsonl").read_text().splitlines()) == 2


def test_gray_and_rgb(tmp_path):
    gray, rgb = np.arange(16, dtype=np.uint8).reshape(4, 4), np.arange(48, dtype=np.uint8).reshape(4, 4, 3)
    path = tmp_path / "result.png"
    for result, truth, expected in ((gray, rgb, np.stack([gray] * 3, -1)), (np.stack([gray] * 3, -1), gray, gray),
                                    (rgb, rgb, rgb)):
        Image.fromarray(result).save(path)
        np.testing.assert_array_equal(as_truth(path, truth), expected)


@pytest.mark.parametrize("result, said", [
    (np.zeros((4, 5), np.uint8), "is of 5 x 4 pixels, the truth of 4 x 4"),
    (np.full((4, 4), 300, np.uint16), "is of type uint16; give results of 8 bit"),
    (np.arange(48, dtype=np.uint8).reshape(4, 4, 3), "is a colour picture, the truth is gray")])
def test_what_does_not_fit(tmp_path, result, said):
    path = tmp_path / "result.png"
    Image.fromarray(result).save(path)
    with pytest.raises(InputError, match=said):
        as_truth(path, np.zeros((4, 4), np.uint8))
