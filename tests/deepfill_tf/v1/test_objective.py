"""Losses and gradients of a training step, as the official graph computed them on two pictures of 64 pixels."""

import numpy as np
import pytest
import tensorflow as tf

from deepfill_tf.config import DeepFillConfig
from deepfill_tf.objective import Batch
from deepfill_tf.v1.losses import interpolate
from deepfill_tf.v1.objective import (DISCOUNTED_WEIGHT, KNOWN_AREA_WEIGHT, WassersteinObjective, critics_loss,
                                      deception_loss, reconstruction_losses)
from tests.parity.generators import golden, network_inputs, to_rgb
from tests.parity.networks_v1 import official_critics, official_generator, official_name

# What is suggested for losses and gradient norms; the official graph differs from itself by less than a tenth.
LOSS, GRADIENT = 1e-5, 1e-3
ADVERSARIAL_WEIGHT = 0.001


class Official:
    """The golden step, recomputed."""

    def __init__(self):
        self.arrays = golden("v1_loss_64")
        image, mask = network_inputs({**self.arrays, "mask": 255 * self.arrays["mask"]})  # recorded as 0 and 1
        self.images, self.masks = tf.constant(image), tf.constant(np.repeat(mask, 2, axis=0))
        self.size = tuple(map(int, self.arrays["bbox"][2:]))
        self.corners = tf.constant(np.repeat(self.arrays["bbox"][np.newaxis, :2], 2, axis=0), tf.int32)
        self.shares = tf.constant([self.arrays["alpha_global"][:, 0], self.arrays["alpha_local"][:, 0]])
        self.generator, self.critics = official_generator(), official_critics()

    def completed(self, refined):
        return refined * self.masks + self.images * (1 - self.masks)

    def generator_step(self):
        """(reconstruction losses, whole loss, gradients)."""
        variables = self.generator.trainable_variables
        with tf.GradientTape() as tape:
            coarse, refined = self.generator([self.images, self.masks])
            figures = reconstruction_losses(self.images, coarse, refined, self.masks, self.corners, self.size)
            loss = (DISCOUNTED_WEIGHT * figures["discounted_loss"] + KNOWN_AREA_WEIGHT * figures["known_area_loss"]
                    + ADVERSARIAL_WEIGHT * deception_loss(self.critics, self.completed(refined), self.corners))
        return figures, loss, tape.gradient(loss, variables)

    def critics_step(self):
        """(loss, figures, gradients of the global critic, gradients of the local one)."""
        completed = self.completed(self.generator([self.images, self.masks])[1])
        with tf.GradientTape() as tape:
            loss, figures = critics_loss(self.critics, self.images, completed, self.masks, self.corners, self.shares)
        return loss, figures, *tape.gradient(loss, [critic.trainable_variables for critic in self.critics])


@pytest.fixture(scope="module")
def official():
    return Official()


def assert_official_gradients(arrays, gradients):
    """Norms and, where they were recorded, the gradients themselves; `gradients` by official name."""
    norms = dict(zip(arrays["grad_names"], arrays["grad_norms"]))
    for name, gradient in gradients.items():
        np.testing.assert_allclose(np.linalg.norm(gradient), norms[name], rtol=GRADIENT, atol=1e-6, err_msg=name)
        expected = arrays.get("grad|" + name.replace("/", "|"))
        if expected is not None:
            layer, kind = name.split("/")[-2:]
            np.testing.assert_allclose(to_rgb(layer, kind, gradient), expected, rtol=0,
                                       atol=GRADIENT * norms[name] + 1e-6, err_msg=name)


def test_the_generators_losses_and_gradients(official):
    figures, loss, gradients = official.generator_step()
    arrays = official.arrays
    np.testing.assert_allclose(figures["discounted_loss"], arrays["l1_loss"], atol=LOSS, rtol=0)
    np.testing.assert_allclose(figures["known_area_loss"], arrays["ae_loss"], atol=LOSS, rtol=0)
    np.testing.assert_allclose(loss, arrays["g_loss"], atol=LOSS, rtol=0)
    names = {name.split("/", 1)[1]: name for name in arrays["grad_names"] if name.startswith("inpaint_net/")}
    by_name = {names[_scoped(variable)]: gradient.numpy()
               for variable, gradient in zip(official.generator.trainable_variables, gradients)}
    assert len(by_name) == 84
    assert_official_gradients(arrays, by_name)


def _scoped(variable):
    """Name of a generator's variable, with the scope that the official graph wraps enlarging layers in."""
    layer, kind = variable.name.partition(":")[0].split("/")
    return "/".join([*([layer[:-len("_conv")]] if layer.endswith("_upsample_conv") else []), layer, kind])


