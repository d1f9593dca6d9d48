"""Denoise, inpaint, or both inside one graph, so that between the two networks no tensor leaves the device."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, Optional

import tensorflow as tf

from deepfill_tf.coarse_to_fine import complete_coarse_to_fine
from deepfill_tf.hole_generator import WORKING_BYTES, HoleGenerator
from deepfill_tf.inference import complete
from pipelines.light_rewriting import light_rewriting

TensorDenoiser = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]


class RestorationChain(tf.Module):
    """Noise2Void and DeepFill joined as one TensorFlow function.

    Args:
        channels: Of the images, 1 (gray) or 3 (RGB).
        denoiser: What `denoise.Denoiser.tensor_function` returns; None leaves the noise.
        denoiser_channels: Channels that the denoiser was trained on. One that knows a single channel denoises the
            channels of an RGB image one by one; one that knows three sees a gray image as RGB.
        inpainter: What `deepfill_tf.build_generator` returns; None leaves the holes as the denoiser left them.
            A guided one makes the edges an input of the chain.
        batch, size: Number of images and their (height, width) where a compiler must know them; None: any.

    Attributes:
        is_guided: Whether it takes edges.

    Raises:
        ValueError: If a number of channels is neither 1 nor 3.
    """

    def __init__(self, *, channels: int, denoiser: Optional[TensorDenoiser] = None, denoiser_channels: int = 3,
                 inpainter: Optional[tf.keras.Model] = None, batch: Optional[int] = None,
                 size: tuple[Optional[int], Optional[int]] = (None, None)) -> None:
        super().__init__(name="restoration_chain")
        for name, count in (("channels", channels), ("denoiser_channels", denoiser_channels)):
            if count not in (1, 3):
                raise ValueError(f"`{name}` should be 1 or 3. Received: {count}")
        self.channels = channels
        self.denoiser_channels = denoiser_channels
        self._denoiser = denoiser
        # A compiler that must know all sizes has no use for tiles.
        is_fixed = batch is not None and None not in size
        self._inpainter = inpainter if inpainter is None or is_fixed else HoleGenerator(inpainter)
        self.is_guided = inpainter is not None and len(inpainter.inputs) == 3
        # Unless they are given, sizes stay open: images of different sizes share one graph.
        self._signature = [
            tf.TensorSpec([batch, *size, channels], tf.float32, name="image"),
            tf.TensorSpec([batch, *size, 1], tf.float32, name="mask"),
            tf.TensorSpec([2], tf.float32, name="value_range"),
            tf.TensorSpec([], tf.int64, name="working_bytes"),
            *([tf.TensorSpec([batch, *size, 1], tf.float32, name="edges")] if self.is_guided else [])]
        self.restore = _traced(self._restore, self._signature)
        self._by_factor: dict[int, Any] = {}

    def __call__(self, image: tf.Tensor, mask: tf.Tensor, value_range: tf.Tensor, edges: Optional[tf.Tensor] = None, *,
                 working_bytes: int = WORKING_BYTES) -> dict[str, tf.Tensor]:
        """Restore a batch.

        Args:
            image: float32 (B, H, W, channels), any H and W from 1, in units of `value_range`.
            mask: float32 (B, H, W, 1), 1 = hole.
            value_range: float32 (2,), the values of black and white.
            edges: float32 (B, H, W, 1), 1 = edge, for a guided inpainter and no other.
            working_bytes: What the inpainter may take at a time, see `HoleGenerator`.

        Returns:
            "denoised" and "restored", both shaped, and in the units, of `image`. Without a denoiser they are
            `image`, bit by bit, outside the hole.
        """
        with light_rewriting():
            return self.restore(*_inputs(image, mask, value_range, edges, working_bytes))

    def fill_wide(self, image: tf.Tensor, mask: tf.Tensor, value_range: tf.Tensor, edges: Optional[tf.Tensor] = None,
                  *, factor: int, working_bytes: int = WORKING_BYTES) -> tf.Tensor:
        """Fill holes that are too wide for the network at a fraction of the size, see `complete_coarse_to_fine`.

        Args:
            image, mask, value_range, edges, working_bytes: As for a call; the image is not denoised.
            factor: How many times smaller the network sees the image, at least 2. Each has a graph of its own.

        Returns:
            Shaped, and in the units, of `image`.
        """
        if factor not in self._by_factor:
            def fill(image, mask, value_range, working_bytes, edges=None):
                return self._inpaint(image, mask, value_range, edges, functools.partial(
                    complete_coarse_to_fine, factor=factor, working_bytes=working_bytes))

            self._by_factor[factor] = _traced(fill, self._signature)
        with light_rewriting():
            return self._by_factor[factor](*_inputs(image, mask, value_range, edges, working_bytes))

    def _restore(self, image, mask, value_range, working_bytes, edges=None):
        denoised = image
        if self._denoiser is not None:
            denoised = tf.clip_by_value(self._denoise(image, mask), value_range[0], value_range[1])
        restored = denoised
        if self._inpainter is not None:
            options = {"working_bytes": working_bytes} if isinstance(self._inpainter, HoleGenerator) else {}
            restored = self._inpaint(denoised, mask, value_range, edges, functools.partial(complete, **options))
        return {"denoised": denoised, "restored": restored}

    def _inpaint(self, image, mask, value_range, edges, method):
        low, high = value_range[0], value_range[1]
        normalised = tf.clip_by_value((image - low) / (high - low) * 2.0 - 1.0, -1.0, 1.0)
        completed = to_channels(method(self._inpainter, to_channels(normalised, 3), mask, edges), self.channels)
        return tf.where(mask > 0.5, (completed + 1.0) / 2.0 * (high - low) + low, image)

    def _denoise(self, image, mask):
        if self.denoiser_channels == 1 and self.channels == 3:
            planes = [self._denoiser(plane, mask) for plane in tf.split(image, 3, axis=-1)]
            return tf.concat(planes, axis=-1)
        return to_channels(self._denoiser(to_channels(image, self.denoiser_channels), mask), self.channels)


def _traced(function: Callable[..., Any], signature: list[tf.TensorSpec]) -> Any:
    # Not even inside of layers: nothing in them needs autograph, and it takes as long as the tracing.
    unconverted = tf.autograph.experimental.do_not_convert(function)
    with light_rewriting():  # graphs that are called inside of this one keep what holds while it is traced
        return tf.function(unconverted, autograph=False).get_concrete_function(*signature)


def _inputs(image, mask, value_range, edges, working_bytes):
    tensors = [tf.convert_to_tensor(value) for value in (image, mask, value_range)]
    return [*tensors, tf.constant(working_bytes, tf.int64), *([] if edges is None else [tf.convert_to_tensor(edges)])]


def to_channels(image: tf.Tensor, channels: int) -> tf.Tensor:
    """Gray (B, H, W, 1) as RGB, or RGB (B, H, W, 3) as the mean of its channels; else unchanged."""
    if image.shape[-1] == channels:
        return image
    if channels == 3:
        return tf.repeat(image, 3, axis=-1)
    return tf.reduce_mean(image, axis=-1, keepdims=True)
