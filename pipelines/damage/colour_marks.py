"""Damage that somebody has painted over in one colour."""

from __future__ import annotations

import numpy as np

from pipelines.damage.growth import grow
from pipelines.errors import InputError
from pipelines.images import Picture

SOFT = 1  # pixels: the rim of a stroke is mixed with the picture


def marked_by_colour(picture: Picture, colour: tuple[int, int, int], tolerance: int, growth: int | None = None
                     ) -> np.ndarray:
    """Which pixels have a colour, or nearly.

    Args:
        picture: As it was read; of a stack, what any plane marks.
        colour: Red, green and blue, 0 to 255; of a gray picture, all three are the level.
        tolerance: By how much each of them may differ.
        growth: Pixels by which the mask reaches beyond these, at least; None: 1, for the soft rim of strokes.

    Returns:
        bool (H, W).

    Raises:
        InputError: If no pixel has the colour, or all have.
    """
    low, high = picture.value_range
    levels = (picture.pixels.astype(np.float32) - low) * np.float32(255 / (high - low))
    if "C" not in picture.axes:
        levels = levels[..., np.newaxis]
    alike = (np.abs(levels - np.array(colour, np.float32)) <= tolerance).all(axis=-1)
    alike = alike.any(axis=0) if picture.is_stack else alike
    named = ",".join(map(str, colour))
    if not alike.any():
        raise InputError(picture.path or "image", f"has no pixel within {tolerance} of the colour {named}",
                         "give the colour of the marks as --mask-color, or a larger --tolerance")
    if alike.all():
        raise InputError(picture.path or "image", f"has no other pixels than those within {tolerance} of the colour "
                         f"{named}", "give a smaller --tolerance")
    return grow(alike, SOFT if growth is None else growth)
