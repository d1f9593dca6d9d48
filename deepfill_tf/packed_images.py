"""Read what `deepfill_tf.packing.pack_images` wrote. Needs NumPy and Pillow, nothing else."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence

import numpy as np


def read_packed(files: Sequence[str | os.PathLike[str]]) -> np.ndarray:
    """Decode packed pictures.

    Args:
        files: .npz files, each with "jpeg" uint8 (bytes,), JPEG files one after the other; "offsets" int64 (n + 1,),
            where they begin and the last one ends; and "side" int64 (), of every picture in pixels.

    Returns:
        uint8 (N, side, side, 3) RGB, the pictures of all files in order.

    Raises:
        ImportError: If there is no Pillow.
        ValueError: If the files differ in `side`, or there are none.
    """
    try:
        from PIL import Image
    except ImportError as error:
        raise ImportError("packed pictures are JPEGs, which Pillow decodes: pip install Pillow") from error
    packs = []
    for file in files:
        with np.load(file) as arrays:
            packs.append((arrays["jpeg"], arrays["offsets"], int(arrays["side"])))
    sides = {side for *_, side in packs}
    if len(sides) != 1:
        raise ValueError(f"`files` should hold pictures of one size. Received sides: {sorted(sides)}")
    side = sides.pop()
    images = np.empty((sum(len(offsets) - 1 for _, offsets, _ in packs), side, side, 3), np.uint8)
    index = 0
    for jpeg, offsets, _ in packs:
        for begin, end in zip(offsets[:-1], offsets[1:]):
            with Image.open(io.BytesIO(jpeg[begin:end].tobytes())) as picture:
                images[index] = picture.convert("RGB")
            index += 1
    return images
