"""Random holes, each a pure function of a seed.

Stateless operations only: the same seed gives the same mask in tf.data, in a compiled step and on every device.
All masks are float32 (height, width, 1), 1 = hole. Seeds are integer tensors of shape (2,).
"""

from __future__ import annotations

import math

import tensorflow as tf

from deepfill_tf.config import MASK_KINDS
from deepfill_tf.random_numbers import integers, normal, split_seed, uniform

# Brush strokes of the official training, in radians and pixels.
MEAN_TURN, TURN_RANGE = 2 * math.pi / 5, 2 * math.pi / 15
FEWEST_VERTICES, MOST_VERTICES = 4, 11
THINNEST_BRUSH, THICKEST_BRUSH = 12, 40
MOST_STROKES = 3


def draw_strokes(starts: tf.Tensor, ends: tf.Tensor, radii: tf.Tensor, height: int, width: int) -> tf.Tensor:
    """Segments with round ends.

    Args:
        starts, ends: (N, 2) row and column in pixels; (0, 0) is the centre of the first pixel.
        radii: (N,) half of the width in pixels; a segment with a negative radius is not drawn.
        height, width: Size of the mask.

    Returns:
        (height, width, 1): 1 where the distance to a segment is at most its radius.
    """
    grid = tf.meshgrid(tf.range(height, dtype=tf.float32), tf.range(width, dtype=tf.float32), indexing="ij")
    row, column = (axis[tf.newaxis] - starts[:, index, tf.newaxis, tf.newaxis] for index, axis in enumerate(grid))
    along_row, along_column = (tf.reshape(component, [-1, 1, 1])
                               for component in tf.unstack(ends - starts, axis=1))
    length = tf.square(along_row) + tf.square(along_column)
    share = tf.clip_by_value(tf.math.divide_no_nan(row * along_row + column * along_column, length), 0.0, 1.0)
    distance = tf.square(row - share * along_row) + tf.square(column - share * along_column)
    limit = tf.reshape(tf.sign(radii) * tf.square(radii), [-1, 1, 1])
    return tf.cast(tf.reduce_any(distance <= limit, axis=0), tf.float32)[..., tf.newaxis]


