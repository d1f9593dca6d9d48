"""Starts TensorFlow: quietly, on the chosen device, with a seed and a precision."""

from __future__ import annotations

import contextlib
import gc
import importlib
import os
import platform
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from importlib import metadata
from pathlib import Path
from types import ModuleType
from typing import Any

from pipelines.command import report_warning
from pipelines.errors import InputError
from pipelines.quiet import harmless_lines_dropped, ignore_harmless_warnings

DEVICES = ("auto", "cpu", "gpu")
PRECISIONS = ("float32", "bfloat16")

_REPORTED_PACKAGES = ("n2v-deepfill", "tensorflow", "n2v", "csbdeep", "numpy")
# What TensorFlow and Keras load where it is installed, for uses that nothing here has: 100 MB, and a second.
_UNUSED_PACKAGES = ("jax", "pandas")
# Measured on an AMD EPYC with AVX2, where TensorFlow would leave it off: 40 % less time at 512 x 512, and less memory.
_ONEDNN = "TF_ENABLE_ONEDNN_OPTS"
_starting = threading.Lock()


def start(device: str | None = "auto", *, seed: int | None = None, precision: str | None = "float32") -> str:
    """Import TensorFlow without its start-up chatter and prepare it; call it before others import TensorFlow.

    May be called again, to seed once more or to change the precision. Of TensorFlow's later log, only lines
    below warning level are off; `TF_CPP_MIN_LOG_LEVEL=0` in the environment brings them back. oneDNN's operations are
    on whatever the processor, unless `TF_ENABLE_ONEDNN_OPTS=0`. Keras is started as if pandas were not installed, and
    takes no data frames, unless TensorFlow was loaded before.

    Args:
        device: "cpu", "gpu" or "auto": the GPU if there is one. A GPU's memory is taken as needed, not all at
            once. None leaves the choice to whoever made it.
        seed: 0 to 2**32 - 1: seeds Python, NumPy and TensorFlow and makes all operations deterministic; None
            leaves them alone.
        precision: "float32", or "bfloat16" for convolutions and matrix products of models built afterwards; None
            leaves it alone.

    Returns:
        "cpu" or "gpu": where the work will be done.

    Raises:
        InputError: If there is no such device, or TensorFlow cannot run on this processor.
        ValueError: If an argument is none of the above.
    """
    if device not in (*DEVICES, None):
        raise ValueError(f"`device` should be one of {DEVICES}, received: {device!r}")
    if precision not in (*PRECISIONS, None):
        raise ValueError(f"`precision` should be one of {PRECISIONS}, received: {precision!r}")
    with _starting:
        _require_processor_features()
        os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")
        if platform.machine() == "x86_64":
            os.environ.setdefault(_ONEDNN, "1")
        ignore_harmless_warnings()
        with harmless_lines_dropped():
            tensorflow = _loaded_tensorflow()
            chosen = _device_in_use(tensorflow) if device is None else _choose_device(tensorflow, device)
        if seed is not None:
            tensorflow.keras.utils.set_random_seed(seed)
            tensorflow.config.experimental.enable_op_determinism()
        if precision is not None:
            _set_precision(tensorflow, chosen, precision)
    return chosen


def versions() -> dict[str, str]:
    """Versions of Python, the main packages and the project, and its git revision where there is one."""
    found = {"python": platform.python_version()}
    for name in _REPORTED_PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            found[name] = "not installed"
    revision = _git_revision(Path(__file__).resolve().parents[1])
    if revision:
        found["revision"] = revision
    return found


def processor_features() -> frozenset[str]:
    """Names of the processor's instruction sets as Linux lists them; empty where that is unknown."""
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        return frozenset()
    for line in lines:
        name, _, value = line.partition(":")
        if name.strip() in ("flags", "Features"):  # x86, ARM
            return frozenset(value.split())
    return frozenset()


@contextlib.contextmanager
def _hidden(packages: Sequence[str]) -> Iterator[None]:
    """Importing those fails inside as if they were not installed, unless they are loaded already."""
    absent = [package for package in packages if package not in sys.modules]
    modules: dict[str, Any] = sys.modules  # None is documented to do this
    modules.update(dict.fromkeys(absent))
    try:
        yield
    finally:
        for package in absent:
            if sys.modules.get(package) is None:
                sys.modules.pop(package, None)


