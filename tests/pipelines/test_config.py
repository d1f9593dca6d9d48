"""Strict YAML settings."""

import dataclasses
from typing import Mapping, Optional, Tuple

import pytest

from pipelines.config import ConfigError, load


@dataclasses.dataclass(frozen=True)
class Settings:
    image_size: int = 256
    rate: float = 1e-4
    name: str = "default"
    fast: bool = False
    sides: Tuple[int, ...] = (64, 64)
    rows: Optional[Tuple[Tuple[int, ...], ...]] = None
    shares: Mapping[str, float] = dataclasses.field(default_factory=dict)

    def __post_init__(self):
        if self.image_size < 1:
            raise ValueError(f"image_size must be at least 1. Received: {self.image_size}")


@pytest.fixture
def write(tmp_path):
    def write(text):
        path = tmp_path / "settings.yaml"
        path.write_text(text)
        return path
    return write


def test_defaults_without_a_file_and_from_an_empty_one(write):
    assert load(None, Settings) == load(write("# nothing\n"), Settings) == Settings()


def test_values_get_their_types(write):
    text = "rate: 1e-3\nsides: [8, 16]\nrows: [[1, 0], [0, 1]]\nfast: yes\nname: x\n"
    settings = load(write(text), Settings)
    assert settings == Settings(rate=0.001, sides=(8, 16), rows=((1, 0), (0, 1)), fast=True, name="x")
    assert load(write("rate: 2\nrows: null\n"), Settings) == Settings(rate=2.0)
    assert load(write("shares: {a: 1e-3, b: 2}"), Settings).shares == {"a": 0.001, "b": 2.0}


def test_overrides_win_and_none_is_not_given(write):
    path = write("image_size: 8\nname: x\n")
    assert load(path, Settings, image_size=16, name=None) == Settings(16, name="x")


@pytest.mark.parametrize("text, parts", [
    ("image_sise: 3", ["'image_sise'", "did you mean 'image_size'?"]),
    ("zzz: 3", ["'zzz'", "known keys: image_size, rate"]),
    ("image_size: 3.5", ["image_size must be of type int", "3.5"]),
    ("image_size: true", ["image_size must be of type int", "True"]),
    ("rate: fast", ["rate must be of type float", "'fast'"]),
    ("fast: 1", ["fast must be of type bool"]),
    ("name: 3", ["name must be of type str"]),
    ("sides: 8", ["sides must be of type list"]),
    ("sides: [8, x]", ["sides must be of type int", "'x'"]),
    ("shares: [1]", ["shares must be of type mapping"]),
    ("shares: {a: x}", ["shares.a must be of type float", "'x'"]),
    ("image_size: 0", ["image_size must be at least 1. Received: 0"]),
    ("- a", ["'key: value'", "list"]),
    ("a: [", ["not valid YAML"]),
])
def test_mistakes_are_named_with_the_file(write, text, parts):
    path = write(text)
    with pytest.raises(ConfigError) as error:
        load(path, Settings)
    assert str(error.value).startswith(f"{path}: ")
    assert "\n" not in str(error.value)
    for part in parts:
        assert part in str(error.value)


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(ConfigError, match="absent.yaml: cannot be read .No such file"):
        load(tmp_path / "absent.yaml", Settings)
