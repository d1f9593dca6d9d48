"""Five official training iterations, number by number."""

import numpy as np
import pytest
import tensorflow as tf

from deepfill_tf.config import DeepFillConfig
from deepfill_tf.trainer import Trainer
from tests.parity.discriminators import official_discriminator
from tests.parity.generators import golden, official_generator, to_rgb

OFFICIAL = DeepFillConfig(reference=True, image_size=64, batch_size=2, masks={"box+brush": 1.0})


@pytest.fixture(scope="module")
def arrays():
    return golden("train_64")


@pytest.fixture(scope="module")
def trained(arrays):
    """Losses and weights by official name, before and after each of the five iterations."""
    trainer = Trainer(OFFICIAL, seed=0, start=official_generator("seedB"))
    discriminator = trainer.objective.discriminator
    discriminator.set_weights(official_discriminator().get_weights())
    images = arrays["image_bgr"][..., ::-1].astype(np.float32) / np.float32(127.5) - np.float32(1)
    mask = np.logical_or(arrays["reg_mask"], arrays["irr_mask"])
    masks = np.broadcast_to(mask[np.newaxis, ..., np.newaxis].astype(np.float32), (2, 64, 64, 1))
    data = [tf.constant(np.stack([part, part], axis=1)) for part in (images, masks)]
    step = tf.function(trainer.train_step)

    def values():
        found = {}
        for name in arrays["names"]:
            *_, layer, kind = name.replace("/kernel_sn/", "/").split("/")
            owner = (discriminator.get_layer(layer) if name.startswith("discriminator")
                     else trainer.generator.get_layer(layer).conv)
            found[name] = to_rgb(layer, kind, getattr(owner, kind).numpy())
        return found

    states, losses = [values()], []
    for _ in range(len(arrays["d_losses"])):
        losses.append({name: float(value) for name, value in step(data).items()})
        states.append(values())
    return losses, states, trainer


def test_losses(arrays, trained):
    losses, _, _ = trained
    np.testing.assert_allclose([figures["discriminator_loss"] for figures in losses], arrays["d_losses"], atol=1e-5)
    totals = [figures["coarse_loss"] + figures["refined_loss"] + figures["adversarial_loss"] for figures in losses]
    np.testing.assert_allclose(totals, arrays["g_losses"], atol=1e-5)


def test_every_variable_moves_as_far(arrays, trained):
    _, states, _ = trained
    for iteration, state in enumerate(states[1:]):
        for index, name in enumerate(arrays["names"]):
            moved = np.linalg.norm((state[name] - states[0][name]).ravel().astype(np.float64))
            np.testing.assert_allclose(moved, arrays["delta_norm"][iteration, index], rtol=1e-3, err_msg=name)


def test_values_of_whole_variables(arrays, trained):
    _, states, _ = trained
    checked = 0
    for key, expected in arrays.items():
        if key.startswith("it"):
            iteration, _, name = key.partition("|")
            found = states[int(iteration[2:])][name.replace("|", "/")]
            # Adam divides by the root of a small gradient's square: rounding grows to a share of the rate.
            np.testing.assert_allclose(found, expected, atol=1e-5, err_msg=key)
            checked += 1
    assert checked >= 50


def test_the_optimiser_is_shared(trained):
    _, _, trainer = trained
    assert trainer.critic_optimizer is trainer.generator_optimizer
    assert int(trainer.generator_optimizer.iterations) == 10 and int(trainer.step) == 5
