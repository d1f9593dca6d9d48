"""Generators in files: what the network is, its weights, licence and source, in one HDF5 file.

Layout: that of Keras' `save_weights`, so that `tf.keras.Model.load_weights` reads it, with float32 or float16
numbers (Keras converts). The file's attributes: n2v_deepfill_format (1), architecture, guided, padding,
hole_fill ("zeros" where it is missing), channel_order, licence, source.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping
from pathlib import Path

import h5py
import tensorflow as tf

from weights.atomic import replacing
from weights.errors import WeightsError, one_line

FORMAT = 1
ARCHITECTURES = {"deepfill_v2": "DeepFill v2", "deepfill_v1": "DeepFill v1"}  # by name of the model
CHANNEL_ORDER = "RGB"
KERAS_VERSION = "2.15.0"  # of the layout; Keras takes a file without it for one of Keras 1
REPLACE = "download or convert it again"
SAVED_MODEL_FILE, LAYERS_FILE, RUN_WEIGHTS_FILE = "saved_model.pb", "keras_metadata.pb", "generator.h5"


def save_generator(model: tf.keras.Model, path: str | os.PathLike[str], *, half: bool = False,
                   attributes: Mapping[str, str | int | float | bool] | None = None) -> None:
    """Write the weights of a generator; the same weights give the same bytes.

    Args:
        model: As `build_generator` of either version makes them.
        path: Ends in .h5; its folder exists. Nothing stands there until everything is written.
        half: Whether to write float16, half the size; float32 otherwise.
        attributes: More of the file's attributes: licence, source and the like.

    Raises:
        WeightsError: If the path does not end in .h5 or cannot be written.
        ValueError: If the model is not named as one of `ARCHITECTURES`.
    """
    from deepfill_tf.generator import hole_fill_of

    path = check_output(path)
    if model.name not in ARCHITECTURES:
        raise ValueError(f"`model.name` should be one of {tuple(ARCHITECTURES)}. Received: {model.name!r}")
    described = {
        "licence": "unknown", "source": "unknown", **(attributes or {}), "n2v_deepfill_format": FORMAT,
        "architecture": model.name, "guided": len(model.inputs) == 3,
        "padding": model.get_layer("conv1").padding, "hole_fill": hole_fill_of(model), "channel_order": CHANNEL_ORDER,
    }
    layers = [layer for layer in model.layers if layer.weights]
    try:
        with replacing(path) as temporary, h5py.File(temporary, "w") as file:
            file.attrs.update(described)
            file.attrs["backend"] = "tensorflow"
            file.attrs["keras_version"] = KERAS_VERSION
            file.attrs["layer_names"] = [layer.name.encode() for layer in layers]
            for layer in layers:
                group = file.create_group(layer.name)
                weights = {f"{layer.name}/{leaf_name(weight)}:0": weight for weight in layer.weights}
                group.attrs["weight_names"] = [name.encode() for name in weights]
                for name, weight in weights.items():
                    group.create_dataset(name, data=weight.numpy().astype("float16" if half else "float32"))
    except OSError as error:
        raise WeightsError(path, f"cannot be written ({error.strerror or one_line(error)})",
                           "choose an existing folder that can be written") from error


def check_output(path: str | os.PathLike[str]) -> Path:
    """Say at once what would keep `save_generator` from writing there.

    Raises:
        WeightsError: If the path does not end in .h5, or its folder does not exist.
    """
    path = Path(path)
    if path.suffix != ".h5" or path.is_dir():
        raise WeightsError(path, "weights are written as .h5 files", "choose a file name that ends in .h5")
    if not path.parent.is_dir():
        raise WeightsError(path, f"there is no folder {path.parent}", "create it, or choose another")
    return path


def read_generator(path: Path) -> tf.keras.Model:
    """The generator of a file that `save_generator` or Keras has written (.h5, .keras).

    A folder is the SavedModel of a training run, or the run itself, whose generator.h5 is taken.

    Raises:
        WeightsError: If the file is of another kind, corrupt, or of another shape than the network.
    """
    if path.is_dir() and (path / SAVED_MODEL_FILE).is_file():
        return _read_saved_model(path)
    if path.is_dir() and (path / RUN_WEIGHTS_FILE).is_file():
        path = path / RUN_WEIGHTS_FILE
    reader = _READERS.get(path.suffix)
    if reader is None:
        raise WeightsError(path, f"weights are {' or '.join(_READERS)} files",
                           "convert a checkpoint first, with python -m weights.convert")
    if not path.is_file():
        raise WeightsError(path, "is not a file", f"give a {' or '.join(_READERS)} file")
    return reader(path)


def build_architecture(architecture: str, *, guided: bool = False, padding: str = "same", hole_fill: str = "zeros"
                       ) -> tf.keras.Model:
    """A new generator of one of `ARCHITECTURES`; options as in `deepfill_tf.build_generator`.

    Raises:
        ValueError: If the architecture is unknown or does not have that option.
    """
    from deepfill_tf.generator import build_generator
    from deepfill_tf.v1.generator import build_generator as build_generator_v1

    if architecture not in ARCHITECTURES:
        raise ValueError(f"`architecture` should be one of {tuple(ARCHITECTURES)}. Received: {architecture!r}")
    if architecture == "deepfill_v2":
        return build_generator(guided=guided, padding=padding, hole_fill=hole_fill)
    if guided or padding != "same" or hole_fill != "zeros":
        raise ValueError("DeepFill v1 is not guided, pads with zeros and starts from zeros. Received: guided "
                         f"{guided}, padding {padding!r}, hole_fill {hole_fill!r}")
    return build_generator_v1()


def leaf_name(weight: tf.Variable) -> str:
    """The last part of a weight's name: "kernel" of "conv1/kernel:0"."""
    return weight.name.rpartition("/")[2].partition(":")[0]


