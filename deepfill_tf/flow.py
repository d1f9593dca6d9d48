"""Where the contextual attention looks: offsets of its best matches, and their picture in colours."""

from __future__ import annotations

import numpy as np
import tensorflow as tf

# Steps of the colour wheel from one pure colour to the next: red to yellow to green to cyan to blue to magenta to red.
# As many as the eye tells apart; each stretch changes a single channel: the one named, to the value given.
STRETCHES = ((15, 1, 255), (6, 0, 0), (4, 2, 255), (11, 1, 0), (13, 0, 255), (6, 2, 0))
SMALLEST_RADIUS = np.finfo(np.float64).eps  # offsets that are all zero are white, not undefined


def attention_offsets(generator: tf.keras.Model, image: tf.Tensor, mask: tf.Tensor, edges: tf.Tensor | None = None
                      ) -> tf.Tensor:
    """Which patch each patch of the picture borrows most from.

    Args:
        generator: What `build_generator` of either version returns.
        image: float32 (B, H, W, 3), RGB in [-1, 1], H and W multiples of 8.
        mask: float32 (B, H, W, 1), 1 = hole.
        edges: float32 (B, H, W, 1), 1 = edge, for a guided generator.

    Returns:
        int32 (B, H / 8, W / 8, 2): rows down and columns right from a patch to the one it borrows from, in patches.
    """
    attention = generator.get_layer("contextual_attention")
    # Joins layers that are there already: a few milliseconds, none in a traced function.
    before = tf.keras.Model(generator.inputs, [attention.input, generator.get_layer("shrunk_mask").output])
    features, shrunk = before([image, mask] if edges is None else [image, mask, edges])
    return attention(features, shrunk, return_offsets=True)[1]


def colour_wheel() -> np.ndarray:
    """float64 (55, 3) RGB in [0, 1]: the colours of evenly spaced directions, see `flow_to_image`."""
    colour = np.array([255.0, 0.0, 0.0])
    colours = []
    for steps, channel, aim in STRETCHES:
        start = colour[channel]
        for step in range(steps):
            colour[channel] = start + np.sign(aim - start) * np.floor(255 * step / steps)
            colours.append(colour.copy())
        colour[channel] = aim
    return np.array(colours) / 255


def flow_to_image(offsets: np.ndarray | tf.Tensor) -> np.ndarray:
    """Offsets as colours: the hue is the direction, the saturation the distance.

    Args:
        offsets: (B, h, w, 2), in rows and columns, as `attention_offsets` returns them.

    Returns:
        float32 (B, h, w, 3) RGB in [-1, 1]. No way at all is white; the longest way of this picture and those
        before it in the batch is fully saturated.

    Reference:
        Baker et al. 2007, "A database and evaluation methodology for optical flow", the Middlebury colour code;
        `flow_to_image` in the official inpaint_ops.py, whose scale runs along the batch as well, and which gives
        rows where the colour code has its horizontal axis.
    """
    offsets = np.asarray(offsets, np.float64)
    radius = np.hypot(offsets[..., 0], offsets[..., 1])
    longest = np.maximum.accumulate(radius.max(axis=(1, 2)))[:, np.newaxis, np.newaxis]
    scaled = offsets / (longest + SMALLEST_RADIUS)[..., np.newaxis]
    distance = np.hypot(scaled[..., 0], scaled[..., 1])[..., np.newaxis]
    wheel = colour_wheel()
    turn = np.arctan2(-scaled[..., 1], -scaled[..., 0]) / np.pi  # in [-1, 1]
    position = (turn + 1) / 2 * (len(wheel) - 1)
    before = np.floor(position).astype(int)
    share = (position - before)[..., np.newaxis]
    hue = (1 - share) * wheel[before] + share * wheel[(before + 1) % len(wheel)]
    colours = np.floor(255 * (1 - distance * (1 - hue)))
    return (colours / 127.5 - 1).astype(np.float32)
