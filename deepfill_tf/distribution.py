"""Which devices train together."""

from __future__ import annotations

import json
import os

import tensorflow as tf

CLUSTER_VARIABLE = "TF_CONFIG"


def joins_cluster() -> bool:
    """Whether the environment says that this process is one worker of several."""
    return bool(_cluster().get("worker"))


def choose_strategy() -> tf.distribute.Strategy:
    """The strategy for what is there.

    Several workers named by TF_CONFIG: MultiWorkerMirroredStrategy, which has to be chosen before TensorFlow does
    anything else. Several GPUs: MirroredStrategy over all that are visible. Otherwise the one device.
    """
    if joins_cluster():
        return tf.distribute.MultiWorkerMirroredStrategy()
    if len(tf.config.list_logical_devices("GPU")) > 1:
        return tf.distribute.MirroredStrategy()
    return tf.distribute.get_strategy()


def is_chief(strategy: tf.distribute.Strategy) -> bool:
    """Whether this process is the one that writes files."""
    resolver = strategy.cluster_resolver
    if resolver is None or resolver.task_type is None:
        return True
    return resolver.task_type == "chief" or (not _cluster().get("chief") and resolver.task_id == 0)


def _cluster() -> dict[str, list[str]]:
    try:
        return json.loads(os.environ.get(CLUSTER_VARIABLE) or "{}").get("cluster", {})
    except (ValueError, AttributeError) as error:
        raise ValueError(f"the environment's {CLUSTER_VARIABLE} should be JSON with a cluster. "
                         f"Received: {os.environ[CLUSTER_VARIABLE]!r}") from error
