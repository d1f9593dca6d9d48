"""A generator that computes what the hole's pixels depend on, and nothing else, in bounded memory."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Optional, Union

import tensorflow as tf

from deepfill_tf.generator import hole_fill_of
from deepfill_tf.layers.contextual_attention import ContextualAttention
from deepfill_tf.layers.hole_reach import HoleReach
from deepfill_tf.layers.masking import ShrinkMask
from deepfill_tf.tiles import Scaled, map_tiles

CELL = 4  # pixels: where the networks work at a quarter of the image's size
WORKING_BYTES = 256 * 2**20


@dataclasses.dataclass(frozen=True)
class Part:
    """A piece of the network that looks at nearby pixels only.

    Args:
        model: Takes features at a quarter of the size, then images; either may be missing.
        reach: How far it looks, in cells of 4 x 4 pixels.
        bytes_per_cell: Memory that it takes at most while it runs.
    """

    model: tf.keras.Model
    reach: int
    bytes_per_cell: int


class HoleGenerator(tf.Module):
    """The same network as `generator`, for the same pixels in the hole.

    All of it but the attention is local: encoders, the dilated middle, decoders. Each is computed tile by tile, only
    where what follows will look at it, and on the whole image where that is less work. The attention takes its keys
    from the whole image, but asks only for what reaches the hole.

    Args:
        generator: What `build_generator` of either version returns.

    Attributes:
        generator, inputs: That, and its inputs.
    """

    def __init__(self, generator: tf.keras.Model) -> None:
        super().__init__(name="hole_generator")
        self.generator = generator  # so that its variables are found when this is saved
        self.inputs = generator.inputs
        image, mask, *edges = generator.inputs

        def output(name):
            return generator.get_layer(name).output

        def part(features, images, result, reach, bytes_per_cell):
            return Part(tf.keras.Model([*features, *images], result), reach, bytes_per_cell)

        start, pasted = output("erased"), output("coarse_pasted")
        # What the refining stage sees besides features: v1 gives it the mask, too, and a smooth start is painted onto.
        self._sees_mask = any(layer.name == "refining_input" for layer in generator.layers)
        self._paints_onto = hole_fill_of(generator) != "zeros"
        refining = [pasted, mask] if self._sees_mask else [pasted]
        self._start = tf.keras.Model([image, mask], start)
        self._encode = part([], [start, mask, *edges], output("conv6"), 4, 12000)
        self._spread = part([output("conv6")], [], output("conv10_atrous"), 30, 3000)
        self._decode = part([output("conv10_atrous")], [start, mask], pasted, 4, 12000)
        self._imagine = part([], refining, output("xconv6"), 4, 12000)
        self._imagine_on = part([output("xconv6")], [], output("xconv10_atrous"), 30, 3000)
        self._look = part([], refining, output("pmconv6"), 4, 12000)
        self._attend = ContextualAttention.from_config({
            **generator.get_layer("contextual_attention").get_config(), "hole_only": True})
        self._finish = part([output("xconv10_atrous"), output("contextual_attention")],
                            [pasted] if self._paints_onto else [], generator.outputs[1], 6, 12000)

    def __call__(self, inputs: Sequence[tf.Tensor], *, working_bytes: Union[int, tf.Tensor] = WORKING_BYTES,
                 details: Optional[tf.Tensor] = None) -> list[tf.Tensor]:
        """Fill the hole.

        Args:
            inputs: As of the generator: H, W multiples of 8.
            working_bytes: int64: bound for what the convolutions of a tile, or a few queries' scores, take at a time,
                besides images, features and keys. The smallest tiles need about 30 MB. The result does not depend on
                it, but for float32's last digits.
            details: (B, H / 4, W / 4, D), anything that belongs to the known image.

        Returns:
            Coarse and refined stage, as the generator's own call gives them in the hole; elsewhere unspecified. With
            details a third tensor: for the hole, those of the places from which the attention borrows.
        """
        image, mask, *edges = inputs
        working_bytes = tf.cast(working_bytes, tf.int64)
        hole = tf.nn.max_pool2d(mask, CELL, CELL, "VALID")
        start = self._start([image, mask])
        features = self._features(self._encode, [], [start, mask, *edges],
                                  _widened(hole, self._decode.reach + self._spread.reach), working_bytes)
        features = self._features(self._spread, [features], [], _widened(hole, self._decode.reach), working_bytes)
        pasted = self._run(self._decode, [features], [start, mask], Scaled(start, CELL), hole, working_bytes)
        refining = [pasted, mask] if self._sees_mask else [pasted]
        imagined = self._features(self._imagine, [], refining,
                                  _widened(hole, self._finish.reach + self._imagine_on.reach), working_bytes)
        imagined = self._features(self._imagine_on, [imagined], [], _widened(hole, self._finish.reach), working_bytes)
        with tf.control_dependencies([imagined]):  # one after another: both at once would take twice the memory
            features = self._features(self._look, [], [*map(tf.identity, refining)], tf.ones_like(hole), working_bytes)

        def attended(values=None):
            return self._attend(features, ShrinkMask()(mask), HoleReach()(mask), values=values,
                                block_bytes=working_bytes)

        refined = self._run(self._finish, [imagined, attended()], [pasted] if self._paints_onto else [],
                            Scaled(pasted, CELL), hole, working_bytes)
        return [pasted, refined] if details is None else [pasted, refined, attended(details)]

    def _features(self, part, features, images, needed, working_bytes):
        channels = part.model.output_shape[-1]
        zeros = tf.zeros(tf.concat([tf.shape(needed)[:3], [channels]], axis=0))
        zeros = tf.ensure_shape(zeros, [None, None, None, channels])
        return self._run(part, features, images, Scaled(zeros, 1), needed, working_bytes)

    def _run(self, part, features, images, background, needed, working_bytes):
        inputs = [*(Scaled(tensor, 1) for tensor in features), *(Scaled(tensor, CELL) for tensor in images)]
        bytes_per_cell = part.bytes_per_cell * tf.shape(needed, out_type=tf.int64)[0]
        largest = tf.cast(tf.minimum(working_bytes // bytes_per_cell, tf.int32.max), tf.int32)
        return map_tiles(lambda *tensors: part.model(list(tensors)), inputs, background, needed, reach=part.reach,
                         largest=largest)


def _widened(cells, reach):
    """Cells at most `reach` away from one above 0."""
    for size in ([2 * reach + 1, 1], [1, 2 * reach + 1]):
        cells = tf.nn.max_pool2d(cells, size, 1, "SAME")
    return cells
