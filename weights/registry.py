"""The shipped models by name: registry.yaml, checked against the files before every use."""

from __future__ import annotations

import difflib
import hashlib
import os
from dataclasses import MISSING, dataclass, fields
from pathlib import Path
from typing import TYPE_CHECKING, Any

from weights.errors import WeightsError, one_line

if TYPE_CHECKING:
    import tensorflow as tf

REGISTRY_FILE = Path(__file__).with_name("registry.yaml")
DEFAULT = "default"
DEEPFILL_V2, N2V, DAMAGE = KINDS = ("deepfill_v2", "n2v", "damage")
REINSTALL = "download or install it again"


@dataclass(frozen=True)
class Entry:
    """One model of the registry; registry.yaml says what the fields mean."""

    name: str
    kind: str
    file: str
    sha256: str
    size: int
    licence: str
    source: str
    default: bool = False
    default_if_thin: bool = False


def entries(kind: str | None = None) -> tuple[Entry, ...]:
    """All registered models, or those of one kind, in the registry's order.

    Raises:
        WeightsError: If the registry itself is broken.
    """
    import yaml

    try:
        content = yaml.safe_load(REGISTRY_FILE.read_text(encoding="utf-8"))
        models = tuple(_entry(fields_found) for fields_found in content["models"])
    except (OSError, yaml.YAMLError, KeyError, TypeError) as error:
        raise WeightsError(REGISTRY_FILE, f"the list of models cannot be read ({one_line(error)})",
                           "install the project again") from error
    return tuple(entry for entry in models if kind in (None, entry.kind))


def names(kind: str | None = None) -> tuple[str, ...]:
    """The names that `find` knows, all or those of one kind ("deepfill_v2", "n2v", "damage")."""
    return tuple(entry.name for entry in entries(kind))


def default_name(kind: str, *, thin: bool = False) -> str:
    """The name behind "default"; "default" itself where no model of that kind is marked so.

    Args:
        kind: One of `KINDS`.
        thin: Whether all holes are thin, for which a model may be marked of its own.
    """
    known = entries(kind)
    marked = [entry.name for entry in known if thin and entry.default_if_thin]
    return (marked + [entry.name for entry in known if entry.default] + [DEFAULT])[0]


def find(name_or_path: str | os.PathLike[str], *, kind: str | None = None) -> Path:
    """The file of a shipped model, or the user's own.

    Args:
        name_or_path: A registered name, "default", or a path. A name wins over a file of that name; write
            ./NAME for the file.
        kind: Accept registered models of this kind only; "default" needs it.

    Returns:
        An existing path. A shipped file has the registry's size and sha256; a path is returned as it is.

    Raises:
        WeightsError: If the name is unknown or of another kind, or the file is missing or has changed.
    """
    wanted = os.fspath(name_or_path)
    for entry in entries():
        if wanted == entry.name or (wanted == DEFAULT and entry.default and entry.kind == kind):
            if kind not in (None, entry.kind):
                raise WeightsError(wanted, f"is a {entry.kind} model, expected a {kind} one", _known(kind))
            path = REGISTRY_FILE.parent / entry.file
            _check(path, entry)
            return path
    path = Path(wanted)
    if path.exists():
        return path
    close = difflib.get_close_matches(wanted, (*names(kind), DEFAULT), n=1)
    raise WeightsError(wanted, "no weights of that name and no such file" + (
        f", did you mean {close[0]!r}?" if close else ""), f"{_known(kind)}, or give an existing file")


def load_generator(name_or_path: str | os.PathLike[str] = DEFAULT) -> tf.keras.Model:
    """The inpainting network of a registered name or a file (.h5 or .keras), with its weights.

    Args:
        name_or_path: See `find`.

    Returns:
        A model as `build_generator` makes them, in `deepfill_tf` or `deepfill_tf.v1`; guided or not, and padded, as
        the file says.

    Raises:
        WeightsError: If the name is unknown, or the file is missing, corrupt or something else.
    """
    path = find(name_or_path, kind=DEEPFILL_V2)
    from weights.generator_file import read_generator  # TensorFlow loads when the file is known to be good
    return read_generator(path)


def _entry(found: dict[str, Any]) -> Entry:
    known = {field.name for field in fields(Entry)}
    needed = {field.name for field in fields(Entry) if field.default is MISSING}
    if wrong := sorted((set(found) - known) | (needed - set(found))):
        raise KeyError(f"unknown or missing: {', '.join(wrong)} in model {found.get('name')!r}")
    if found["kind"] not in KINDS:
        raise KeyError(f"kind of model {found['name']!r} should be one of {KINDS}, found {found['kind']!r}")
    return Entry(**found)


def _check(path: Path, entry: Entry) -> None:
    """Refuse a shipped file that is not, byte for byte, the one that was registered."""
    if not path.is_file():
        raise WeightsError(entry.name, f"its file {path} is missing", REINSTALL)
    if (size := path.stat().st_size) != entry.size:
        raise WeightsError(entry.name, f"{path} is corrupt: expected {entry.size:,} bytes, found {size:,}",
                           REINSTALL)
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise WeightsError(entry.name, f"{path} cannot be read ({error.strerror})",
                           "check its permissions") from error
    if digest != entry.sha256:
        raise WeightsError(entry.name, f"{path} is corrupt: expected sha256 {entry.sha256[:12]}..., "
                                       f"found {digest[:12]}...", REINSTALL)


def _known(kind: str | None) -> str:
    return "known names: " + (", ".join(names(kind)) or "none")
