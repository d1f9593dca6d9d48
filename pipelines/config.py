"""YAML file -> frozen settings, with every mistake named."""

from __future__ import annotations

import collections.abc
import contextlib
import dataclasses
import difflib
import typing
from pathlib import Path
from typing import Any, TypeVar

from pipelines.errors import InputError

Settings = TypeVar("Settings")


class ConfigError(InputError):
    """A configuration file or value that cannot be used."""


def load(path: str | Path | None, settings_type: type[Settings], **overrides: Any) -> Settings:
    """Make an instance of a configuration dataclass.

    Args:
        path: YAML file with one mapping of the dataclass's fields; None takes its defaults.
        settings_type: A dataclass; its annotations are the types that are asked for.
        overrides: Values that replace those of the file; None means not given.

    Raises:
        ConfigError: If the file cannot be read, has unknown keys or wrong types, or if the dataclass refuses
            the values.
    """
    source = "defaults" if path is None else str(path)
    values = {} if path is None else _read(Path(path))
    values.update({key: value for key, value in overrides.items() if value is not None})
    names = [field.name for field in dataclasses.fields(settings_type)]  # type: ignore[arg-type]
    types = typing.get_type_hints(settings_type)
    for key in values:
        if key not in names:
            close = difflib.get_close_matches(str(key), names, 1)
            raise ConfigError(source, f"unknown key {key!r}", f"did you mean {close[0]!r}?" if close
                              else f"known keys: {', '.join(names)}")
    converted = {key: _convert(value, types[key], source, key) for key, value in values.items()}
    try:
        return settings_type(**converted)
    except ValueError as error:
        raise ConfigError(source, str(error).rstrip("."), "correct the value") from error


def _read(path: Path) -> dict[str, Any]:
    import yaml  # here, so that `--help` need not wait for it

    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(path, f"cannot be read ({error.strerror})", "check the path of --config") from error
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        reason = " ".join(str(error).split())
        raise ConfigError(path, f"is not valid YAML ({reason})", "correct the file") from error
    if content is None:
        return {}
    if not isinstance(content, dict):
        raise ConfigError(path, f"must hold 'key: value' lines, found a {type(content).__name__}",
                          "correct the file")
    return content


def _convert(value: Any, expected: Any, source: str, key: str) -> Any:
    """Turn what YAML has read into the annotated type, or raise ConfigError."""
    origin, arguments = typing.get_origin(expected), typing.get_args(expected)
    if origin is typing.Union:  # Optional
        if value is None:
            return None
        inner = [argument for argument in arguments if argument is not type(None)]
        return _convert(value, inner[0], source, key)
    if origin is tuple:
        if isinstance(value, (list, tuple)):
            return tuple(_convert(item, arguments[0], source, key) for item in value)
    elif origin is collections.abc.Mapping:
        if isinstance(value, dict):
            return {_convert(name, arguments[0], source, key):
                    _convert(item, arguments[1], source, f"{key}.{name}") for name, item in value.items()}
    elif expected is float:
        # PyYAML reads 1e-4 as text: its floats need a dot
        if isinstance(value, (int, float, str)) and not isinstance(value, bool):
            with contextlib.suppress(ValueError):
                return float(value)
    elif expected is int:
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    elif isinstance(value, expected):
        return value
    name = {None: getattr(expected, "__name__", None), tuple: "list"}.get(origin, "mapping")
    raise ConfigError(source, f"{key} must be of type {name}, found {value!r}", "correct the value")
