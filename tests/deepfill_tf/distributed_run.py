"""Three training steps in a process of their own: `python distributed_run.py PICTURES OUTPUT.npz [DEVICES]`.

With TF_CONFIG in the environment, it is one of several workers. The weights at the end go to OUTPUT.npz.
"""

import sys
from pathlib import Path

import numpy as np
import tensorflow as tf

from deepfill_tf.config import DeepFillConfig
from deepfill_tf.distribution import choose_strategy, joins_cluster
from deepfill_tf.sources import open_source
from deepfill_tf.training_run import TrainingRun

# A small rate: Adam moves weights whose gradient is rounding noise as far as any other, in a random direction.
CONFIG = DeepFillConfig(image_size=16, batch_size=4, steps=3, masks={"scratches": 1.0}, learning_rate=1e-5)


def main(pictures, output, devices):
    tf.keras.utils.set_random_seed(0)
    tf.config.experimental.enable_op_determinism()
    if joins_cluster():
        strategy = choose_strategy()
    else:
        processor = tf.config.list_physical_devices("CPU")[0]
        tf.config.set_logical_device_configuration(processor, [tf.config.LogicalDeviceConfiguration()] * devices)
        strategy = (tf.distribute.MirroredStrategy([f"CPU:{index}" for index in range(devices)]) if devices > 1
                    else choose_strategy())
    run = TrainingRun(CONFIG, open_source(pictures, smallest=16), Path(output).with_suffix(""), seed=0,
                      strategy=strategy)
    before = run.trainer.generator.get_weights()
    losses = [list(figures.values()) for _, figures in run.steps()]
    weights = run.trainer.generator.get_weights() + run.trainer.objective.discriminator.get_weights()
    moved = max(np.abs(old - new).max() for old, new in zip(before, weights))
    np.savez(output, *weights, losses=np.array(losses), moved=moved, devices=strategy.num_replicas_in_sync)


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], int(sys.argv[3]) if len(sys.argv) > 3 else 1)
