import json

import pytest

from pipelines.errors import InputError
from pipelines.evaluation.records import Records, write_json


def test_what_was_added_is_there_again(tmp_path):
    path = tmp_path / "finished.jsonl"
    records = Records(path)
    assert not path.exists() and ("a", "b") not in records and records.get(("a", "b")) is None
    records.add(("a", "b"), {"psnr": 1.5})
    records.add(("a", "b"), {"psnr": 2.5})
    records.add(("c",), {"warnings": ["ü"]})
    again = Records(path)
    assert again["a", "b"] == {"psnr": 2.5} and again["c",] == {"warnings": ["ü"]}


def test_a_line_cut_short_is_dropped_and_the_next_one_is_whole(tmp_path):
    path = tmp_path / "finished.jsonl"
    Records(path).add(("a",), {"psnr": 1})
    path.write_bytes(path.read_bytes() + b'{"key": ["b"], "val')
    records = Records(path)
    assert ("a",) in records and ("b",) not in records
    records.add(("b",), {"psnr": 2})
    assert Records(path)["b",] == {"psnr": 2}


def test_something_else_is_refused(tmp_path):
    path = tmp_path / "finished.jsonl"
    path.write_text("no json\n")
    with pytest.raises(InputError, match="is no list of results"):
        Records(path)


def test_json_is_the_same_for_the_same_content(tmp_path):
    for name, content in (("a", {"x": 1, "y": None}), ("b", {"y": None, "x": 1})):
        write_json(tmp_path / name, content)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert json.loads((tmp_path / "a").read_text()) == {"x": 1, "y": None}
    with pytest.raises(ValueError):
        write_json(tmp_path / "a", float("nan"))
