"""Edges of pictures: the sketch that guides a guided generator."""

from __future__ import annotations

import math

import numpy as np
import tensorflow as tf

EDGE_THRESHOLD = 0.6  # on a scale from 0 to 1; an edge map's pixels above it are edges

# Of `detect_edges`; chosen by eye on photos of 256 x 256 pixels.
SMOOTHING = 2.0        # pixels, deviation of the Gaussian before the gradient
SURROUND = 10.0        # pixels, deviation of the Gaussian that tells textures from outlines
CONTRAST = 3.0         # times the picture's root mean square gradient: strength 1
LEAST_GRADIENT = 0.03  # of black to white per pixel: strength 1 is never less, so that noise alone gives no edges
WEAK_SHARE = 0.4       # of EDGE_THRESHOLD: lines that begin at an edge go on down to this strength,
LONGEST_TAIL = 24      # pixels far at most

# Gradients are compared in steps of this size: rounding, which differs between compilers, then decides no tie.
GRADIENT_STEP = 2.0**-14


def edges_from_picture(picture: tf.Tensor | np.ndarray) -> tf.Tensor:
    """The edges that an edge map or a drawn sketch marks.

    Args:
        picture: Grey levels in [0, 255], of any shape and number type; white = edge.

    Returns:
        float32 of the same shape: 1 where the level is above 0.6 of 255, else 0.

    Reference:
        `edge / 255 > FLAGS.edge_threshold` in the official inpaint_model.py.
    """
    return tf.cast(tf.cast(picture, tf.float32) / 255.0 > EDGE_THRESHOLD, tf.float32)


def detect_edges(images: tf.Tensor) -> tf.Tensor:
    """Thin lines along the outlines of what a picture shows, each picture by itself.

    Canny's detector with two changes: from the gradient's magnitude its average over the surroundings is taken
    away, so that textures, whose gradient is large everywhere, fall behind outlines; and the thresholds follow the
    gradient of the whole picture, so that dim pictures have edges, too.

    Args:
        images: (B, H, W, 3) RGB in [-1, 1], any H and W from 1.

    Returns:
        float32 (B, H, W, 1): 1 = edge, else 0. Only TensorFlow operations; nothing random.

    Reference:
        Canny 1986, "A computational approach to edge detection"; the surroundings: Grigorescu et al. 2003,
        "Contour detection based on nonclassical receptive field inhibition".

    Differs from the reference:
        The official guided training reads edge maps made beforehand by a trained network (Xie and Tu 2015, HED,
        arXiv:1504.06375), several pixels wide. These lines are one pixel wide and follow contrast, not meaning.
    """
    brightness = tf.image.rgb_to_grayscale(tf.cast(images, tf.float32)) / 2.0  # black to white: 1
    smooth = _extended(_gaussian_blur(brightness, SMOOTHING), 1)
    gradient = tf.image.sobel_edges(smooth)[:, 1:-1, 1:-1] / 8.0  # (B, H, W, 1, 2) per pixel
    down, right = tf.unstack(gradient, axis=-1)
    magnitude = tf.sqrt(tf.square(down) + tf.square(right))
    outline = tf.nn.relu(magnitude - _gaussian_blur(magnitude, SURROUND))
    outline = tf.round(outline / GRADIENT_STEP) * GRADIENT_STEP
    usual = tf.sqrt(tf.reduce_mean(tf.square(outline), axis=[1, 2, 3], keepdims=True))
    strength = outline / tf.maximum(CONTRAST * usual, LEAST_GRADIENT)
    crest = _is_crest(outline, down, right)
    return _continued(crest & (strength > EDGE_THRESHOLD), crest & (strength > WEAK_SHARE * EDGE_THRESHOLD))


def _extended(images, reach):
    """`images` with the pixels of the border repeated `reach` times outwards."""
    for axis in (1, 2):
        size = tf.shape(images)[axis]
        images = tf.gather(images, tf.clip_by_value(tf.range(-reach, size + reach), 0, size - 1), axis=axis)
    return images


def _gaussian_blur(images, deviation):
    """(B, H, W, 1) blurred by a Gaussian of `deviation` pixels, cut off at three deviations."""
    reach = math.ceil(3 * deviation)
    weights = np.exp(-np.square(np.arange(-reach, reach + 1) / deviation) / 2)
    weights = (weights / weights.sum()).astype(np.float32)
    columns = tf.nn.conv2d(_extended(images, reach), weights.reshape(-1, 1, 1, 1), 1, "VALID")
    return tf.nn.conv2d(columns, weights.reshape(1, -1, 1, 1), 1, "VALID")


def _is_crest(magnitude, down, right):
    """Where `magnitude` is largest across the edge, that is along the gradient, rounded to one of four ways."""
    height, width = tf.unstack(tf.shape(magnitude)[1:3])
    padded = tf.pad(magnitude, [[0, 0], [1, 1], [1, 1], [0, 0]])

    def above_both(row, column):
        ahead = padded[:, 1 + row:1 + row + height, 1 + column:1 + column + width]
        behind = padded[:, 1 - row:1 - row + height, 1 - column:1 - column + width]
        return (magnitude > ahead) & (magnitude >= behind)  # one of two that are equal

    slope = math.tan(math.pi / 8)  # an eighth of a turn for each way, half of it on either side
    diagonal = tf.where(down * right > 0, above_both(1, 1), above_both(1, -1))
    upright = tf.where(tf.abs(right) <= slope * tf.abs(down), above_both(1, 0), diagonal)
    return tf.where(tf.abs(down) <= slope * tf.abs(right), above_both(0, 1), upright)


def _continued(strong, weak):
    """Strong pixels, and the weak ones that a line of weak ones joins to them."""
    edges, weak = tf.cast(strong, tf.float32), tf.cast(weak, tf.float32)
    for _ in range(LONGEST_TAIL):
        edges = tf.nn.max_pool2d(edges, 3, 1, "SAME") * weak
    return edges
