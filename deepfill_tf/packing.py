"""A folder of pictures as a few files that are easily carried to another machine: squares of one size, as JPEG."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterator
from typing import Optional

import numpy as np
import tensorflow as tf

from deepfill_tf.decoding import decode, resize_short_side
from deepfill_tf.image_check import Paths, Progress, each_picture, refuse_many
from deepfill_tf.new_folder import new_folder
from deepfill_tf.records import Written, encode_jpeg, in_shares

FILE_BYTES = 60_000_000
# Of an .npz file with three arrays: names, headers and directory; and of each picture, its offset.
FILE_OVERHEAD, PICTURE_OVERHEAD = 4096, 8


def pack_images(paths: Paths, folder: str | os.PathLike[str], *, side: int = 288, quality: int = 90,
                file_bytes: int = FILE_BYTES, progress: Optional[Progress] = None) -> Written:
    """Write the middle square of every picture, `side` pixels wide, to files below `file_bytes`.

    `deepfill_tf.packed_images.read_packed` reads them without TensorFlow. Choose `side` somewhat above the size
    of the training crops, so that these still vary.

    Args:
        paths: Image files that TensorFlow decodes; corrupt ones are left out.
        folder: To write; new or empty.
        side: Of the squares in pixels: the short side of every picture is brought to it.
        quality: Of the JPEGs, 1 to 100.
        file_bytes: Size in bytes that every file stays below.
        progress: Called with the number of files done since its last call.

    Returns:
        What was written and what was left out.

    Raises:
        ValueError: If there are no paths, something is in `folder`, or one picture alone exceeds `file_bytes`;
            CorruptImagesError if more than 1 % of the pictures are corrupt.
    """
    if not paths:
        raise ValueError("`paths` should hold at least one picture. Received none")
    corrupt: list[tuple[str, str]] = []

    def squares() -> Iterator[bytes]:
        work = functools.partial(_square, side=side, quality=quality)
        for path, encoded, reason in each_picture(paths, work, progress=progress):
            if encoded is None:
                corrupt.append((path, reason))
                refuse_many(corrupt, len(paths))
                continue
            if len(encoded) + PICTURE_OVERHEAD + FILE_OVERHEAD > file_bytes:
                raise ValueError("`file_bytes` should be above what one picture needs, here "
                                 f"{len(encoded) + PICTURE_OVERHEAD + FILE_OVERHEAD}. Received: {file_bytes}")
            yield encoded

    names: list[str] = []
    count = size = 0
    with new_folder(folder) as partial:
        for share in in_shares(squares(), file_bytes, each=PICTURE_OVERHEAD, fixed=FILE_OVERHEAD):
            path = partial / f"images-{len(names)}.npz"
            np.savez(path, jpeg=np.frombuffer(b"".join(share), np.uint8), side=np.int64(side),
                     offsets=np.cumsum([0, *map(len, share)], dtype=np.int64))
            names.append(path.name)
            count += len(share)
            size += path.stat().st_size
    return Written(count, tuple(os.path.join(folder, name) for name in names), size, tuple(corrupt))


def _square(contents: bytes, side: int, quality: int) -> bytes:
    image = resize_short_side(decode(contents), side)
    return encode_jpeg(tf.image.resize_with_crop_or_pad(image, side, side), quality)
