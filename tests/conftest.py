"""What all tests share."""

import os

import pytest

# As `pipelines.runtime.start` does it, which most tests do not call before they import TensorFlow.
os.environ.setdefault("TF_ENABLE_ONEDNN_OPTS", "1")


@pytest.fixture
def eager_steps(monkeypatch):
    """For tests of what is around the training steps: tracing a step takes longer than a few of them."""
    from deepfill_tf.trainer import Trainer

    monkeypatch.setattr(Trainer, "run_eagerly", True)
