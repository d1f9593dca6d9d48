"""What all tests share."""

import os

# As `pipelines.runtime.start` does it, which most tests do not call before they import TensorFlow.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")
