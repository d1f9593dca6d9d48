"""Train where TensorFlow does not run: an exported step, run by JAX.

These modules import NumPy and JAX alone (Pillow for pictures packed as JPEG), and nothing else of this project, since
`pipelines.portable_export` packs them into the archive `portable.pyz` that runs beside an exported program.
"""
