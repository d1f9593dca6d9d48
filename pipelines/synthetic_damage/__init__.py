"""Damage as on old prints, film and worn sensors, drawn on undamaged pictures; needs no TensorFlow.

    rendered = render_damage(photo, seed=0)
    rendered.image, rendered.mask, rendered.masks["scratches"]
"""

from pipelines.synthetic_damage.ageing import age
from pipelines.synthetic_damage.rendering import KINDS, RenderedDamage, render_damage, some_kinds

__all__ = ["KINDS", "RenderedDamage", "age", "render_damage", "some_kinds"]
