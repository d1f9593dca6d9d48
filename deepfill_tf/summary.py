"""The picture by which a training is watched."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

HOLE = np.float32(1)  # white


def summary_grid(images: tf.Tensor, masks: tf.Tensor, coarse: tf.Tensor, refined: tf.Tensor, flow: tf.Tensor
                 ) -> np.ndarray:
    """One row for each example: its input with white holes, coarse, refined and pasted, attention flow.

    Args:
        images: (B, H, W, 3) RGB in [-1, 1].
        masks: (B, H, W, 1), 1 = hole.
        coarse, refined: (B, H, W, 3) in [-1, 1], what the generator returns.
        flow: (B, h, w, 3) in [-1, 1], what `flow_to_image` returns; enlarged to the images' size.

    Returns:
        uint8 (B * H, 4 * W, 3) RGB.

    Reference:
        The `raw_incomplete_predicted_complete` summaries in the official inpaint_model.py, which have these columns
        and the complete image; bilinear enlarging with aligned corners, as there.
    """
    images, masks, coarse, refined = (np.asarray(part, np.float32) for part in (images, masks, coarse, refined))
    holes = masks > 0.5
    enlarged = tf.compat.v1.image.resize(flow, images.shape[1:3], align_corners=True).numpy()
    columns = [np.where(holes, HOLE, images), coarse, np.where(holes, refined, images), enlarged]
    grid = np.concatenate([column.reshape(-1, *column.shape[2:]) for column in columns], axis=1)
    return np.rint((grid.clip(-1, 1) + 1) * 127.5).astype(np.uint8)
