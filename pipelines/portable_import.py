"""Back from `pipelines.portable` into TensorFlow."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from pipelines.errors import InputError
from pipelines.portable.session import STATE_FOLDER
from pipelines.portable.state_files import CONSTANT, STATE_FILE, Problem, fitted, read_state

if TYPE_CHECKING:
    import tensorflow as tf

    from deepfill_tf.training_run import TrainingRun


def continue_from_state(run: TrainingRun, folder: Path, weights_file: Path) -> None:
    """Have a training run go on from a portable run's state, which becomes its last checkpoint.

    Args:
        run: New, or one that the program was exported from; of the same settings.
        folder: The portable run's output folder, or its folder `state` or `weights`.
        weights_file: Where the averaged generator is written, since there may be no step left to do.

    Raises:
        InputError: If there is no state, or it is of other settings.
    """
    from deepfill_tf.distribution import is_chief
    from deepfill_tf.portable_step import portable_variables
    from weights import save_generator

    with run.strategy.scope():
        try:
            import_state(folder, portable_variables(run.trainer))
        except Problem as error:
            what, _, rest = str(error).partition(": ")
            raise InputError(what, rest, "give the folder that portable.pyz wrote to --import-state") from error
    run.save()
    if is_chief(run.strategy):
        save_generator(run.trainer.copy_average(), weights_file)


def import_state(folder: Path, variables: Mapping[str, tf.Variable]) -> int:
    """Assign the state of a portable run to variables.

    Args:
        folder: The run's output folder, or its folder `state` or `weights`.
        variables: Under the names they were exported with. Those that the program does not use, or that were left
            out as Adam's moments are in `weights`, keep their values.

    Returns:
        The number of steps done.

    Raises:
        InputError: If the state has variables that are not there, or of another shape or type; nothing is assigned.
        ValueError: If there is no state, or its files are damaged.
    """
    folder = Path(folder)
    step, state = read_state(folder if (folder / STATE_FILE).exists() else folder / STATE_FOLDER)
    dtypes = {name: variable.dtype.name for name, variable in variables.items()}
    state = fitted({name: array for name, array in state.items() if not name.startswith(CONSTANT)}, dtypes)
    for name, array in state.items():
        found = f"{array.dtype} {list(array.shape)}"
        expected = "none" if name not in variables else f"{variables[name].dtype.name} {list(variables[name].shape)}"
        if found != expected:
            raise InputError(folder, f"holds {name} as {found}, the run has {expected}",
                             "import it into a run with the settings that it was exported with")
    for name, array in state.items():
        variables[name].assign(array)
    return step
