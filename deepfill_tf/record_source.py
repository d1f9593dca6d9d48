"""Training images from TFRecord shards."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Callable, Iterable, Sequence
from typing import Optional

import tensorflow as tf

from deepfill_tf.decoding import decode, enlarge
from deepfill_tf.epochs import epochs_from, shuffled
from deepfill_tf.image_check import Progress, reason_of
from deepfill_tf.shards import ENCODED, ShardError, count_records

READ_BUFFER = 4 << 20  # bytes


@dataclasses.dataclass(frozen=True)
class ImageRecords:
    """Shards of tf.train.Example with the bytes of an image file under "image/encoded".

    A record cannot be found without those before it. So an epoch shuffles the shards and reads each from its
    beginning; the records within a shard keep the order in which `write_records` has mixed them.

    Args:
        shards: Files.
        counts: Number of records in each.
        smallest: Short side in pixels below which images are enlarged: that of the crops.

    Raises:
        ValueError: If there are no records.
    """

    shards: tuple[str, ...]
    counts: tuple[int, ...]
    smallest: int = 1

    def __post_init__(self) -> None:
        if not self.count:
            raise ValueError(f"no training images: `shards` hold no records. Received: {self.shards!r}")

    @classmethod
    def open(cls, shards: Sequence[str | os.PathLike[str]], smallest: int = 1) -> ImageRecords:
        """A source of `shards`; raises ShardError if the length of one is not what it should be."""
        names = tuple(os.fspath(shard) for shard in shards)
        return cls(names, tuple(count_records(names)), smallest)

    @property
    def count(self) -> int:
        """Images in an epoch."""
        return sum(self.counts)

    def describe(self) -> str:
        """What this is, in a few words."""
        return f"{self.count} images in {len(self.shards)} TFRecord shards"

    def find_corrupt(self, *, progress: Optional[Progress] = None) -> list[tuple[str, str]]:
        """Read and decode every record once.

        Returns:
            An empty list: a shard is good as a whole or not at all.

        Raises:
            ShardError: If a shard is damaged or holds something other than images.
        """
        for shard, count in zip(self.shards, self.counts):
            pictures = _read(shard, 0).map(lambda record: decode(_encoded(record)), tf.data.AUTOTUNE)
            try:
                found = pictures.reduce(0, lambda done, _: done + 1)
            except tf.errors.OpError as error:
                raise ShardError(shard, reason_of(error)) from error
            if found != count:
                raise ShardError(shard, f"expected {count} records, found {found}")
            if progress is not None:
                progress(count)
        return []

    def without(self, paths: Iterable[str]) -> ImageRecords:
        """This source; `find_corrupt` finds nothing that could be left out."""
        return self

    def images(self, seed: int, first_position: int, *, wanted: Optional[Callable[[tf.Tensor], tf.Tensor]] = None
               ) -> tf.data.Dataset:
        """Pairs of position int64 and image uint8 (H, W, 3), in order and without end.

        Going on from `first_position` opens no shard that lies before it, and reads over part of one at most.

        Args:
            seed: Of the order.
            first_position: How many images have been given before.
            wanted: Function of a position that tells whether it is to be given; the others are not decoded.
        """
        names, counts = tf.constant(self.shards), tf.constant(self.counts, tf.int64)

        def records_of(epoch):
            order = shuffled(len(self.shards), seed, epoch)
            lengths = tf.gather(counts, order)
            before = tf.cumsum(lengths, exclusive=True) + epoch * self.count
            left_out = tf.clip_by_value(first_position - before, 0, lengths)
            opened = left_out < lengths
            return tf.data.Dataset.from_tensor_slices(
                (tf.boolean_mask(tf.gather(names, order), opened), tf.boolean_mask(left_out, opened))).flat_map(_read)

        records = epochs_from(first_position // self.count).flat_map(records_of).enumerate(first_position)
        if wanted is not None:
            records = records.filter(lambda position, _: wanted(position))
        return records.map(lambda position, record: (position, enlarge(decode(_encoded(record)), self.smallest)),
                           num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)


def _read(shard, left_out):
    return tf.data.TFRecordDataset(shard, buffer_size=READ_BUFFER).skip(left_out)


def _encoded(record: tf.Tensor) -> tf.Tensor:
    return tf.io.parse_single_example(record, {ENCODED: tf.io.FixedLenFeature([], tf.string)})[ENCODED]
