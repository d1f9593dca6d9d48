"""Image files to arrays and back: one module per concern; `pipelines.images` is the way in."""
