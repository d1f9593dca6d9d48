"""How well a generator fills holes in pictures that it was not trained on."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import tensorflow as tf

from deepfill_tf import masks
from deepfill_tf.config import DeepFillConfig
from deepfill_tf.edges import detect_edges, edges_from_picture
from deepfill_tf.inference import complete

SEED = 4  # of the masks: fixed, so that all runs are asked for the same


class Validation:
    """Pictures with holes that stay the same throughout a run.

    Args:
        pictures: uint8 (H, W, 3) each, or (H, W, 4) with edges, no side below `config.image_size`; the middle is
            taken.
        config: Crop size, mask mix, guided or not.
    """

    def __init__(self, pictures: Sequence[np.ndarray], config: DeepFillConfig) -> None:
        size = config.image_size
        crops = tf.stack([tf.image.resize_with_crop_or_pad(picture, size, size) for picture in pictures])
        self.images = tf.cast(crops[..., :3], tf.float32) / 127.5 - 1.0
        self.masks = tf.stack([masks.mixture(tf.constant([SEED, index]), size, size, dict(config.masks))
                               for index in range(len(crops))])
        self.edges = None
        if config.guided:
            self.edges = edges_from_picture(crops[..., 3:]) if crops.shape[-1] > 3 else detect_edges(self.images)

    def inputs(self, first: int, last: int) -> list[tf.Tensor]:
        """What a generator is given for the pictures `first` to `last`, the last one excluded."""
        inputs = [self.images, self.masks] + ([] if self.edges is None else [self.edges])
        return [tensor[first:last] for tensor in inputs]

    def hole_psnr(self, generator: tf.keras.Model, batch_size: int = 8) -> float:
        """PSNR in dB over the pixels of the hole (range 2), averaged over pictures; those without a hole not."""
        values: list[float] = []
        for first in range(0, len(self.images), batch_size):
            images, holes, *edges = self.inputs(first, first + batch_size)
            error = tf.square(complete(generator, images, holes, *edges) - images)
            pixels = tf.reduce_sum(holes, [1, 2, 3])
            errors = tf.reduce_sum(error * holes, [1, 2, 3]) / (3.0 * tf.maximum(pixels, 1.0))
            values += [float(10 * np.log10(4.0 / max(value, 1e-10)))
                       for value, count in zip(errors.numpy(), pixels.numpy()) if count]
        return float(np.mean(values)) if values else float("nan")