def _loaded_tensorflow() -> ModuleType:
    if "tensorflow" not in sys.modules:
        with _hidden(_UNUSED_PACKAGES), _no_garbage():
            importlib.import_module("tensorflow")
    return sys.modules["tensorflow"]


@contextlib.contextmanager
def _no_garbage() -> Iterator[None]:
    """What is loaded inside is there to stay: looking for garbage in it takes half a second, and a quarter later on."""
    was_enabled = gc.isenabled()
    gc.collect()  # nothing else shall stay
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        if was_enabled:
            gc.enable()


def _require_processor_features() -> None:
    """Say in words what TensorFlow's own check says by aborting the process."""
    features = processor_features()
    if platform.machine() == "x86_64" and features and "avx" not in features:
        raise InputError("this computer", "its processor lacks the AVX instructions that TensorFlow needs",
                         "use another one (on a virtual machine, pass the host's processor through)")


def _device_in_use(tensorflow: ModuleType) -> str:
    tensorflow.config.list_physical_devices()  # starts the devices, which has chatter of its own
    return "gpu" if tensorflow.config.get_visible_devices("GPU") else "cpu"


def _choose_device(tensorflow: ModuleType, device: str) -> str:
    config = tensorflow.config
    gpus = config.list_physical_devices("GPU")
    if device == "gpu" and not gpus:
        raise InputError("--device gpu", "TensorFlow finds no GPU",
                         "use --device cpu, or install the driver and the CUDA libraries (extra: gpu)")
    chosen = "gpu" if gpus and device != "cpu" else "cpu"
    wanted = gpus if chosen == "gpu" else []
    if config.get_visible_devices("GPU") != wanted:
        try:
            config.set_visible_devices(wanted, "GPU")
        except RuntimeError as error:  # the devices are fixed from the first operation on
            raise InputError(f"--device {device}", "TensorFlow already runs on another device here",
                             "choose the device before the first use") from error
    with contextlib.suppress(RuntimeError):  # fixed, too: whoever started TensorFlow has chosen
        for gpu in wanted:
            config.experimental.set_memory_growth(gpu, True)
    config.list_logical_devices()  # starts the devices, which has chatter of its own
    return chosen


def _set_precision(tensorflow: ModuleType, device: str, precision: str) -> None:
    reduced = precision == "bfloat16"
    if reduced and device == "cpu" and not processor_features() & {"avx512_bf16", "amx_bf16", "bf16"}:
        report_warning("this processor has no bfloat16 instructions: --precision bfloat16 will not be faster")
    # On a CPU, oneDNN rewrites the traced graph, whoever built the model; on a GPU, Keras chooses the types.
    tensorflow.config.optimizer.set_experimental_options(
        {"auto_mixed_precision_onednn_bfloat16": reduced and device == "cpu"})
    policy = "mixed_bfloat16" if reduced and device == "gpu" else "float32"
    tensorflow.keras.mixed_precision.set_global_policy(policy)


@contextlib.contextmanager
def layers_in(precision: str) -> Iterator[None]:
    """Layers of models that are built inside compute in "float32" or "bfloat16"; their variables are float32."""
    import tensorflow as tf

    before = tf.keras.mixed_precision.global_policy()
    tf.keras.mixed_precision.set_global_policy("mixed_bfloat16" if precision == "bfloat16" else "float32")
    try:
        yield
    finally:
        tf.keras.mixed_precision.set_global_policy(before)


def _git_revision(folder: Path) -> str:
    """Revision of the working tree `folder`, "-dirty" if changed; empty if it is none or git is missing."""
    if not (folder / ".git").exists():  # an installed copy, perhaps inside the repository of another project
        return ""
    command = ["git", "-C", str(folder), "describe", "--always", "--dirty", "--abbrev=12"]
    try:
        return subprocess.run(command, capture_output=True, text=True, check=True, timeout=10).stdout.strip()
    except (OSError, subprocess.SubprocessError):
        return ""