def random_box(seed: tf.Tensor, height: int, width: int, *, box: tuple[int, int] = (128, 128),
               jitter: tuple[int, int] = (32, 32)) -> tf.Tensor:
    """One rectangle at a random place, each side shrunk at random.

    Args:
        seed: (2,) integers.
        height, width: Size of the mask; a `box` that does not fit is cut to it.
        box: Largest height and width.
        jitter: How much shorter a side can be.

    Reference:
        `random_bbox` and `bbox2mask` in the official inpaint_ops.py: the place is drawn from [0, height - box), so
        that at least the last row and column stay known; both ends shrink by up to a quarter of the jitter.
    """
    sides = [min(wanted, size) for wanted, size in zip(box, (height, width))]
    place, shrink = split_seed(seed, 2)
    bands = []
    for axis, (side, size) in enumerate(zip(sides, (height, width))):
        first = integers(place + axis, [], 0, max(size - side, 1) - 1)
        # Two ends move inwards by the same amount, of at most half of the jitter.
        inset = integers(shrink + axis, [], 0, min(jitter[axis] // 2, (side - 1) // 2))
        position = tf.range(size)
        bands.append((position >= first + inset) & (position < first + side - inset))
    return tf.cast(bands[0][:, tf.newaxis] & bands[1], tf.float32)[..., tf.newaxis]


def brush_strokes(seed: tf.Tensor, height: int, width: int, *, scale: float = 1.0) -> tf.Tensor:
    """Free-form strokes: one to three zigzags of a thick brush.

    Args:
        seed: (2,) integers.
        height, width: Size of the mask.
        scale: Factor on the brush's width; 1 is the official one, 12 to 40 pixels.

    Reference:
        Yu et al. 2019, arXiv:1806.03589, section 3.4; `brush_stroke_mask` in the official inpaint_ops.py.

    Differs from the reference:
        It swaps height and width, which confines strokes on images that are not square; ours reach everywhere.
        Drawn by distance instead of by an imaging library, so that edges can differ by a pixel.
    """
    draws = split_seed(seed, 8)
    strokes, steps = MOST_STROKES, MOST_VERTICES
    drawn = tf.range(strokes) < integers(draws[0], [], 1, MOST_STROKES)
    vertices = integers(draws[1], [strokes, 1], FEWEST_VERTICES, MOST_VERTICES)
    brush = tf.floor(uniform(draws[2], [strokes, 1], THINNEST_BRUSH, THICKEST_BRUSH)) * scale
    reach = math.hypot(height, width) / 8
    step = tf.clip_by_value(normal(draws[3], [strokes, steps], reach, reach // 2), 0.0, 2 * reach)
    sharpest, widest = tf.split(uniform(draws[4], [strokes, 2], 0.0, TURN_RANGE), 2, axis=1)
    turn = MEAN_TURN - sharpest + uniform(draws[5], [strokes, steps], 0.0, 1.0) * (sharpest + widest)
    turn = tf.where(tf.range(steps) % 2 == 0, 2 * math.pi - turn, turn)  # back and forth: a zigzag

    corner = tf.constant([height, width], tf.float32)
    point = tf.floor(uniform(draws[6], [strokes, 2], 0.0, 1.0) * corner)
    path = [point]
    for index in range(steps):  # unrolled: eleven clipped steps, each from where the last one ended
        move = step[:, index, tf.newaxis] * tf.stack([tf.sin(turn[:, index]), tf.cos(turn[:, index])], axis=1)
        point = tf.floor(tf.clip_by_value(point + move, 0.0, corner))
        path.append(point)
    starts, ends = tf.stack(path[:-1], axis=1), tf.stack(path[1:], axis=1)  # (strokes, steps, 2)
    used = drawn[:, tf.newaxis] & (tf.range(steps) < vertices)
    radii = tf.where(used, tf.broadcast_to(brush / 2, [strokes, steps]), -1.0)
    return draw_strokes(tf.reshape(starts, [-1, 2]), tf.reshape(ends, [-1, 2]), tf.reshape(radii, [-1]),
                        height, width)


def scratches(seed: tf.Tensor, height: int, width: int, *, most: int = 8, thinnest: float = 1.0,
              thickest: float = 6.0) -> tf.Tensor:
    """Thin, long, slightly wavy lines, as on prints and film.

    Args:
        seed: (2,) integers.
        height, width: Size of the mask.
        most: Largest number of lines; at least one is drawn.
        thinnest, thickest: Limits of the width in pixels.
    """
    bends = 5
    draws = split_seed(seed, 6)
    drawn = tf.range(most) < integers(draws[0], [], 1, most)
    middle = uniform(draws[1], [most, 1, 2], 0.0, 1.0) * tf.constant([height, width], tf.float32)
    angle = uniform(draws[2], [most, 1], 0.0, math.pi)
    length = uniform(draws[3], [most, 1], 0.15, 1.2) * math.hypot(height, width)
    direction = tf.concat([tf.sin(angle), tf.cos(angle)], axis=1)[:, tf.newaxis]
    across = tf.concat([tf.cos(angle), -tf.sin(angle)], axis=1)[:, tf.newaxis]
    along = tf.linspace(-0.5, 0.5, bends + 1)[tf.newaxis] * length
    aside = normal(draws[4], [most, bends + 1], 0.0, 0.02) * length
    path = middle + along[..., tf.newaxis] * direction + aside[..., tf.newaxis] * across
    # Squared: thin lines are the common ones.
    thickness = thinnest + (thickest - thinnest) * tf.square(uniform(draws[5], [most, 1], 0.0, 1.0))
    radii = tf.where(drawn[:, tf.newaxis], tf.broadcast_to(thickness / 2, [most, bends]), -1.0)
    return draw_strokes(tf.reshape(path[:, :-1], [-1, 2]), tf.reshape(path[:, 1:], [-1, 2]), tf.reshape(radii, [-1]),
                        height, width)


def dust(seed: tf.Tensor, height: int, width: int, *, most: int = 48, largest: float = 5.0) -> tf.Tensor:
    """Small round spots.

    Args:
        seed: (2,) integers.
        height, width: Size of the mask.
        most: Largest number of spots; at least one is drawn.
        largest: Largest radius in pixels; small ones are the common ones.
    """
    draws = split_seed(seed, 3)
    drawn = tf.range(most) < integers(draws[0], [], 1, most)
    centre = uniform(draws[1], [most, 2], 0.0, 1.0) * tf.constant([height, width], tf.float32)
    radii = 0.5 + (largest - 0.5) * tf.square(uniform(draws[2], [most], 0.0, 1.0))
    return draw_strokes(centre, centre, tf.where(drawn, radii, -1.0), height, width)


def fine_brush_strokes(seed: tf.Tensor, height: int, width: int) -> tf.Tensor:
    """`brush_strokes` with a brush of 5 to 16 pixels, for crops that the official brush would cover."""
    return brush_strokes(seed, height, width, scale=0.4)


def half_box(seed: tf.Tensor, height: int, width: int) -> tf.Tensor:
    """`random_box` with sides of half the image: 128 pixels in the official training's 256."""
    return random_box(seed, height, width, box=(height // 2, width // 2), jitter=(height // 8, width // 8))


def many_scratches(seed: tf.Tensor, height: int, width: int) -> tf.Tensor:
    """`scratches` in such numbers that a step learns from many pixels."""
    return scratches(seed, height, width, most=40)


def pixels(seed: tf.Tensor, height: int, width: int) -> tf.Tensor:
    """A twentieth to a half of all pixels, each by itself."""
    share_seed, places = split_seed(seed, 2)
    return tf.cast(uniform(places, [height, width, 1], 0.0, 1.0) < uniform(share_seed, [], 0.05, 0.5), tf.float32)


KINDS = dict(zip(MASK_KINDS, (half_box, brush_strokes, fine_brush_strokes, scratches, many_scratches, dust, pixels)))


def mixture(seed: tf.Tensor, height: int, width: int, probabilities: dict[str, float]) -> tf.Tensor:
    """A mask whose kind is drawn as well.

    Args:
        seed: (2,) integers.
        height, width: Size of the mask.
        probabilities: Kind to weight; the kinds are those of `KINDS`, joined by "+" for their union
            ("box+brush" is the official training's). Weights need not add up to one.

    Raises:
        ValueError: If a kind is unknown, a weight negative, or all are zero.
    """
    unknown = sorted({kind for name in probabilities for kind in name.split("+")} - set(KINDS))
    if unknown:
        raise ValueError(f"unknown mask kind {', '.join(unknown)}; known: {', '.join(KINDS)}")
    weights = list(probabilities.values())
    if min(weights, default=0.0) < 0 or sum(weights) <= 0:
        raise ValueError(f"mask weights should be positive. Received: {probabilities}")
    choice_seed, mask_seed = split_seed(seed, 2)
    bounds = tf.cumsum(tf.constant(weights, tf.float32)) / sum(weights)
    choice = tf.reduce_sum(tf.cast(uniform(choice_seed, [], 0.0, 1.0) >= bounds[:-1], tf.int32))

    def union(name):
        kinds = name.split("+")
        masks = [KINDS[kind](part, height, width) for kind, part in zip(kinds, split_seed(mask_seed, len(kinds)))]
        return tf.reduce_max(tf.stack(masks), axis=0)

    return tf.switch_case(choice, [lambda name=name: union(name) for name in probabilities])
