"""Tensors out of a file of `torch.save`, without PyTorch and without running what the file says.

Such a file is a pickle, a program that may call any function. Read here, it may call only the few names of
`_Unpickler`, which build dictionaries and describe tensors; any other name is an error, before it is called.

Reference: "Restricting Globals" in the Python library reference; the notes on serialization of PyTorch.
"""

from __future__ import annotations

import math
import os
import pickle
import zipfile
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal, NamedTuple

import numpy as np

from weights.errors import WeightsError, one_line

ZIP_MAGIC = b"PK\x03\x04"
PICKLE_MAGIC = b"\x80"
DOWNLOAD = "download it again"
LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
ELEMENT_TYPES = {
    "DoubleStorage": "f8", "FloatStorage": "f4", "HalfStorage": "f2", "LongStorage": "i8", "IntStorage": "i4",
    "ShortStorage": "i2", "CharStorage": "i1", "ByteStorage": "u1", "BoolStorage": "?",
}


class Storage(NamedTuple):
    """A run of numbers in the file."""

    key: str
    element_type: str
    length: int


class StoredTensor(NamedTuple):
    """Where a tensor lies in its storage; offset and strides count elements."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    strides: tuple[int, ...]


@dataclass(frozen=True)
class TorchFile:
    """What a file of `torch.save` holds.

    Args:
        path: The file.
        contents: Dictionaries, lists and plain values, with a `StoredTensor` in the place of every tensor.
        byte_order: "<" or ">".
        storage_bytes: Reads a storage.
    """

    path: Path
    contents: Any
    byte_order: Literal["<", ">"]
    storage_bytes: Callable[[Storage], bytes]

    def read(self, tensor: StoredTensor) -> np.ndarray:
        """The numbers of a tensor, in an array of its own.

        Raises:
            WeightsError: If the file is damaged.
        """
        storage = tensor.storage
        element_type = np.dtype(storage.element_type).newbyteorder(self.byte_order)
        try:
            elements = np.frombuffer(self.storage_bytes(storage), element_type, count=storage.length)
        except (OSError, KeyError, ValueError, MemoryError, OverflowError, zipfile.BadZipFile) as error:
            raise WeightsError(self.path, f"damaged: the numbers of a tensor are missing ({one_line(error)})",
                               DOWNLOAD) from error
        strides = [step * element_type.itemsize for step in tensor.strides]
        start = elements[tensor.offset:]
        view = np.lib.stride_tricks.as_strided(start, tensor.shape, strides, writeable=False)
        return view.astype(element_type.newbyteorder("="))


def is_torch_file(path: Path) -> bool:
    """Whether there is a file, and it starts like one of `torch.save`, of either format."""
    if not path.is_file():
        return False
    with path.open("rb") as file:
        return file.read(4).startswith((ZIP_MAGIC, PICKLE_MAGIC))


def open_torch_file(path: Path) -> TorchFile:
    """Describe the contents of a file of `torch.save`, the zip format (since 1.6) or the one before.

    Raises:
        WeightsError: If the file is broken, is no PyTorch file or wants something run.
    """
    try:
        with path.open("rb") as file:
            is_zip = file.read(4) == ZIP_MAGIC
        return _open_zip(path) if is_zip else _open_legacy(path)
    except WeightsError:
        raise
    except _Forbidden as error:
        raise WeightsError(path, f"refused: the file asks for {error}, and nothing of it was run",
                           "save a plain state dict: torch.save(network.state_dict(), FILE)") from error
    except Exception as error:  # a damaged pickle raises about everything
        raise WeightsError(path, f"not a readable PyTorch file ({one_line(error)})", DOWNLOAD) from error


class _Forbidden(pickle.UnpicklingError):
    """A name that is not on the list."""


class _Unpickler(pickle.Unpickler):
    """Knows no function but the two that describe a tensor; notes the storages that it meets.

    What a name stands for cannot be changed by the file's later instructions: bound methods, text, tuples and
    a built-in class take no attributes.
    """

    def __init__(self, file: IO[bytes]) -> None:
        super().__init__(file)
        self.storages: dict[str, Storage] = {}

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) == ("collections", "OrderedDict"):
            return OrderedDict
        if (module, name) == ("torch._utils", "_rebuild_tensor_v2"):
            return self._describe_tensor
        if (module, name) == ("torch._utils", "_rebuild_parameter"):
            return self._describe_parameter
        if module == "torch" and name in ELEMENT_TYPES:
            return ELEMENT_TYPES[name]
        raise _Forbidden(f"{module}.{name}")

    def persistent_load(self, identity: Any) -> Storage:
        kind, element_type, key, _location, length, *view = identity
        if kind != "storage" or element_type not in ELEMENT_TYPES.values() or any(view):
            raise pickle.UnpicklingError(f"unknown kind of stored object: {kind!r}")
        storage = Storage(str(key), element_type, int(length))
        self.storages[storage.key] = storage
        return storage

    def _describe_tensor(self, storage: Any, offset: int, shape: Any, strides: Any,
                         *_gradient_and_hooks: Any) -> StoredTensor:
        if not isinstance(storage, Storage):
            raise pickle.UnpicklingError(f"a tensor without a storage: {storage!r}")
        shape, strides = tuple(map(int, shape)), tuple(map(int, strides))
        # Checked here because a view past the end of its storage would read foreign memory.
        last = offset + sum((size - 1) * step for size, step in zip(shape, strides))
        if (len(shape) != len(strides) or min((offset, *shape, *strides)) < 0
                or math.prod(shape) > storage.length or (0 not in shape and last >= storage.length)):
            raise pickle.UnpicklingError(f"a tensor of shape {shape} lies outside its storage")
        return StoredTensor(storage, offset, shape, strides)

    def _describe_parameter(self, tensor: Any, *_gradient_and_hooks: Any) -> StoredTensor:
        return StoredTensor(*tensor)


def _open_zip(path: Path) -> TorchFile:
    with zipfile.ZipFile(path) as archive:
        pickles = [name for name in archive.namelist() if name.count("/") == 1 and name.endswith("/data.pkl")]
        if len(pickles) != 1:
            raise WeightsError(path, "a zip file, but not one of torch.save", "give a PyTorch state dict")
        root = pickles[0].rpartition("/")[0]
        mark = f"{root}/byteorder"  # absent in files of PyTorch before 2.1
        is_big_endian = mark in archive.namelist() and archive.read(mark) == b"big"
        with archive.open(pickles[0]) as file:
            contents = _Unpickler(file).load()

    def read(storage: Storage) -> bytes:
        with zipfile.ZipFile(path) as archive:
            return archive.read(f"{root}/data/{storage.key}")

    return TorchFile(path, contents, ">" if is_big_endian else "<", read)


def _open_legacy(path: Path) -> TorchFile:
    with path.open("rb") as file:
        if _Unpickler(file).load() != LEGACY_MAGIC:
            raise WeightsError(path, "a pickle, but not one of torch.save", "give a PyTorch state dict")
        _Unpickler(file).load()  # the format's version, of which there is one
        system = _Unpickler(file).load()
        unpickler = _Unpickler(file)
        contents = unpickler.load()
        positions = {}
        for key in _Unpickler(file).load():  # of each storage: its length as int64, then its numbers
            positions[key] = file.seek(8, os.SEEK_CUR)
            file.seek(_byte_count(unpickler.storages[key]), os.SEEK_CUR)

    def read(storage: Storage) -> bytes:
        with path.open("rb") as file:
            file.seek(positions[storage.key])
            return file.read(_byte_count(storage))

    return TorchFile(path, contents, "<" if system["little_endian"] else ">", read)


def _byte_count(storage: Storage) -> int:
    return storage.length * np.dtype(storage.element_type).itemsize
