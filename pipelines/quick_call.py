"""Calls a traced function without the seconds that TensorFlow spends on improving a graph before its first run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import tensorflow as tf
from tensorflow.core.protobuf import config_pb2, rewriter_config_pb2


def _fusion_only() -> bytes:
    config = config_pb2.ConfigProto()
    rewriting = config.graph_options.rewrite_options
    rewriting.optimizers.append("remap")  # instead of all others
    rewriting.meta_optimizer_iterations = rewriter_config_pb2.RewriterConfig.ONE
    return config.SerializeToString()


_FUSION_ONLY = _fusion_only()


def call_quickly(function: Any, inputs: Sequence[tf.Tensor]) -> Any:
    """`function(*inputs)`, the same bits.

    Of TensorFlow's graph rewriting only the fusion of convolutions with bias and activation is left, which is what
    makes them faster on a CPU. All of it took 3 of the first picture's 5 seconds, and later pictures were no faster.
    Inside of another graph, on a GPU and in bfloat16, where the rewriting chooses layouts and types, it is an ordinary
    call.

    Args:
        function: A `ConcreteFunction`, which has no gradient this way.
        inputs: As many, in the order of its signature.

    Returns:
        What the function returns.
    """
    options = tf.config.optimizer.get_experimental_options()
    if (tf.inside_function() or tf.config.get_visible_devices("GPU")
            or options.get("auto_mixed_precision_onednn_bfloat16")):
        return function(*inputs)
    # `ConcreteFunction` takes its configuration from the process; this is the operation behind it, which takes its own.
    outputs = tf.raw_ops.StatefulPartitionedCall(
        args=[*inputs, *function.captured_inputs], Tout=[output.dtype for output in function.outputs], f=function,
        config_proto=_FUSION_ONLY)
    return tf.nest.pack_sequence_as(function.structured_outputs, outputs)
