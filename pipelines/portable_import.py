"""Back from `pipelines.portable` into TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import InputError
from pipelines.portable.session import STATE_FOLDER
from pipelines.portable.state_files import CONSTANT, STATE_FILE, read_state

if TYPE_CHECKING:
    import tensorflow as tf


def import_state(folder: Path, variables: Mapping[str, tf.Variable]) -> int:
    """Assign the state of a portable run to variables.

    Args:
        folder: The run's output folder, or its folder `state`.
        variables: Under the names they were exported with. Those that the program does not use keep their values.

    Returns:
        The number of steps done.

    Raises:
        InputError: If the state has variables that are not there, or of another shape or type; nothing is assigned.
        ValueError: If there is no state, or its files are damaged.
    """
    folder = Path(folder)
    step, state = read_state(folder if (folder / STATE_FILE).exists() else folder / STATE_FOLDER)
    state = {name: array for name, array in state.items() if not name.startswith(CONSTANT)}
    for name, array in state.items():
        found = f"{array.dtype} {list(array.shape)}"
        expected = "none" if name not in variables else f"{variables[name].dtype.name} {list(variables[name].shape)}"
        if found != expected:
            raise InputError(folder, f"holds {name} as {found}, the run has {expected}",
                             "import it into a run with the settings that it was exported with")
    for name, array in state.items():
        variables[name].assign(array)
    return step
