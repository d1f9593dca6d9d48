"""Both networks together: losses and gradients of the official graph's first run.

Its `u` are those of the recipe: the numbers come from a single run, after no update. After one update, the
discriminator's gradients are off by their own length.
"""

import numpy as np
import pytest
import tensorflow as tf

from deepfill_tf.losses import discriminator_loss, generator_loss, reconstruction_loss
from tests.parity.discriminators import official_discriminator
from tests.parity.generators import golden, network_inputs, official_generator, to_rgb

# What the README of the golden numbers suggests for losses and for seed B's pictures.
TOLERANCE = 1e-5
# Of a gradient's length. The README suggests 1e-3 for norms; ours are within 4e-6, element by element.
GRADIENT = 1e-4


@pytest.fixture(scope="module")
def arrays():
    arrays = golden("loss_64")
    return {**arrays, "mask": arrays["mask"] * 255}  # this file has 0 and 1


@pytest.fixture(scope="module")
def batch(arrays):
    image, mask = network_inputs(arrays)
    return tf.constant(image), tf.constant(np.repeat(mask, len(image), axis=0))


def judged(discriminator, image, refined, mask):
    """Logits of the real and of the completed images, from one call as in the official graph."""
    completed = refined * mask + image * (1 - mask)
    logits = discriminator([tf.concat([image, completed], axis=0), tf.concat([mask, mask], axis=0)], training=True)
    return tf.split(logits, 2)


def assert_official_gradients(arrays, network, scope, variables, gradients):
    norms = dict(zip(arrays["grad_names"], arrays["grad_norms"]))
    expected_names = {name for name in norms if name.startswith(scope)}
    for variable, gradient in zip(variables, gradients):
        layer = next(layer.name for layer in network.layers if any(weight is variable for weight in layer.weights))
        kind = variable.name.split("/")[-1].split(":")[0]
        name = next(name for name in expected_names if name.endswith(f"/{layer}/{kind}"))
        expected_names.remove(name)
        found = to_rgb(layer, kind, gradient.numpy())
        assert np.linalg.norm(found) == pytest.approx(norms[name], rel=GRADIENT), name
        expected = arrays.get(f"grad|{name}".replace("/", "|"))
        if expected is not None:
            found = found if found.shape == expected.shape else found[:, :, ::4, ::4]
            assert np.linalg.norm(found - expected) < GRADIENT * np.linalg.norm(expected), name
    assert not expected_names


def test_losses_and_gradients_of_both_networks(arrays, batch):
    generator, discriminator = official_generator("seedB"), official_discriminator()

    @tf.function
    def run(image, mask):
        with tf.GradientTape(persistent=True) as tape:
            coarse, refined = generator([image, mask], training=True)
            real, fake = judged(discriminator, image, refined, mask)
            reconstruction = reconstruction_loss(image, coarse, mask) + reconstruction_loss(image, refined, mask)
            for_generator = reconstruction + generator_loss(fake)
            for_discriminator = discriminator_loss(real, fake)
        return ((coarse, refined, tf.concat([real, fake], axis=0)),
                (reconstruction, for_generator, for_discriminator),
                tape.gradient(for_generator, generator.trainable_variables),
                tape.gradient(for_discriminator, discriminator.trainable_variables))

    (coarse, refined, logits), losses, generator_gradients, discriminator_gradients = run(*batch)
    np.testing.assert_allclose(coarse.numpy()[..., ::-1], arrays["x1"], atol=TOLERANCE)
    np.testing.assert_allclose(refined.numpy()[..., ::-1], arrays["x2"], atol=TOLERANCE)
    np.testing.assert_allclose(logits, arrays["pos_neg"], atol=TOLERANCE)
    np.testing.assert_allclose(losses, [arrays[name] for name in ("ae_loss", "g_loss", "d_loss")], atol=TOLERANCE)
    assert_official_gradients(arrays, generator, "inpaint_net", generator.trainable_variables, generator_gradients)
    assert_official_gradients(arrays, discriminator, "discriminator", discriminator.trainable_variables,
                              discriminator_gradients)


def test_discriminator_step_compiled_by_xla(arrays, batch):
    discriminator = official_discriminator()
    refined = tf.constant(arrays["x2"][..., ::-1])

    @tf.function(jit_compile=True)
    def run(image, mask):
        with tf.GradientTape() as tape:
            real, fake = judged(discriminator, image, refined, mask)
            loss = discriminator_loss(real, fake)
        return loss, generator_loss(fake), tape.gradient(loss, discriminator.trainable_variables)

    loss, adversarial, gradients = run(*batch)
    np.testing.assert_allclose([loss, adversarial], [arrays["d_loss"], arrays["g_loss"] - arrays["ae_loss"]],
                               atol=TOLERANCE)
    assert_official_gradients(arrays, discriminator, "discriminator", discriminator.trainable_variables, gradients)
