"""From the official files of LPIPS (AlexNet, version 0.1) to ours: nothing of them is run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import numpy as np

from weights.errors import WeightsError
from weights.generator_file import check_output
from weights.lpips_file import expected_shapes, save_lpips
from weights.torch_file import StoredTensor, is_torch_file, open_torch_file

CONVOLUTIONS = (0, 3, 6, 8, 10)  # places of torchvision's AlexNet in its `features`


def convert_lpips(alexnet: str | os.PathLike[str], linear: str | os.PathLike[str], output: str | os.PathLike[str]
                  ) -> int:
    """Convert torchvision's AlexNet and the linear layers of LPIPS into one .h5 file.

    Args:
        alexnet: State dict of torchvision's AlexNet: features.0.weight and so on; its classifier is not needed.
        linear: State dict of the linear layers, lin0.model.1.weight to lin4.model.1.weight.
        output: Ends in .h5.

    Returns:
        The number of parameters.

    Raises:
        WeightsError: If a file cannot be read, is another network, or the output cannot be written.

    Reference:
        Zhang et al. 2018, arXiv:1801.03924; the package lpips 0.1.4 (names of the linear layers).
    """
    check_output(output)
    arrays: dict[str, np.ndarray] = {}
    networks, layers = _state(Path(alexnet)), _state(Path(linear))
    for number, place in enumerate(CONVOLUTIONS, 1):
        arrays[f"conv{number}/kernel"] = networks(f"features.{place}.weight").transpose(2, 3, 1, 0)
        arrays[f"conv{number}/bias"] = networks(f"features.{place}.bias")
        arrays[f"linear{number}"] = layers(f"lin{number - 1}.model.1.weight").reshape(-1)
    save_lpips(arrays, output, source=f"{Path(alexnet).name}, {Path(linear).name}")
    return sum(int(np.prod(shape)) for shape in expected_shapes().values())


def _state(path: Path) -> Any:
    """A function that reads the tensor of a name."""
    if not is_torch_file(path):
        raise WeightsError(path, "no PyTorch file" if path.exists() else "no such file",
                           "give ALEXNET.pth,LINEAR.pth as --source")
    file = open_torch_file(path)

    def read(name: str) -> np.ndarray:
        tensor = file.contents.get(name) if isinstance(file.contents, dict) else None
        if not isinstance(tensor, StoredTensor) or len(tensor.shape) not in (1, 4):
            raise WeightsError(path, f"holds no tensor {name}", "give torchvision's AlexNet, then the linear layers "
                               "of LPIPS for it")
        return file.read(tensor)

    return read
