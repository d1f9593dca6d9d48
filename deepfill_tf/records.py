"""Image files to TFRecord shards, which are read faster than single files from slow or distant disks."""

from __future__ import annotations

import dataclasses
import functools
import os
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, Optional

import numpy as np
import tensorflow as tf

from deepfill_tf.decoding import decode, resize_short_side
from deepfill_tf.image_check import Paths, Progress, each_picture, refuse_many
from deepfill_tf.new_folder import new_folder
from deepfill_tf.shards import ENCODED, FRAME_BYTES, NAME, write_index

SHARD_BYTES = 128 << 20
JPEG_QUALITY = 95


@dataclasses.dataclass(frozen=True)
class Written:
    """What became of a number of pictures.

    Args:
        count: Pictures written.
        files: Paths of the files that hold them, in order.
        size: Of those files in bytes.
        corrupt: Path and reason of each picture that was left out.
    """

    count: int
    files: tuple[str, ...]
    size: int
    corrupt: tuple[tuple[str, str], ...]


def write_records(paths: Paths, folder: str | os.PathLike[str], *, short_side: Optional[int] = None,
                  shard_bytes: int = SHARD_BYTES, seed: int = 0, progress: Optional[Progress] = None) -> Written:
    """Write pictures to TFRecord shards, in an order mixed by `seed`; corrupt ones are left out.

    A file goes in byte by byte as it is, unless it is larger than `short_side`: then the picture is made smaller
    and stored as JPEG of quality 95 without colour subsampling. The folder has its name only once it is complete.

    Args:
        paths: Image files that TensorFlow decodes.
        folder: To write; new or empty. Equal arguments give equal shards.
        short_side: Largest short side in pixels; None keeps every picture as it is.
        shard_bytes: Size in bytes that no shard exceeds, unless one picture alone does.
        seed: Of the order.
        progress: Called with the number of files done since its last call.

    Returns:
        What was written and what was left out.

    Raises:
        ValueError: If there are no paths or something is in `folder`; CorruptImagesError if more than 1 % of the
            pictures are corrupt.
    """
    if not paths:
        raise ValueError("`paths` should hold at least one picture. Received none")
    mixed = [paths[index] for index in np.random.default_rng(seed).permutation(len(paths))]
    corrupt: list[tuple[str, str]] = []

    def examples() -> Iterator[bytes]:
        work = functools.partial(_stored, short_side=short_side)
        for path, encoded, reason in each_picture(mixed, work, progress=progress):
            if encoded is None:
                corrupt.append((path, reason))
                refuse_many(corrupt, len(mixed))
            else:
                yield _example(path, encoded)

    with new_folder(folder) as partial:
        shards = _write_shards(examples(), partial, shard_bytes)
        write_index(partial, shards, short_side=short_side, seed=seed)
    return Written(sum(shard["count"] for shard in shards),
                   tuple(os.path.join(folder, shard["name"]) for shard in shards),
                   sum(shard["bytes"] for shard in shards), tuple(corrupt))


def _stored(contents: bytes, short_side: Optional[int]) -> bytes:
    image = decode(contents)
    if short_side is None or min(image.shape[:2]) <= short_side:
        return contents
    return encode_jpeg(resize_short_side(image, short_side), JPEG_QUALITY)


def encode_jpeg(image: tf.Tensor, quality: int) -> bytes:
    """The bytes of a JPEG file of `image`, uint8 (H, W, 3), with colours at full resolution."""
    return tf.io.encode_jpeg(image, "rgb", quality, optimize_size=True, chroma_downsampling=False).numpy()


def _example(path: str, encoded: bytes) -> bytes:
    values = {ENCODED: encoded, NAME: os.fsencode(os.path.basename(path))}
    features = {name: tf.train.Feature(bytes_list=tf.train.BytesList(value=[value])) for name, value in values.items()}
    example = tf.train.Example(features=tf.train.Features(feature=features))
    return example.SerializeToString(deterministic=True)


def _write_shards(examples: Iterable[bytes], folder: Path, shard_bytes: int) -> list[dict[str, Any]]:
    """Returns the entries of the index."""
    shards: list[dict[str, Any]] = []
    for shard in in_shares(examples, shard_bytes, each=FRAME_BYTES):
        path = folder / f"images-{len(shards):05d}.tfrecord"
        with tf.io.TFRecordWriter(os.fspath(path)) as writer:
            for example in shard:
                writer.write(example)
        shards.append({"name": path.name, "count": len(shard), "bytes": path.stat().st_size})
    return shards


def in_shares(items: Iterable[bytes], limit: int, *, each: int, fixed: int = 0) -> Iterator[list[bytes]]:
    """Lists of consecutive items that fit into a file of `limit` bytes, or of one item that does not.

    Args:
        items: What to write.
        limit: Bytes of a file.
        each: Bytes that a file needs for an item, besides the item.
        fixed: Bytes that a file needs, besides its items.
    """
    share: list[bytes] = []
    size = fixed
    for item in items:
        if share and size + len(item) + each > limit:
            yield share
            share, size = [], fixed
        share.append(item)
        size += len(item) + each
    yield share
