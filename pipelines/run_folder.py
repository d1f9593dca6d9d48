"""The folder of a training run: made whole or not at all, and knowing how it was made."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from pipelines.errors import InputError
from pipelines.image_files.atomic import replacing
from pipelines.runtime import versions

RUN_FILE = "run.json"
CHECKPOINTS = "checkpoints"


def create(folder: str | Path, settings: Any, *, seed: int, resume: bool = False,
           facts: Mapping[str, Any] | None = None) -> Path:
    """Make a run folder, or check that an existing one may go on.

    It holds run.json: the resolved settings, the seed, the versions of what the result depends on, and
    `facts`.

    Args:
        folder: Must not exist or be empty, unless `resume`.
        settings: A dataclass instance.
        seed: The run's seed.
        resume: Go on with an existing run, which must have been made with the same settings, seed and facts.
        facts: What else decides about the result, such as the data; must be JSON.

    Raises:
        InputError: If the folder is in use, cannot be written, or belongs to a run with other settings.
    """
    folder = Path(folder)
    run = {"settings": dataclasses.asdict(settings), "seed": seed, "facts": dict(facts or {}),
           "versions": versions()}
    text = json.dumps(run, indent=2, sort_keys=True) + "\n"
    try:
        if resume and (folder / RUN_FILE).is_file():
            _check_same(folder / RUN_FILE, json.loads(text))
            return folder
        if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
            raise InputError(folder, "exists already and is not an empty folder",
                             "choose another --output, or --resume a run that was begun there")
        folder.mkdir(parents=True, exist_ok=True)
        with replacing(folder / RUN_FILE) as temporary:
            temporary.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(folder, f"cannot be written ({error.strerror})",
                         "choose another --output") from error
    return folder


def _check_same(path: Path, run: dict[str, Any]) -> None:
    """Raise InputError unless the run begun in `path` has the same settings, seed and facts."""
    try:
        begun = json.loads(path.read_text(encoding="utf-8"))
        different = [f"{part}.{key}" for part in ("settings", "facts")
                     for key in sorted({*begun[part], *run[part]})
                     if begun[part].get(key) != run[part].get(key)]
        if begun["seed"] != run["seed"]:
            different.append("seed")
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(path, "is not the record of a run", "choose another --output") from error
    if different:
        raise InputError(path, f"the run was begun with another {', '.join(different)}",
                         "resume with the same, or choose another --output")
