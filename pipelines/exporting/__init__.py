"""The trained system for other programs: what `python -m pipelines.export` writes."""
