"""The weights of the perceptual metric LPIPS: AlexNet's convolutions and one weight for each of their channels."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np

from weights.atomic import replacing
from weights.errors import WeightsError, one_line

FORMAT = "lpips_alexnet"
LICENCE = "BSD 3-clause (torchvision's AlexNet), BSD 2-clause (LPIPS)"
# (height, width, in, out) of the kernels, in order.
KERNELS = ((11, 11, 3, 64), (5, 5, 64, 192), (3, 3, 192, 384), (3, 3, 384, 256), (3, 3, 256, 256))


def expected_shapes() -> dict[str, tuple[int, ...]]:
    """Shape of every array by its name: conv1/kernel to conv5/bias, linear1 to linear5."""
    shapes: dict[str, tuple[int, ...]] = {}
    for number, kernel in enumerate(KERNELS, 1):
        shapes[f"conv{number}/kernel"] = kernel
        shapes[f"conv{number}/bias"] = shapes[f"linear{number}"] = kernel[-1:]
    return shapes


def check_arrays(subject: str | os.PathLike[str], arrays: Mapping[str, np.ndarray]) -> None:
    """Raise WeightsError unless `arrays` are those of `expected_shapes`, of finite numbers."""
    for name, shape in expected_shapes().items():
        if name not in arrays:
            raise WeightsError(subject, f"lacks {name} of LPIPS", "convert the official files, see weights.convert")
        if arrays[name].shape != shape:
            raise WeightsError(subject, f"{name} should be of shape {shape}, found {arrays[name].shape}",
                               "give AlexNet and the linear layers made for it, version 0.1")
        if arrays[name].dtype.kind != "f" or not np.isfinite(arrays[name]).all():
            raise WeightsError(subject, f"{name} is not of finite floating-point numbers", "download it again")


def save_lpips(arrays: Mapping[str, np.ndarray], path: str | os.PathLike[str], *, source: str) -> None:
    """Write the weights as a .h5 file, whole or not at all.

    Raises:
        WeightsError: If they are incomplete, or the file cannot be written.
    """
    import h5py

    path = Path(path)
    check_arrays(path, arrays)
    try:
        with replacing(path) as temporary, h5py.File(temporary, "w") as file:
            file.attrs.update({"format": FORMAT, "licence": LICENCE, "source": source})
            for name in expected_shapes():
                file.create_dataset(name, data=arrays[name].astype(np.float32))
    except OSError as error:
        raise WeightsError(path, f"cannot be written ({one_line(error)})", "choose another --output") from error


def read_lpips(path: str | os.PathLike[str]) -> dict[str, np.ndarray]:
    """The arrays of a file that `save_lpips` wrote.

    Raises:
        WeightsError: If it is missing or something else.
    """
    import h5py

    try:
        with h5py.File(path, "r") as file:
            if file.attrs.get("format") != FORMAT:
                raise WeightsError(path, "holds no weights of LPIPS", "make them with python -m weights.convert --what "
                                   "lpips --source ALEXNET.pth,LINEAR.pth")
            arrays = {name: np.asarray(file[name]) for name in expected_shapes() if name in file}
    except OSError as error:
        raise WeightsError(path, f"cannot be read ({one_line(error)})", "give a file of python -m weights.convert "
                           "--what lpips") from error
    check_arrays(path, arrays)
    return arrays
