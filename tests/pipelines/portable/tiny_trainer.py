"""A small training step of the kind that is exported: random crops and flips, Adam, a moving average."""

import tensorflow as tf

PICTURES, SIDE, CROP, BATCH = 6, 12, 8, 2
SEED = (3, 5)
ARGUMENTS = {"data": tf.TensorSpec([PICTURES, SIDE, SIDE, 3], tf.uint8), "seed": tf.TensorSpec([2], tf.int32),
             "first_step": tf.TensorSpec([], tf.int32), "count": tf.TensorSpec([], tf.int32)}


class TinyTrainer:
    """A network of two convolutions that learns to copy; `frozen` is read, never written."""

    def __init__(self, learning_rate=1e-3):
        draw = tf.random.Generator.from_seed(1)
        self.first = tf.Variable(draw.normal([3, 3, 3, 4]) / 5.0)
        self.bias = tf.Variable(tf.zeros([4]))
        self.frozen = tf.Variable(draw.uniform([4]), trainable=False)
        self.second = tf.Variable(draw.normal([3, 3, 4, 3]) / 5.0)
        self.average = tf.Variable(self.first, trainable=False)
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False)
        self.adam = tf.keras.optimizers.legacy.Adam(learning_rate)
        self.trained = [self.first, self.bias, self.second]
        self.adam.apply_gradients((tf.zeros_like(variable), variable) for variable in self.trained)  # makes the slots
        self.run = tf.function(self._run, jit_compile=True)

    def variables(self):
        adam = {f"adam/{number}": variable for number, variable in enumerate(self.adam.variables())}
        return {"network/first": self.first, "network/bias": self.bias, "frozen": self.frozen,
                "network/second": self.second, "average": self.average, "step": self.step, **adam}

    def _run(self, data, seed, first_step, count):
        def body(done, total):
            return done + 1, total + self._one_step(data, tf.stack([seed[0], seed[1] + first_step + done]))

        _, total = tf.while_loop(lambda done, _: done < count, body, (0, 0.0))
        return {"loss": total / tf.cast(count, tf.float32), "again": 2.0 * total}

    def _one_step(self, data, seed):
        seeds = tf.random.experimental.stateless_split(seed, 3)
        places = tf.random.stateless_uniform([BATCH], seeds[0], maxval=PICTURES, dtype=tf.int32)
        corner = tf.random.stateless_uniform([2], seeds[1], maxval=SIDE - CROP + 1, dtype=tf.int32)
        flip = tf.random.stateless_uniform([BATCH, 1, 1, 1], seeds[2]) < 0.5
        images = tf.slice(tf.gather(data, places), [0, corner[0], corner[1], 0], [BATCH, CROP, CROP, 3])
        images = tf.cast(tf.where(flip, images[:, :, ::-1], images), tf.float32) / 127.5 - 1.0
        with tf.GradientTape() as tape:
            features = tf.nn.elu(tf.nn.conv2d(images, self.first, 1, "SAME") + self.bias) * self.frozen
            loss = tf.reduce_mean(tf.abs(tf.tanh(tf.nn.conv2d(features, self.second, 1, "SAME")) - images))
        self.adam.apply_gradients(zip(tape.gradient(loss, self.trained), self.trained))
        self.average.assign(0.9 * self.average + 0.1 * self.first)
        self.step.assign_add(1)
        return loss
