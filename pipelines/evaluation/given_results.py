"""Results that other programs have made of the inputs: that is how anybody's row gets into the table."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from pathlib import Path

from pipelines import command
from pipelines.errors import InputError
from pipelines.evaluation.cases import INPUTS, Case
from pipelines.images import counterpart


def results_folders(arguments: Sequence[str], taken: Collection[str]) -> dict[str, Path]:
    """The folders that `--results NAME=DIR` names.

    Raises:
        InputError: If one does not exist, or a name is that of another system.
    """
    folders: dict[str, Path] = {}
    for text in arguments:
        name, _, folder = text.partition("=")
        if not name or not folder or not Path(folder).is_dir():
            raise InputError("--results", f"{text!r} names no existing folder", "give NAME=DIR")
        if name in folders or name in taken or "/" in name:
            raise InputError("--results", f"{name!r} cannot be the name, or is that of another system",
                             "choose another NAME")
        folders[name] = Path(folder)
    return folders


def pair_results(folders: Mapping[str, Path], cases: Sequence[Case], folder: Path
                 ) -> tuple[dict[str, dict[Case, Path]], int]:
    """Find the result for each case by its name without suffix; those that are missing are reported.

    Args:
        folders: What `results_folders` returned: in each, a folder for each condition or, where there is one condition
            only, the results themselves.
        cases: What the inputs were made for.
        folder: Of the evaluation.

    Returns:
        The files by system and case, and how many are missing.

    Raises:
        InputError: If a folder holds no result at all.
    """
    found: dict[str, dict[Case, Path]] = {}
    missing = 0
    is_flat = len({case.condition for case in cases}) == 1
    for name, given in folders.items():
        found[name] = {}
        for case in cases:
            inner = given if is_flat and not (given / case.condition).is_dir() else given / case.condition
            try:
                found[name][case] = counterpart(inner, case.input, folder / INPUTS / case.condition)
            except InputError:
                missing += 1
                command.report_error(f"{name}: no result, or several, for {case.file} in {given}; give one of the "
                                     "input's name, with the suffix of any image")
        if not found[name]:
            raise InputError(given, f"holds no result of {name} for any input", f"run {name} on {folder / INPUTS}")
    return found, missing
