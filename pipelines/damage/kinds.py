"""The kinds of damage, by name."""

KINDS = SCRATCHES, CRACKS, DUST, BLOTCHES, DEAD_PIXELS, MISSING, TEXT = (
    "scratches", "cracks", "dust", "blotches", "dead-pixels", "missing", "text")
