"""Keeps TensorFlow from spending seconds on improving a graph before its first run."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

import tensorflow as tf
from tensorflow.core.protobuf import rewriter_config_pb2
from tensorflow.python.eager import context


@contextlib.contextmanager
def light_rewriting() -> Iterator[None]:
    """Of graphs that this thread runs inside for the first time, only convolutions are fused with what follows them.

    That is the part of TensorFlow's rewriting that makes them faster on a CPU. The rest took two to three of the first
    picture's four to seven seconds, and later pictures were no faster. On a GPU, and in bfloat16, where the rewriting
    chooses layouts and types, nothing is changed.

    The numbers stay the same to the last bit where they do not depend on what is rewritten: the order of `tf.add_n`
    and quotients by constants do.
    """
    eager = context.context()  # no public call gives options to a single thread
    options = tf.config.optimizer.get_experimental_options()
    if tf.config.get_visible_devices("GPU") or options.get("auto_mixed_precision_onednn_bfloat16"):
        yield
        return
    config = eager.config
    rewriting = config.graph_options.rewrite_options
    rewriting.optimizers[:] = ["remap"]  # instead of all others
    rewriting.meta_optimizer_iterations = rewriter_config_pb2.RewriterConfig.ONE
    before = eager.function_call_options
    eager.function_call_options = context.FunctionCallOptions(before.executor_type, config)
    try:
        yield
    finally:
        eager.function_call_options = before
