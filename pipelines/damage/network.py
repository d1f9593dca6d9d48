"""The learned detector: a U-Net that tells for each pixel how likely each kind of damage is."""

from __future__ import annotations

import contextlib
import io
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import tensorflow as tf

from pipelines.damage.kinds import KINDS
from pipelines.errors import InputError
from pipelines.images import replacing

DEPTH, FILTERS = 4, 24
MULTIPLE = 2 ** DEPTH  # of which the network's sides are
REACH = 4 * (2 ** DEPTH - 1) + 2 * 2 ** DEPTH + 2  # pixels: no answer depends on what is farther away
CLASSES = 1 + len(KINDS)  # the first is undamaged
# Undamaged is likelier than the network says: in the loss that it learned from damaged pixels weigh more, and most of
# its windows are damaged, which most pictures are not.
UNDAMAGED_ODDS = 5.0
CREDIBLE = 0.2  # probability from which on a kind is thought possible


def build_network(filters: int = FILTERS) -> tf.keras.Model:
    """CSBDeep's U-Net with random weights, larger than its own: they keep the signal's size from layer to layer.

    Args:
        filters: Of the first level; each further one has twice as many.

    Shape:
        (B, H, W, 3) float32, -1 to 1, H and W multiples of 16 -> (B, H, W, 8), probabilities of undamaged and of each
        of `KINDS`, which sum to 1.

    Reference:
        Ronneberger et al. 2015, arXiv:1505.04597; `custom_unet` in csbdeep/internals/nets.py. He et al. 2015,
        arXiv:1502.01852 (the weights).
    """
    with contextlib.redirect_stdout(io.StringIO()), warnings.catch_warnings():
        warnings.filterwarnings("ignore", "non-integer arguments to randrange", DeprecationWarning)
        from csbdeep.internals.nets import custom_unet

        network = custom_unet((None, None, 3), "softmax", n_depth=DEPTH, n_filter_base=filters, kernel_size=(3, 3),
                              pool_size=(2, 2), n_channel_out=CLASSES)
        for weight in network.weights:
            if weight.shape.rank == 4:
                weight.assign(tf.keras.initializers.HeNormal()(weight.shape))
    return network


def tensor_function(network: tf.keras.Model) -> Callable[[tf.Tensor], tf.Tensor]:
    """The whole detection as TensorFlow operations, for use inside another graph.

    Args:
        network: As `build_network` makes them.

    Returns:
        A function of image (B, H, W, 3) float32, 0 to 1, any H, W >= 1, that gives the probability of each of `KINDS`,
        (B, H, W, 7) float32. What is likely damaged sums to more than 0.5.
    """
    def detect(image: tf.Tensor) -> tf.Tensor:
        height, width = tf.shape(image)[1], tf.shape(image)[2]
        values = image * 2.0 - 1.0
        for axis, side in ((1, height), (2, width)):  # the last row and column repeated
            padded = side + tf.math.floormod(-side, MULTIPLE)
            values = tf.gather(values, tf.minimum(tf.range(padded), side - 1), axis=axis)
        said = tf.ensure_shape(network(values, training=False), (None, None, None, CLASSES))[:, :height, :width]
        undamaged, kinds = said[..., :1], said[..., 1:]
        return kinds / (tf.reduce_sum(kinds, axis=-1, keepdims=True) + UNDAMAGED_ODDS * undamaged)

    return detect


def sought_probability(sought: tf.Tensor, damaged: tf.Tensor) -> tf.Tensor:
    """How likely a pixel is damaged in one of the kinds that are sought, if there are no others in the picture.

    A line that may be a scratch or a crack is a scratch where cracks are out of the question. But what is hardly
    credible as one of the sought kinds is left: letters are no scratches.

    Args:
        sought: float32 of any shape, the sum of the probabilities of the kinds that are sought.
        damaged: The same of all kinds.
    """
    given = sought / (tf.maximum(0.0, 1.0 - damaged) + sought + 1e-7)
    return tf.where(sought >= CREDIBLE, given, sought)


def save_network(network: tf.keras.Model, path: Path, *, half: bool = False) -> None:
    """Write the weights as an .npz file, whole or not at all; with `half` as float16, half the size."""
    arrays = [weight.astype(np.float16 if half else np.float32) for weight in network.get_weights()]
    with replacing(path) as temporary, temporary.open("wb") as file:
        np.savez(file, *arrays)


def load_network(path: Path) -> tf.keras.Model:
    """Read what `save_network` has written.

    Raises:
        InputError: If the file is missing, corrupt or of another network.
    """
    try:
        content = np.load(path, allow_pickle=False)
        with content:  # fails where it is a single array
            weights = [content[name] for name in content.files]
        if weights[0].shape[:-1] != (3, 3, 3):
            raise ValueError(f"its first layer has weights of shape {weights[0].shape}")
        network = build_network(weights[0].shape[-1])
        network.set_weights(weights)
    except OSError as error:
        raise InputError(path, f"cannot be read ({error.strerror or error})", "check the path") from error
    except (ValueError, IndexError, KeyError, TypeError, EOFError, zipfile.BadZipFile) as error:
        raise InputError(path, f"is corrupt or of another network ({' '.join(str(error).split())})",
                         "give a file that python -m pipelines.train_damage wrote") from error
    return network
