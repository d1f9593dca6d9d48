"""Checkpoints for the tests, written without PyTorch and without the official code."""

import pickle
import zipfile

import numpy as np
import tensorflow as tf

ORDERED_DICT = b"ccollections\nOrderedDict\n)R"
STORAGES = {"<f4": b"FloatStorage", "<f2": b"HalfStorage", "<i8": b"LongStorage"}


def write_tensorflow_checkpoint(prefix, arrays):
    """What tf.compat.v1.train.Saver writes: PREFIX.index and PREFIX.data-00000-of-00001."""
    tf.raw_ops.SaveV2(prefix=str(prefix), tensor_names=list(arrays), shape_and_slices=[""] * len(arrays),
                      tensors=list(arrays.values()))
    return prefix


def torch_names(official):
    """The PyTorch port's names and layout for weights by official name."""
    state = {}
    for name, array in official.items():
        _scope, *layers, leaf = name.split("/")
        port = ".".join((layers[0], *["conv"] * len(layers), {"kernel": "weight", "bias": "bias"}[leaf]))
        state[port] = np.ascontiguousarray(array.transpose(3, 2, 0, 1)) if array.ndim == 4 else array
    return state


def plain(value):
    """Instructions that put a plain value on the pickle's stack."""
    return pickle.dumps(value, protocol=2)[2:-1]


def tensor(key, array, *, shape=None, strides=None, offset=0, view_metadata=b""):
    """Instructions that put a tensor on the stack, as torch.save writes them."""
    strides = strides or tuple(step // array.itemsize for step in array.strides)
    storage = (b"(" + plain("storage") + b"ctorch\n" + STORAGES[array.dtype.str] + b"\n" + plain(key)
               + plain("cpu") + plain(array.size) + view_metadata + b"tQ")
    return (b"ctorch._utils\n_rebuild_tensor_v2\n(" + storage + plain(offset) + plain(shape or array.shape)
            + plain(strides) + b"\x89" + ORDERED_DICT + b"tR")


def dictionary(items):
    """Instructions that put a dictionary on the stack; `items` maps keys to instructions."""
    return ORDERED_DICT + b"(" + b"".join(plain(key) + value for key, value in items.items()) + b"u"


def state_dict(state, **options):
    """Instructions for a state dict, with the metadata that PyTorch hangs on it."""
    tensors = {name: tensor(str(number), array, **options)
               for number, (name, array) in enumerate(state.items())}
    return dictionary(tensors) + plain({"_metadata": {"": {"version": 1}}}) + b"b"


def as_pickle(instructions):
    return b"\x80\x02" + instructions + b"."


def write_torch_zip(path, instructions, arrays, byte_order="little"):
    """A file of torch.save since 1.6: stored, not compressed."""
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr("archive/data.pkl", as_pickle(instructions))
        archive.writestr("archive/byteorder", byte_order)
        for number, array in enumerate(arrays):
            archive.writestr(f"archive/data/{number}", array.tobytes())
    return path


def write_torch_legacy(path, state):
    """A file of torch.save before 1.6: pickles in a row, then the storages."""
    keys = [str(number) for number in range(len(state))]
    head = [0x1950A86A20F9469CFC6C, 1001, {"protocol_version": 1001, "little_endian": True}]
    content = b"".join(pickle.dumps(part, protocol=2) for part in head)
    content += as_pickle(state_dict(state, view_metadata=b"N")) + pickle.dumps(keys, protocol=2)
    for array in state.values():
        content += np.int64(array.size).tobytes() + array.tobytes()
    path.write_bytes(content)
    return path
