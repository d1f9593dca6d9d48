"""The whole chain from bytes to bytes: what a SavedModel and a StableHLO program compute."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any, Optional

import tensorflow as tf

from pipelines.chain import RestorationChain

if TYPE_CHECKING:
    from denoise import Denoiser

Outputs = dict[str, tf.Tensor]
PICTURE = [None, None, None, 3]
MASK = [None, None, None, 1]


class ServedChain(tf.Module):
    """`RestorationChain` on 8-bit pictures, with fixed networks and nothing but TensorFlow operations.

    The results are those of `pipelines.restore`, byte for byte, with the same denoiser and inpainter, and oneDNN on as
    `runtime.start` has it.

    Args:
        denoiser: None leaves the noise.
        inpainter: What `deepfill_tf.build_generator` returns. To a guided one no edges are drawn.
        batch, size: Number of pictures and their (height, width) where a compiler must know them; None: any.

    Attributes:
        weights: All variables of the networks by name.
    """

    def __init__(self, denoiser: Optional[Denoiser], inpainter: tf.keras.Model, *, batch: Optional[int] = None,
                 size: tuple[Optional[int], Optional[int]] = (None, None)) -> None:
        super().__init__(name="served_chain")
        chain = functools.partial(RestorationChain, channels=3, batch=batch, size=size)
        # Two chains, one after the other, are the one of both networks: nothing is rounded between them.
        self._denoising = None if denoiser is None else chain(
            denoiser=denoiser.tensor_function(), denoiser_channels=denoiser.channels)
        self._inpainting = chain(inpainter=inpainter)
        # Black and white are unknown to the graph's optimiser as they are to `Restorer`'s: it would turn divisions
        # by constants into products, which round otherwise.
        self.value_range = tf.Variable([0.0, 255.0], trainable=False, name="value_range")
        self.weights = {**({} if self._denoising is None else _named("denoiser", self._denoising)),
                        **_named("inpainter", self._inpainting)}

    def signatures(self) -> dict[str, Any]:
        """The `tf.function`s to export, by name, for any number and size of pictures."""
        image = tf.TensorSpec(PICTURE, tf.uint8, name="image")
        mask = tf.TensorSpec(MASK, tf.uint8, name="mask")
        image_bytes = tf.TensorSpec([None], tf.string, name="image_bytes")
        return {
            "serving_default": tf.function(self.restore, input_signature=[image, mask]),
            "restore_encoded": tf.function(self.restore_encoded, input_signature=[
                image_bytes, tf.TensorSpec([None], tf.string, name="mask_bytes")]),
            "denoise": tf.function(self.denoise, input_signature=[image]),
            "inpaint": tf.function(self.inpaint, input_signature=[image, mask]),
        }

    def restore(self, image: tf.Tensor, mask: tf.Tensor) -> Outputs:
        """Denoise, then fill the holes.

        Args:
            image: uint8 (B, H, W, 3), RGB, any H and W from 1.
            mask: uint8 (B, H, W, 1), see `holes`.

        Returns:
            "restored" and "denoised", uint8 (B, H, W, 3).

        Raises:
            InvalidArgumentError: If image and mask are not of one number and size.
        """
        return self._restore(image, mask)

    def denoise(self, image: tf.Tensor) -> Outputs:
        """"denoised", uint8 (B, H, W, 3), of an image without holes of the same shape."""
        return {"denoised": self._restore(image, tf.zeros_like(image[..., :1]), fills=False)["denoised"]}

    def inpaint(self, image: tf.Tensor, mask: tf.Tensor) -> Outputs:
        """"restored", as `restore` gives it for an image without noise: outside the holes it is `image`."""
        return {"restored": self._restore(image, mask, denoises=False)["restored"]}

    def restore_encoded(self, image_bytes: tf.Tensor, mask_bytes: tf.Tensor) -> Outputs:
        """Restore pictures in files, each of a size of its own.

        Args:
            image_bytes: string (B,), PNG or JPEG files. What is no 8-bit RGB becomes it; alpha is dropped.
            mask_bytes: string (B,) or, one for all, (1,): PNG or JPEG files; white (above 127) is a hole. An empty
                string leaves the mask out: nothing is filled.

        Returns:
            "restored_bytes" and "denoised_bytes", string (B,), PNG files.
        """
        def restore(files: tuple[tf.Tensor, tf.Tensor]) -> Outputs:
            image = decoded(files[0], channels=3)
            mask = tf.cond(tf.equal(files[1], ""), lambda: tf.zeros_like(image[..., :1]),
                           lambda: decoded(files[1], channels=1))
            outputs = self._restore(image[tf.newaxis], mask[tf.newaxis])
            return {f"{name}_bytes": tf.io.encode_png(value[0]) for name, value in outputs.items()}

        masks = tf.broadcast_to(mask_bytes, tf.shape(image_bytes))
        return tf.map_fn(restore, (image_bytes, masks), parallel_iterations=1, fn_output_signature={
            "restored_bytes": tf.TensorSpec([], tf.string), "denoised_bytes": tf.TensorSpec([], tf.string)})

    def _restore(self, image: tf.Tensor, mask: tf.Tensor, *, denoises: bool = True, fills: bool = True) -> Outputs:
        # Where sizes are known the signature checks them, and XLA knows no assertions.
        checks = [] if image.shape.is_fully_defined() else [
            tf.debugging.assert_equal(tf.shape(image)[:3], tf.shape(mask)[:3],
                                      message="image and mask should be of one number and size")]
        with tf.control_dependencies(checks):
            # Python's way to call a signature lets other numbers of channels through.
            denoised = tf.cast(tf.ensure_shape(image, PICTURE), tf.float32)
            hole = holes(tf.ensure_shape(mask, MASK))
        if denoises and self._denoising is not None:
            denoised = self._denoising(denoised, hole, self.value_range)["denoised"]
        edges = tf.zeros_like(hole) if self._inpainting.is_guided else None
        restored = denoised if not fills else tf.cond(
            tf.reduce_any(hole > 0.5),
            lambda: self._inpainting(denoised, hole, self.value_range, edges)["restored"], lambda: denoised)
        return {name: tf.ensure_shape(to_bytes(value), PICTURE)
                for name, value in (("restored", restored), ("denoised", denoised))}


def _named(part: str, chain: RestorationChain) -> dict[str, tf.Variable]:
    return {f"{part}/{index:03}/{variable.name.partition(':')[0]}": variable
            for index, variable in enumerate(chain.restore.variables)}


def holes(mask: tf.Tensor) -> tf.Tensor:
    """float32 (B, H, W, 1), 1 = hole, of a uint8 mask: what is above 127, or above 0 in a mask of 0 and 1."""
    is_binary = tf.reduce_max(mask, axis=[1, 2, 3], keepdims=True) <= 1
    return tf.cast(tf.where(is_binary, mask > 0, mask > 127), tf.float32)


def to_bytes(values: tf.Tensor) -> tf.Tensor:
    """uint8, rounded as `pipelines.restoration` does it: halves to even."""
    return tf.cast(tf.clip_by_value(tf.round(values), 0.0, 255.0), tf.uint8)


def decoded(contents: tf.Tensor, *, channels: int) -> tf.Tensor:
    """uint8 (H, W, channels) of a PNG or JPEG file; JPEG with the decoder's exact arithmetic, as Pillow does it."""
    image = tf.cond(tf.io.is_jpeg(contents),
                    lambda: tf.io.decode_jpeg(contents, channels, dct_method="INTEGER_ACCURATE"),
                    lambda: tf.io.decode_png(contents, channels))
    return tf.ensure_shape(image, [None, None, channels])
