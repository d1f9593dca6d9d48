"""DeepFill v1: plain convolutions, and two Wasserstein critics."""
