"""Training samples: every one a pure function of (seed, position), so that a run can go on from any step."""

from __future__ import annotations

from collections.abc import Callable
from typing import Optional, Protocol

import tensorflow as tf

from deepfill_tf import masks, random_numbers
from deepfill_tf.config import DeepFillConfig
from deepfill_tf.edges import edges_from_picture
from deepfill_tf.enlarging import enlarged

# Streams of random numbers that one seed must keep apart.
CROP, FLIP, MASK, ENLARGEMENT = range(1, 5)


class ImageSource(Protocol):
    """Where images come from, see `deepfill_tf.sources.open_source`."""

    def images(self, seed: int, first_position: int, *,
               wanted: Optional[Callable[[tf.Tensor], tf.Tensor]] = None) -> tf.data.Dataset:
        """Pairs of position int64 and image uint8 (H, W, 3 or 4), without end."""


def draw_sample(image: tf.Tensor, config: DeepFillConfig, seed: int | tf.Tensor, position: tf.Tensor
                ) -> tuple[tf.Tensor, tf.Tensor]:
    """Crop and flip an image, and draw its mask.

    Args:
        image: uint8 (H, W, 3) RGB, or (H, W, 4) with edges, white on black; no side below `config.image_size`.
        config: Crop size and enlargement, mask mix, and whether masks are shared by a batch.
        seed: Of the run; an integer or int64.
        position: int64, the sample's place in the run.

    Returns:
        Image float32 (S, S, C): RGB in [-1, 1], edges 0 or 1. Mask float32 (S, S, 1), 1 = hole.
    """
    size = config.image_size

    def stream(purpose, number):
        return random_numbers.folded([seed, purpose], number)

    # Not by tf.image, whose random numbers are others once XLA has compiled it.
    if config.largest_enlargement > 1:
        factor = random_numbers.uniform(stream(ENLARGEMENT, position), [], 1.0, config.largest_enlargement)
        free = tf.cast(tf.shape(image)[:2], tf.float32) - size / factor
        crop = enlarged(image, random_numbers.uniform(stream(CROP, position), [2], 0.0, 1.0) * free, factor, size)
    else:
        free = tf.shape(image)[:2] - size + 1
        corner = random_numbers.integers(stream(CROP, position), [2], 0, tf.int32.max - 1) % free
        crop = tf.slice(image, tf.concat([corner, [0]], axis=0), [size, size, image.shape[-1]])
    flipped = random_numbers.integers(stream(FLIP, position), [], 0, 1) == 1
    crop = tf.cast(tf.where(flipped, crop[:, ::-1], crop), tf.float32)
    pixels = crop[..., :3] / 127.5 - 1.0
    if image.shape[-1] > 3:
        pixels = tf.concat([pixels, edges_from_picture(crop[..., 3:])], axis=-1)
    # The reference draws one mask for a batch. Positions count images of a step, then draws of an image.
    batch = position // (config.batch_size * config.draws) * config.draws + position % config.draws
    mask = masks.mixture(stream(MASK, batch if config.reference else position), size, size, dict(config.masks))
    return pixels, mask


def training_batches(source: ImageSource, config: DeepFillConfig, *, seed: int, first_step: int = 0,
                     context: Optional[tf.distribute.InputContext] = None) -> tf.data.Dataset:
    """The batches of the steps from `first_step` to the end of the run.

    Args:
        source: Where the images come from.
        config: Crop size, batch size, number of steps and mask mix.
        seed: Of order, crops, flips and masks.
        first_step: Steps already done.
        context: Which part of each batch this process is to read; None for all. `config.batch_size` must be a
            multiple of the number of devices.

    Returns:
        Pairs: images float32 (B, draws, S, S, C) in [-1, 1], masks float32 (B, draws, S, S, 1), 1 = hole, where
        B is the share of one device. Every image is seen once before any is seen again.
    """
    readers, reader = (context.num_input_pipelines, context.input_pipeline_id) if context else (1, 0)
    share = config.batch_size // readers * config.draws
    device_batch = context.get_per_replica_batch_size(config.batch_size) if context else config.batch_size
    step_samples, steps = config.batch_size * config.draws, config.steps - first_step

    def is_ours(position):
        return position % step_samples // share == reader

    images = source.images(seed, first_step * step_samples, wanted=is_ours if readers > 1 else None)
    samples = images.map(lambda position, image: draw_sample(image, config, seed, position),
                         num_parallel_calls=tf.data.AUTOTUNE, deterministic=True)
    return (samples.take(steps * share)
            .batch(config.draws, drop_remainder=True)
            .batch(device_batch, drop_remainder=True)
            .prefetch(2))
