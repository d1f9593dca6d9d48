"""What `python -m pipelines.evaluate` is made of: repeatable inputs, systems, metrics, tables and pictures."""
