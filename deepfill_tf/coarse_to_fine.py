"""Fill holes that are wider than any the network has seen: small first, then with the picture's own fine detail."""

from __future__ import annotations

from typing import Optional, Union

import tensorflow as tf

from deepfill_tf.hole_generator import CELL, WORKING_BYTES, HoleGenerator
from deepfill_tf.inference import pad_to_multiple
from deepfill_tf.two_stages import SIZE_MULTIPLE


def complete_coarse_to_fine(generator: HoleGenerator, image: tf.Tensor, mask: tf.Tensor,
                            edges: Optional[tf.Tensor] = None, *, factor: int,
                            working_bytes: Union[int, tf.Tensor] = WORKING_BYTES) -> tf.Tensor:
    """Fill the holes at a fraction of the size, enlarge that, and add detail from where the attention borrowed.

    Args:
        generator: The network.
        image: float32 (B, H, W, 3), RGB in [-1, 1], any H and W from 1; what lies under the hole does not matter.
        mask: float32 (B, H, W, 1), 1 = hole, one for each image.
        edges: float32 (B, H, W, 1), 1 = edge, for a guided generator.
        factor: How many times smaller the network sees the image, at least 2.
        working_bytes: See `HoleGenerator`.

    Returns:
        float32 (B, H, W, 3) in [-1, 1]: `image`, bit by bit, outside the hole.

    Reference:
        Yi et al. 2020, arXiv:2005.09704: "contextual residual aggregation", section 3.1. There the network is trained
        for it; here its attention is used as it is.
    """
    multiple = SIZE_MULTIPLE * factor
    padded, holes = pad_to_multiple(image, multiple), pad_to_multiple(mask, multiple)
    known = 1.0 - holes
    share = _shrunk(known, factor)
    small = tf.math.divide_no_nan(_shrunk(padded * known, factor), share)
    small_hole = tf.cast(share < 1.0, tf.float32)
    details = tf.nn.space_to_depth((padded - _enlarged(small, factor)) * known, CELL * factor)
    guides = [] if edges is None else [tf.nn.max_pool2d(pad_to_multiple(edges, multiple), factor, factor, "VALID")]
    _, refined, borrowed = generator([small, small_hole, *guides], working_bytes=working_bytes, details=details)
    base = _enlarged(tf.where(small_hole > 0, tf.cast(refined, tf.float32), small), factor)
    painted = tf.clip_by_value(base + tf.nn.depth_to_space(borrowed, CELL * factor), -1.0, 1.0)
    height, width = tf.unstack(tf.shape(image)[1:3])
    return tf.where(mask > 0.5, painted[:, :height, :width], image)


def _shrunk(images, factor):
    return tf.nn.avg_pool2d(images, factor, factor, "VALID")


def _enlarged(images, factor):
    height, width = tf.unstack(tf.shape(images)[1:3])
    return tf.image.resize(images, [height * factor, width * factor], "bicubic")
