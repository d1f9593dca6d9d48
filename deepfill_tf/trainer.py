"""One training step of an inpainting network and its critics, on any number of devices."""

from __future__ import annotations

import math
from typing import Any, Optional

import tensorflow as tf

from deepfill_tf.config import DeepFillConfig
from deepfill_tf.edges import detect_edges
from deepfill_tf.generator import build_generator
from deepfill_tf.objective import Batch, Losses, PatchGanObjective
from deepfill_tf.v1.generator import build_generator as build_v1_generator
from deepfill_tf.v1.objective import WassersteinObjective

SMALLEST_RATE = 0.02  # of the learning rate, where a cosine decay ends


class Trainer(tf.keras.Model):
    """Generator, what it is trained for, optimisers and averaged weights.

    `train_step` takes images (B, draws, H, W, 3) in [-1, 1] and masks (B, draws, H, W, 1) and returns the losses;
    Keras' own `fit` or `make_train_function` run it on the devices of the strategy in whose scope this is made.

    Args:
        config: Settings of the run.
        seed: Of the initial weights, and of what is random in a step.
        start: A generator whose weights are started from.

    Attributes:
        generator: Of the last step.
        average: Exponential moving averages of the generator's variables, in their order.
        step: int64, steps done.

    Differs from the reference:
        By default, both networks learn from the same images in a step, which saves one pass of the generator; each
        image has its own mask; and each network has its own Adam. With one Adam for both, as in the reference
        (`config.reference`), the bias correction counts two steps for one.
    """

    def __init__(self, config: DeepFillConfig, *, seed: int, start: Optional[tf.keras.Model] = None) -> None:
        super().__init__(name="trainer")
        tf.keras.utils.set_random_seed(seed)
        self.config = config
        self.seed = seed
        self.generator, self.objective = _build_networks(config)
        if start is not None:
            self.generator.set_weights(start.get_weights())
        self.step = _host_variable(0, tf.int64)
        self.average = [_host_variable(variable, tf.float32) for variable in self.generator.variables]
        self.generator_optimizer = self._make_optimizer()
        self.critic_optimizer = self.generator_optimizer if config.reference else self._make_optimizer()
        self.compile(optimizer=self.generator_optimizer, jit_compile=config.xla)

    def copy_average(self, generator: Optional[tf.keras.Model] = None) -> tf.keras.Model:
        """Put the averaged weights into `generator`, or into a new one, and return it."""
        generator = generator or _build_networks(self.config, objective=False)[0]
        generator.set_weights([average.numpy() for average in self.average])
        return generator

    def learning_rate(self) -> tf.Tensor:
        """Adam's rate at the present step: float32 scalar."""
        config, step = self.config, tf.cast(self.step, tf.float32)
        rate = config.learning_rate * tf.minimum(1.0, (step + 1.0) / max(config.warmup_steps, 1))
        if config.decay == "cosine":
            rate *= tf.maximum(SMALLEST_RATE, 0.5 + 0.5 * tf.cos(math.pi * step / config.steps))
        return rate

    @tf.autograph.experimental.do_not_convert  # nothing in it needs it, and it takes a third of the tracing
    def train_step(self, data: tuple[tf.Tensor, tf.Tensor]) -> Losses:
        """Update the critics, then the generator, then the average.

        Args:
            data: Images and masks, see above. Guided: a fourth channel of the images in [0, 1] holds the edges;
                without it they are detected.

        Returns:
            Losses, each divided by the number of devices, so that their sum over devices is the mean.
        """
        *others, last = self._batches(*data)
        figures: Losses = {}
        for batch in others:
            figures = self._train_critic(batch, self._paint(batch)[1])
        figures = {**figures, **self._train_generator(last, critic_learns=not others)}
        self._update_average()
        self.step.assign_add(1)
        return figures

    def _batches(self, images, masks):
        for draw in range(self.config.draws):
            pixels, edges = images[:, draw, ..., :3], None
            if self.config.guided:
                edges = images[:, draw, ..., 3:] if images.shape[-1] > 3 else detect_edges(pixels)
            yield Batch(pixels, masks[:, draw], edges, tf.stack([self.seed, draw + self.config.draws
                                                                 * tf.cast(self.step, tf.int32)]))

    def _paint(self, batch):
        return [tf.cast(stage, tf.float32) for stage in self.generator(batch.network_inputs(), training=True)]

    def _train_critic(self, batch, refined):
        if not self.objective.critic_variables:
            return {}
        with tf.GradientTape() as tape:
            loss, figures = self.objective.critic_loss(batch, tf.stop_gradient(refined))
            scaled = self._scale(loss, self.critic_optimizer)
        self._apply(tape, scaled, self.objective.critic_variables, self.critic_optimizer)
        return self._shares(figures)

    def _train_generator(self, batch, critic_learns):
        critic_figures: Losses = {}
        with tf.GradientTape() as tape:
            coarse, refined = self._paint(batch)
            if critic_learns:
                with tape.stop_recording():
                    critic_figures = self._train_critic(batch, refined)
            loss, figures = self.objective.loss(batch, coarse, refined)
            scaled = self._scale(loss, self.generator_optimizer)
        self._apply(tape, scaled, self.generator.trainable_variables, self.generator_optimizer)
        return {**critic_figures, **self._shares(figures)}

    def _shares(self, figures):
        return {name: value / self.distribute_strategy.num_replicas_in_sync for name, value in figures.items()}

    def _scale(self, loss, optimizer):
        # Devices add their gradients up, each of which is a mean over its own images.
        loss = loss / self.distribute_strategy.num_replicas_in_sync
        return optimizer.get_scaled_loss(loss) if self._scales_losses else loss

    def _apply(self, tape, loss, variables, optimizer):
        gradients = tape.gradient(loss, variables)
        if self._scales_losses:
            gradients = optimizer.get_unscaled_gradients(gradients)
        optimizer.apply_gradients(zip(gradients, variables))

    @property
    def _scales_losses(self):
        return self.config.precision == "mixed_float16"

    def _update_average(self):
        # Early on, the average must not remember the initial weights.
        steps = tf.cast(self.step, tf.float32)
        decay = tf.minimum(self.config.average_decay, (steps + 1.0) / (steps + 10.0))
        for average, variable in zip(self.average, self.generator.variables):
            average.assign(decay * average + (1.0 - decay) * variable)

    def _make_optimizer(self) -> Any:
        # The legacy one is a single fused operation for each variable. A callable rate follows `step`, not the
        # optimiser's own count, which runs twice as fast when it is shared.
        adam = tf.keras.optimizers.legacy.Adam(self.learning_rate, self.config.beta_1, self.config.beta_2,
                                               epsilon=1e-8)
        return tf.keras.mixed_precision.LossScaleOptimizer(adam) if self._scales_losses else adam


def _build_networks(config: DeepFillConfig, objective: bool = True) -> tuple[tf.keras.Model, Any]:
    policy = tf.keras.mixed_precision.global_policy()
    tf.keras.mixed_precision.set_global_policy(
        config.precision if config.precision.startswith("mixed") else "float32")
    try:
        if config.model == "deepfill_v1":
            return build_v1_generator(), WassersteinObjective(config) if objective else None
        generator = build_generator(guided=config.guided, initialization=config.initialization,
                                    hole_fill=config.hole_fill)
        return generator, PatchGanObjective(config) if objective else None
    finally:
        tf.keras.mixed_precision.set_global_policy(policy)


def _host_variable(value: Any, dtype: tf.DType) -> tf.Variable:
    """A variable that every device changes alike, so that the first one's change counts for all."""
    return tf.Variable(value, dtype=dtype, trainable=False, aggregation=tf.VariableAggregation.ONLY_FIRST_REPLICA)
