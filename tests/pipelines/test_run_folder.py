"""Run folders."""

import dataclasses
import json

import pytest

from pipelines.errors import InputError
from pipelines.run_folder import create


@dataclasses.dataclass(frozen=True)
class Settings:
    epochs: int = 3
    sides: tuple = (8, 8)


def test_it_records_how_the_run_was_made(tmp_path):
    folder = create(tmp_path / "runs" / "first", Settings(), seed=7, facts={"data": "photos"})
    run = json.loads((folder / "run.json").read_text())
    assert run["settings"] == {"epochs": 3, "sides": [8, 8]}
    assert (run["seed"], run["facts"]) == (7, {"data": "photos"})
    assert {"python", "tensorflow", "n2v"} <= set(run["versions"])
    assert [path.name for path in folder.iterdir()] == ["run.json"]  # nothing half-written


def test_an_empty_folder_will_do_and_a_used_one_will_not(tmp_path):
    create(tmp_path, Settings(), seed=0)
    with pytest.raises(InputError, match="exists already"):
        create(tmp_path, Settings(), seed=0)
    with pytest.raises(InputError, match="exists already"):
        create(tmp_path / "run.json", Settings(), seed=0)


def test_a_run_goes_on_only_as_it_was_begun(tmp_path):
    create(tmp_path, Settings(), seed=0, facts={"data": "a"})
    before = (tmp_path / "run.json").read_bytes()
    assert create(tmp_path, Settings(), seed=0, facts={"data": "a"}, resume=True) == tmp_path
    assert (tmp_path / "run.json").read_bytes() == before
    for changes, named in (({"seed": 1}, "seed"), ({"settings": Settings(epochs=4)}, "settings.epochs"),
                           ({"facts": {"data": "b"}}, "facts.data")):
        given = {"settings": Settings(), "seed": 0, "facts": {"data": "a"}, **changes}
        with pytest.raises(InputError, match=f"begun with another {named}"):
            create(tmp_path, given["settings"], seed=given["seed"], facts=given["facts"], resume=True)


def test_resuming_what_was_not_begun_begins_it(tmp_path):
    assert (create(tmp_path / "new", Settings(), seed=0, resume=True) / "run.json").is_file()


def test_resuming_another_folder_is_refused(tmp_path):
    (tmp_path / "photo.jpg").touch()
    with pytest.raises(InputError, match="exists already"):
        create(tmp_path, Settings(), seed=0, resume=True)
    (tmp_path / "run.json").write_text("[]")
    with pytest.raises(InputError, match="not the record of a run"):
        create(tmp_path, Settings(), seed=0, resume=True)
