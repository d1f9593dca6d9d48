"""FID: how far the features of two sets of pictures lie apart, by tensorflow-gan."""

from __future__ import annotations

import contextlib
import os
import socket
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any, Callable

import numpy as np

from pipelines.errors import InputError
from pipelines.quiet import harmless_lines_dropped

FEWEST, FEW = 2, 2048  # pictures: refused below the first; below the second the estimate says little
PUBLISHED = "tfhub"  # tensorflow-gan's module, which TF-Hub fetches and caches
CONNECTION_SECONDS = 20.0
BATCH = 16

Features = Callable[[Sequence[np.ndarray]], np.ndarray]


def frechet_distance(first: np.ndarray, second: np.ndarray) -> float:
    """The Frechet distance of two sets of features, each taken for a normal distribution.

    Args:
        first, second: (N, D), any N from 2 each, one D.

    Raises:
        ValueError: If there are too few, since one picture has no covariance.

    Reference:
        Heusel et al. 2017, arXiv:1706.08500; `tensorflow_gan.eval.frechet_classifier_distance_from_activations`.
    """
    if min(len(first), len(second)) < FEWEST:
        raise ValueError(f"FID needs at least {FEWEST} pictures. Received: {len(first)} and {len(second)}")
    gan = _tensorflow_gan()
    return float(gan.eval.frechet_classifier_distance_from_activations(first.astype(np.float64),
                                                                       second.astype(np.float64)))


def load_inception(module: str) -> Features:
    """The function from pictures to the 2,048 features that FID is defined on.

    Args:
        module: Folder of a SavedModel, or of TF-Hub's format, that maps float32 (B, 299, 299, 3) of -1 to 1 to a
            dictionary with "pool_3"; or "tfhub".

    Returns:
        Takes uint8 (H, W) or (H, W, 3) pictures, gives float32 (N, D).

    Raises:
        InputError: If it cannot be had, or is something else.
    """
    gan = _tensorflow_gan()
    import tensorflow as tf
    import tensorflow_hub

    if module == PUBLISHED:
        module = gan.eval.INCEPTION_TFHUB
    elif not any(Path(module, name).is_file() for name in ("saved_model.pb", "tfhub_module.pb")):
        raise InputError(module, "is no folder of a SavedModel or a TF-Hub module",
                         "give that of https://tfhub.dev/tensorflow/tfgan/eval/inception/1, unpacked")
    try:
        with _connections_end(), harmless_lines_dropped():
            network: Any = tensorflow_hub.load(module)
    except Exception as error:  # no connection, a damaged file: each library has errors of its own
        raise InputError("--inception", f"{module} cannot be loaded ({' '.join(str(error).split())[:200]})",
                         "unpack it where there is internet, and give the folder as --inception DIR") from error
    if not callable(network):
        raise InputError("--inception", f"{module} holds nothing to call",
                         "give a SavedModel for TensorFlow 2")
    side = gan.eval.INCEPTION_DEFAULT_IMAGE_SIZE

    def features(pictures: Sequence[np.ndarray]) -> np.ndarray:
        found = []
        for start in range(0, len(pictures), BATCH):
            batch = tf.stack([tf.image.resize(_as_rgb(picture), [side, side], method="bilinear")
                              for picture in pictures[start:start + BATCH]])
            outputs = network(tf.cast(batch, tf.float32) / 127.5 - 1.0)
            pool = outputs.get(gan.eval.INCEPTION_FINAL_POOL) if isinstance(outputs, dict) else None
            if pool is None:
                raise InputError("--inception", f"gives no {gan.eval.INCEPTION_FINAL_POOL}",
                                 "give the module of tensorflow-gan")
            found.append(tf.reshape(pool, [len(batch), -1]).numpy())
        return np.concatenate(found)

    return features


def _tensorflow_gan() -> Any:
    with harmless_lines_dropped():
        import tensorflow_gan
    return tensorflow_gan


@contextlib.contextmanager
def _connections_end() -> Iterator[None]:
    """Let a connection that nobody answers fail; TF-Hub itself would wait for ever."""
    before = socket.getdefaulttimeout()
    os.environ.setdefault("TFHUB_DOWNLOAD_PROGRESS", "0")
    socket.setdefaulttimeout(CONNECTION_SECONDS)
    try:
        yield
    finally:
        socket.setdefaulttimeout(before)


def _as_rgb(picture):
    return picture if picture.ndim == 3 else np.repeat(picture[..., np.newaxis], 3, axis=-1)
