import dataclasses

import numpy as np
import pytest
import tensorflow as tf

from deepfill_tf.config import DeepFillConfig
from deepfill_tf.data import training_batches
from deepfill_tf.epochs import shuffled
from deepfill_tf.portable_step import packed_batch, portable_train_step, portable_variables
from deepfill_tf.trainer import Trainer

CONFIG = DeepFillConfig(image_size=16, batch_size=2, steps=4, masks={"box": 1.0})
DATA = np.random.default_rng(0).integers(0, 256, (5, 20, 20, 3), dtype=np.uint8)


class InMemory:
    """A source of the pictures in `DATA`."""

    def images(self, seed, first_position, *, wanted=None):
        def image(position):
            place = shuffled(len(DATA), seed, position // len(DATA))[position % len(DATA)]
            return position, tf.constant(DATA)[place]

        return tf.data.Dataset.range(first_position, tf.int64.max).map(image)


def test_the_compiled_batches_are_those_of_the_data_pipeline():
    # Six samples a step, more than there are pictures: a step can touch three epochs.
    config = dataclasses.replace(CONFIG, batch_size=2, critic_steps=2)
    assert config.draws == 3
    draw = tf.function(lambda seed, step: packed_batch(tf.constant(DATA), config, seed, step), jit_compile=True)
    for step, expected in enumerate(training_batches(InMemory(), config, seed=4)):
        images, masks = draw(tf.constant(4, tf.int64), tf.constant(step, tf.int64))
        np.testing.assert_allclose(images, expected[0], atol=2e-7)  # XLA may multiply by 1 / 127.5
        np.testing.assert_array_equal(masks, expected[1])


def test_the_names_of_the_state_do_not_depend_on_what_was_built_before():
    config = dataclasses.replace(CONFIG, image_size=32)
    first, second = Trainer(config, seed=0), Trainer(config, seed=0)
    zeros = [tf.zeros_like(variable) for variable in second.generator.trainable_variables]
    second.generator_optimizer.apply_gradients(zip(zeros, second.generator.trainable_variables))  # has slots already
    names = portable_variables(first)
    assert [(name, variable.shape) for name, variable in names.items()] == [
        (name, variable.shape) for name, variable in portable_variables(second).items()]
    assert len({id(variable.handle) for variable in names.values()}) == len(names)


@pytest.mark.parametrize("side, config, message", [
    (15, CONFIG, "`side` should be at least the 16 pixels"),
    (16, dataclasses.replace(CONFIG, precision="mixed_float16"), "`precision` should be float32 or mixed_bfloat16")])
def test_what_cannot_be_carried_is_refused(side, config, message):
    with pytest.raises(ValueError, match=message):
        portable_train_step(config, pictures=5, side=side, seed=0)


def test_there_must_be_a_checkpoint(tmp_path):
    with pytest.raises(ValueError, match="where there are none"):
        portable_train_step(CONFIG, pictures=5, side=16, seed=0, checkpoints=tmp_path)
