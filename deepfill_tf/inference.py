"""Fill the holes of images of any size."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import tensorflow as tf

from deepfill_tf.two_stages import SIZE_MULTIPLE


def mirrored_indices(size: tf.Tensor, new_size: tf.Tensor) -> tf.Tensor:
    """int32 (new_size,) that run to the end of an axis and back again, edge included, as often as needed."""
    position = tf.range(new_size) % (2 * size)
    return tf.minimum(position, 2 * size - 1 - position)


def pad_to_multiple(images: tf.Tensor, multiple: int = SIZE_MULTIPLE) -> tf.Tensor:
    """Mirror at the bottom and the right until both sides are multiples of `multiple`.

    Shape:
        (B, H, W, C) -> (B, ceil(H / multiple) * multiple, ceil(W / multiple) * multiple, C), any H, W >= 1.
    """
    for axis in (1, 2):
        size = tf.shape(images)[axis]
        images = tf.gather(images, mirrored_indices(size, -(-size // multiple) * multiple), axis=axis)
    return images


def complete(generator: Callable[..., Sequence[tf.Tensor]], image: tf.Tensor, mask: tf.Tensor,
             edges: tf.Tensor | None = None, **options: Any) -> tf.Tensor:
    """Fill the holes of `image` with what the refining stage paints.

    Args:
        generator: What `build_generator` returns, or a `HoleGenerator` of it, which does the least work.
        image: float32 (B, H, W, 3), RGB in [-1, 1], any H and W from 1; what lies under the hole does not matter.
        mask: float32 (B, H, W, 1), 1 = hole, one for each image.
        edges: float32 (B, H, W, 1), 1 = edge, for a guided generator.
        options: What else the generator is called with.

    Returns:
        float32 (B, H, W, 3) in [-1, 1]: `image`, bit by bit, outside the hole. Only TensorFlow operations.

    Raises:
        ValueError: If `edges` are given to a generator that takes none, or missing for one that does.

    Differs from the reference:
        Sizes that are no multiple of 8 are mirrored up and cropped back; the reference fails or crops the picture.
        Known pixels are pasted as they are; the reference sends them through its arithmetic and truncation.
    """
    inputs = [image, mask] if edges is None else [image, mask, edges]
    taken = generator.inputs  # type: ignore[attr-defined]
    if len(inputs) != len(taken):
        raise ValueError(f"this generator takes {len(taken)} inputs (guided: with edges). "
                         f"Received: {len(inputs)}")
    height, width = tf.unstack(tf.shape(image)[1:3])
    _, refined = generator([pad_to_multiple(tensor) for tensor in inputs], **options)
    painted = tf.cast(refined[:, :height, :width], image.dtype)
    return tf.where(mask > 0.5, painted, image)