def test_the_critics_losses_and_gradients(official):
    loss, figures, *gradients = official.critics_step()
    arrays = official.arrays
    np.testing.assert_allclose(loss, arrays["d_loss"], atol=LOSS, rtol=0)
    np.testing.assert_allclose(figures["gradient_penalty"], arrays["gp_loss"], atol=LOSS, rtol=0)
    by_name = {official_name(critic, variable): gradient.numpy()
               for critic, group in zip(official.critics, gradients)
               for variable, gradient in zip(critic.trainable_variables, group)}
    assert len(by_name) == 20
    assert_official_gradients(arrays, by_name)


def test_both_stages_and_scores(official):
    arrays = official.arrays
    coarse, refined = official.generator([official.images, official.masks])
    np.testing.assert_allclose(coarse.numpy()[..., ::-1], arrays["x1"], atol=1e-5, rtol=0)
    np.testing.assert_allclose(refined.numpy()[..., ::-1], arrays["x2"], atol=1e-5, rtol=0)
    views = official.critics.views(official.corners, official.images, official.completed(refined))
    for share, kind, (critic, real, fake) in zip(official.shares, ("global", "local"), views):
        np.testing.assert_allclose(critic(tf.concat([real, fake], axis=0)), arrays[f"pos_neg_{kind}"], atol=LOSS)
        np.testing.assert_allclose(critic(interpolate(real, fake, share)), arrays[f"interp_{kind}"], atol=LOSS)


def batch(official, seed=(1, 2)):
    return Batch(official.images, official.masks, None, tf.constant(seed))


@pytest.fixture(scope="module")
def objective(official):
    objective = WassersteinObjective(DeepFillConfig(model="deepfill_v1", image_size=64,
                                                    adversarial_weight=ADVERSARIAL_WEIGHT))
    for critic, reference in zip(objective.critics, official.critics):
        critic.set_weights(reference.get_weights())
    return objective


def test_the_objective_has_the_official_losses(official, objective):
    """All but the penalty, whose places are drawn from the batch's seed."""
    coarse, refined = official.generator([official.images, official.masks])
    loss, figures = objective.loss(batch(official), coarse, refined)
    np.testing.assert_allclose(loss, official.arrays["g_loss"], atol=LOSS, rtol=0)
    assert set(figures) == {"discounted_loss", "known_area_loss", "adversarial_loss"}
    loss, figures = objective.critic_loss(batch(official), refined)
    expected = official.arrays["d_loss"] - official.arrays["gp_loss"]
    np.testing.assert_allclose(figures["critic_loss"], expected, atol=LOSS, rtol=0)
    np.testing.assert_allclose(loss, figures["critic_loss"] + figures["gradient_penalty"], rtol=1e-6)
    assert len(objective.critic_variables) == 20


def test_the_penalty_depends_on_the_seed_alone(official, objective):
    _, refined = official.generator([official.images, official.masks])
    first, again, other = (float(objective.critic_loss(batch(official, seed), refined)[1]["gradient_penalty"])
                           for seed in ((1, 2), (1, 2), (1, 3)))
    assert first == again != other


def test_without_adversarial_weight_there_are_no_critics(official):
    objective = WassersteinObjective(DeepFillConfig(model="deepfill_v1", image_size=64, adversarial_weight=0.0))
    assert objective.critic_variables == []
    loss, figures = objective.loss(batch(official), official.images, official.images)
    assert float(loss) == 0 and set(figures) == {"discounted_loss", "known_area_loss"}


def test_critics_are_in_a_checkpoint(objective, tmp_path):
    path = tf.train.Checkpoint(objective=objective).write(str(tmp_path / "checkpoint"))
    saved = [name for name, _ in tf.train.list_variables(path) if "kernel" in name or "bias" in name]
    assert len(saved) == 20


def test_both_steps_compile(official, objective):
    """XLA knows no Python inside a graph, and no sizes that depend on numbers."""
    coarse, refined = official.generator([official.images, official.masks])

    @tf.function(jit_compile=True)
    def step(images, masks, seed, coarse, refined):
        inputs = Batch(images, masks, None, seed)
        with tf.GradientTape() as tape:
            critic_loss, _ = objective.critic_loss(inputs, refined)
        gradients = tape.gradient(critic_loss, objective.critic_variables)
        with tf.GradientTape() as tape:
            tape.watch([coarse, refined])
            loss, _ = objective.loss(inputs, coarse, refined)
        return critic_loss, loss, tf.linalg.global_norm(gradients), tape.gradient(loss, [coarse, refined])

    inputs = (*batch(official)[:2], batch(official).seed, coarse, refined)
    compiled, plain = step(*inputs), step.python_function(*inputs)
    tf.nest.map_structure(lambda one, other: np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5),
                          compiled, plain)
