"""Where training images come from: image files or TFRecord shards.

A source gives its images in an order that depends on the seed and the position alone, so that a run that was broken
off goes on exactly: every image once in each epoch, every epoch in an order of its own.
"""

from __future__ import annotations

import dataclasses
import glob
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Optional

import tensorflow as tf

from deepfill_tf.decoding import DECODABLE, load_image
from deepfill_tf.epochs import epochs_from, shuffled
from deepfill_tf.image_check import Progress, check_images
from deepfill_tf.record_source import ImageRecords

RECORDS_MARK = ".tfrecord"  # also in names like train.tfrecord-00000-of-00012


@dataclasses.dataclass(frozen=True)
class ImageFiles:
    """Image files, one by one.

    Args:
        paths: JPEG, PNG or BMP files.
        smallest: Short side in pixels below which images are enlarged: that of the crops.
        edges: Empty, or for each of `paths` a file of the same size with its edges, white on black.

    Raises:
        ValueError: If there are no paths, or not as many edges.
    """

    paths: tuple[str, ...]
    smallest: int = 1
    edges: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "paths", tuple(os.fspath(path) for path in self.paths))
        if not self.paths:
            raise ValueError("no training images: `paths` is empty")
        if len(self.edges) not in (0, len(self.paths)):
            raise ValueError(f"`edges` should be one for each of {len(self.paths)} paths. Received: {len(self.edges)}")

    @property
    def count(self) -> int:
        """Images in an epoch."""
        return len(self.paths)

    def describe(self) -> str:
        """What this is, in a few words."""
        return f"{self.count} image files"

    def find_corrupt(self, *, progress: Optional[Progress] = None) -> list[tuple[str, str]]:
        """(path, reason) of the corrupt files; see `check_images`."""
        return check_images(self.paths, self.edges, progress=progress)[1]

    def without(self, paths: Iterable[str]) -> ImageFiles:
        """This source without `paths`: those that `find_corrupt` found."""
        left_out = set(paths)
        kept = [index for index, path in enumerate(self.paths) if path not in left_out]
        return dataclasses.replace(self, paths=tuple(self.paths[index] for index in kept),
                                   edges=tuple(self.edges[index] for index in kept if self.edges))

    def images(self, seed: int, first_position: int, *, wanted: Optional[Callable[[tf.Tensor], tf.Tensor]] = None
               ) -> tf.data.Dataset:
        """Pairs of position int64 and image uint8 (H, W, 3), or (H, W, 4) with edges, in order and without end.

        Args:
            seed: Of the order.
            first_position: How many images have been given before.
            wanted: Function of a position that tells whether it is to be given; the others are not even read.
        """
        names, count = tf.constant(self.paths), self.count
        drawings = tf.constant(self.edges) if self.edges else None

        def load(index):
            image = load_image(names[index], self.smallest)
            if drawings is None:
                return image
            return tf.concat([image, load_image(drawings[index], self.smallest)[..., :1]], axis=-1)

        def samples_of(epoch):
            first = tf.maximum(first_position - epoch * count, 0)  # 0 but in the epoch that is gone on with
            positions = epoch * count + tf.range(count, dtype=tf.int64)
            return tf.data.Dataset.from_tensor_slices((positions[first:], shuffled(count, seed, epoch)[first:]))

        samples = epochs_from(first_position // count).flat_map(samples_of)
        if wanted is not None:
            samples = samples.filter(lambda position, _: wanted(position))
        return samples.map(lambda position, index: (position, load(index)),
                           num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)


def open_source(data: str | os.PathLike[str], *, smallest: int = 1) -> ImageFiles | ImageRecords:
    """Find the training images that `data` names.

    Args:
        data: One of
            - a folder of JPEG, PNG and BMP files, searched recursively (not in hidden folders),
            - a glob, `**` included,
            - a text file with one path a line; empty lines and those that begin with # do not count, and relative
              paths are taken from the folder of the text file, so that a list can be moved with its pictures,
            - TFRecord shards, names with ".tfrecord" in them: their folder, a glob or a single one.
        smallest: Short side in pixels below which images are enlarged: that of the crops.

    Returns:
        A source. Files are in the order of their names, or of their list, whatever the file system's is.

    Raises:
        ValueError: If there is nothing, or both images and shards; ShardError if a shard is damaged.
    """
    data = os.fspath(data)
    if os.path.isfile(data):
        if not _is_image(data) and not _is_shard(data):
            return ImageFiles(tuple(read_list(data)), smallest)
        found = [data]
    else:
        pattern = os.path.join(glob.escape(data), "**", "*") if os.path.isdir(data) else data
        found = sorted(name for name in glob.glob(pattern, recursive=True) if os.path.isfile(name))
    images, shards = list(filter(_is_image, found)), list(filter(_is_shard, found))
    if images and shards:
        raise ValueError(f"`data` should hold images or TFRecord shards, not both. Received: {data!r}, which holds "
                         f"{images[0]} and {shards[0]}")
    if shards:
        return ImageRecords.open(shards, smallest)
    if not images:
        raise ValueError(f"`data` should be a folder or glob of {', '.join(DECODABLE)} or {RECORDS_MARK} files, or a "
                         f"text file that lists images. Received: {data!r}, where there are none")
    return ImageFiles(tuple(images), smallest)


def read_list(path: str | os.PathLike[str]) -> list[str]:
    """The paths that a text file lists; relative ones are taken from its folder.

    Raises:
        ValueError: If it is not text, lists nothing, or its first file does not exist.
    """
    try:
        lines = [line.strip() for line in Path(path).read_text(encoding="utf-8-sig").splitlines()]
    except UnicodeDecodeError as error:
        raise ValueError(f"{path} should be a text file that lists images, or end with one of {', '.join(DECODABLE)}, "
                         f"{RECORDS_MARK}. Received bytes that are not UTF-8") from error
    listed = [os.path.join(os.path.dirname(path), line) for line in lines if line and not line.startswith("#")]
    if not listed:
        raise ValueError(f"{path} should list one image a line. Received no line")
    if not os.path.exists(listed[0]):
        raise ValueError(f"{path} should list images by absolute paths, or from its own folder. Received as the "
                         f"first: {listed[0]}, which does not exist")
    return listed


def _is_image(name: str) -> bool:
    return name.lower().endswith(DECODABLE)


def _is_shard(name: str) -> bool:
    return RECORDS_MARK in os.path.basename(name).lower()