def _read_h5(path: Path) -> tf.keras.Model:
    try:
        with h5py.File(path, "r") as file:
            found = dict(file.attrs)
            layers = set(file)
    except OSError as error:
        raise WeightsError(path, f"corrupt or not an HDF5 file ({one_line(error)})", REPLACE) from error
    for key, accepted in (("n2v_deepfill_format", (FORMAT,)), ("architecture", tuple(ARCHITECTURES)),
                          ("channel_order", (CHANNEL_ORDER,))):
        if found.get(key) not in accepted:
            raise WeightsError(path, "not a generator this version can read: expected "
                                     f"{key} {' or '.join(map(repr, accepted))}, found {found.get(key)!r}",
                               "use a file written by weights.convert")
    try:
        model = build_architecture(found["architecture"], guided=bool(found["guided"]), padding=found["padding"],
                                   hole_fill=found.get("hole_fill", "zeros"))
        needed = {layer.name for layer in model.layers if layer.weights}
        if wrong := sorted(layers ^ needed):  # Keras skips, without a word, layers that only one side has
            raise ValueError(f"layers that only the file or only the network has: {', '.join(wrong)}")
        model.load_weights(path, by_name=True)  # by_name: the order in which layers are built may change
    except (OSError, ValueError, KeyError, AttributeError, RuntimeError) as error:
        raise WeightsError(path, f"corrupt or of another network ({one_line(error)})", REPLACE) from error
    return model


def _read_keras(path: Path) -> tf.keras.Model:
    import deepfill_tf.generator  # noqa: F401  registers the layers with Keras
    import deepfill_tf.v1.generator  # noqa: F401

    try:
        model = tf.keras.models.load_model(path, compile=False)  # safe mode: refuses pickled Python functions
    except Exception as error:  # a corrupt archive raises about everything, zipfile's errors included
        raise WeightsError(path, f"corrupt or not a Keras model ({one_line(error)})", REPLACE) from error
    if len(model.inputs) not in (2, 3) or len(model.outputs) != 2:
        raise WeightsError(path, "not a generator: expected 2 or 3 inputs and 2 outputs, found "
                                 f"{len(model.inputs)} and {len(model.outputs)}",
                           "save what build_generator made")
    return model


def _read_saved_model(path: Path) -> tf.keras.Model:
    """Take the weights alone: a SavedModel as Keras revives it may run Python functions that it brings along."""
    from deepfill_tf.layers.tension_fill import TensionFill

    try:
        values = {variable.name.partition(":")[0]: variable.numpy()
                  for variable in tf.saved_model.load(str(path)).variables}
        # Training pads with zeros, so that the first kernel and the layers tell which of the networks this is.
        *_, channels, filters = values["conv1/kernel"].shape
        is_filled = TensionFill.__name__.encode() in (path / LAYERS_FILE).read_bytes()
        model = build_architecture("deepfill_v2" if filters == 48 else "deepfill_v1", guided=channels == 6,
                                   hole_fill="tension-spline" if is_filled else "zeros")
        if wrong := sorted(set(values) ^ {weight.name.partition(":")[0] for weight in model.weights}):
            raise ValueError(f"weights that only one side has: {', '.join(wrong[:3])}")
        model.set_weights([values[weight.name.partition(":")[0]] for weight in model.weights])
    except (OSError, ValueError, KeyError, AttributeError, tf.errors.OpError) as error:
        raise WeightsError(path, f"corrupt or of another network ({one_line(error)})", REPLACE) from error
    return model


_READERS: dict[str, Callable[[Path], tf.keras.Model]] = {".h5": _read_h5, ".keras": _read_keras}
