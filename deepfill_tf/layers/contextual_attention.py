"""Contextual attention: every patch of the hole borrows from patches of the known image."""

from __future__ import annotations

from typing import Any

import tensorflow as tf

from deepfill_tf.layers.attention_tile import AttentionTile
from deepfill_tf.layers.known_shape import KnownShape
from deepfill_tf.layers.patches import from_blocks, neighbourhoods, to_blocks
from deepfill_tf.layers.query_tiles import lay_tiles, map_recomputed, tile_sides
from deepfill_tf.layers.resize import shrink_nearest

SMALLEST_NORM = 1e-4
BLOCK_BYTES = 128 * 2**20


@tf.keras.utils.register_keras_serializable(package="deepfill_tf")
class ContextualAttention(KnownShape):
    """Rebuild features from the best matching patches outside the hole.

    Scores are cosine-like: queries against unit-norm keys, on features shrunk by `rate`. A key is usable when none
    of its cells lies in the hole. The softmax spreads `2 * rate` sized patches of the full features.

    Args:
        patch_size: Side of the matched patches, odd.
        rate: Shrinking before the match; pasted patches have side `2 * rate`.
        fuse: Whether neighbouring queries vote for neighbouring keys, see `AttentionTile`.
        fuse_size: How many neighbours vote, odd.
        softmax_scale: Sharpness of the choice.
        block_bytes: Bound for the score maps that are in memory at a time; queries are worked on in tiles that
            fit, each against all keys, and once more for the gradient. The result does not depend on it (with
            `hole_only`: but for float32's last digit).
        hole_only: Whether to leave out what `needed` does not ask for, and keys that hardly matter (see
            `AttentionTile.blocks_from_few`); if not, `needed` is ignored.

    Inputs:
        features (B, H, W, C) and mask (B or 1, H, W, 1), 1 = hole. H, W multiples of `rate`, known or not.
        needed (B or 1, H, W, 1), 1 = position of the output that matters, or None for all. With `hole_only`, what
        is returned elsewhere is unspecified, but finite.
        values (B, H, W, D), by keyword: what is pasted instead of the features; None for these.
        block_bytes int64 (), by keyword: instead of the argument of this name; None for that.

    Returns:
        (B, H, W, C or D). With `return_offsets=True` also int32 (B, H / rate, W / rate, 2): row and column distance
        from each patch to its best match.

    Reference:
        Yu et al. 2018, arXiv:1801.07892, section 3.2; `contextual_attention` in the official inpaint_ops.py.

    Differs from the reference:
        Every image of a batch has its own mask; the L x L score map is never whole in memory. Kept on purpose:
        masked logits are 0, not minus infinity, before the softmax, and the rest is not renormalised; the border
        gets fewer overlapping patches and is darker.
    """

    def __init__(self, patch_size: int = 3, *, rate: int = 2, fuse: bool = True, fuse_size: int = 3,
                 softmax_scale: float = 10.0, block_bytes: int = BLOCK_BYTES, hole_only: bool = False,
                 **kwargs: Any) -> None:
        super().__init__(**kwargs)
        for name, value in (("patch_size", patch_size), ("fuse_size", fuse_size)):
            if value < 1 or value % 2 == 0:
                raise ValueError(f"`{name}` should be odd and positive. Received: {value}")
        for name, value in (("rate", rate), ("block_bytes", block_bytes)):
            if value < 1:
                raise ValueError(f"`{name}` should be at least 1. Received: {value}")
        self.patch_size = patch_size
        self.rate = rate
        self.fuse = fuse
        self.fuse_size = fuse_size
        self.softmax_scale = softmax_scale
        self.block_bytes = block_bytes
        self.hole_only = hole_only

    def call(self, features, mask, needed=None, *, values=None, block_bytes=None, return_offsets=False):
        return self._attend(features, mask, needed, features if values is None else values,
                            self.block_bytes if block_bytes is None else block_bytes, return_offsets)

    def compute_output_shape(self, input_shape):
        return tf.TensorShape(input_shape)

    @tf.autograph.experimental.do_not_convert  # nothing in it needs it, and it takes longer than the tracing
    def _attend(self, features, mask, needed, values, block_bytes, return_offsets):
        reach = self.fuse_size // 2 if self.fuse else 0
        keys, norms, grid = self._keys(features, margin=reach)
        batch = features.shape[0] or tf.shape(features)[0]
        sides = tile_sides(grid, batch, block_bytes)
        covered = [-(-side // tile_side) * tile_side for side, tile_side in zip(grid, sides)]
        wanted = self._wanted_queries(needed if self.hole_only else None, grid, covered)
        tile = AttentionTile(grid, sides, reach, self.softmax_scale, self._usable_keys(mask), wanted)
        origins = tf.stack(tf.meshgrid(*(tf.range(0, end, step) for end, step in zip(covered, sides)),
                                       indexing="ij"), axis=-1)
        origins = tf.reshape(origins, [-1, 2])
        if self.hole_only and needed is not None:
            origins = _tiles_with_any(origins, wanted, sides)
        blocks = to_blocks(values, self.rate)
        rows = tf.reshape(blocks, [-1, (grid[0] + 1) * (grid[1] + 1), blocks.shape[-1]])
        blocks_of_tile = tile.blocks_from_few if self.hole_only else tile.blocks
        pasted = lay_tiles(map_recomputed(blocks_of_tile, origins, (keys, norms, rows)), origins,
                           (covered[0] + 1, covered[1] + 1))
        completed = from_blocks(pasted[:, :grid[0] + 1, :grid[1] + 1], self.rate) / 4
        completed = tf.ensure_shape(completed, values.shape)
        if return_offsets:
            return completed, self._offsets(tile, origins, keys, norms, covered)
        return completed

    def _keys(self, features, margin):
        """Patches as rows of unit norm (B, L, K) and their norms (B, L, 1), between zeros; the patch grid (h, w)."""
        shrunk = shrink_nearest(features, self.rate)
        height, width = (known or side for known, side in zip(shrunk.shape[1:3], tf.unstack(tf.shape(shrunk)[1:3])))
        squares = tf.reduce_sum(tf.square(tf.cast(shrunk, tf.float32)), axis=-1, keepdims=True)
        squares = tf.reduce_sum(neighbourhoods(squares, self.patch_size), axis=-1)
        # The clamp is on the square: a zero row then has gradient 0, not NaN.
        norms = tf.cast(tf.sqrt(tf.maximum(squares, SMALLEST_NORM**2)), shrunk.dtype)
        beyond = [[0, 0], [margin, margin], [0, 0]]
        norms = tf.pad(tf.reshape(norms, [-1, height * width, 1]), beyond, constant_values=1)
        rows = tf.reshape(neighbourhoods(shrunk, self.patch_size),
                          [-1, height * width, self.patch_size**2 * features.shape[-1]])
        return tf.pad(rows, beyond) / norms, norms, (height, width)

    def _wanted_queries(self, needed, grid, covered):
        """float32 (B or 1, *covered): 1 for queries whose patch reaches a position of `needed` (None: for all)."""
        if needed is None:
            wanted = tf.ones([1, *grid])
        else:
            blocks = tf.reduce_max(to_blocks(tf.cast(needed, tf.float32), self.rate), axis=-1, keepdims=True)
            wanted = tf.nn.max_pool2d(blocks, 2, 1, "VALID")[..., 0]
        return tf.pad(wanted, [[0, 0], *([0, end - side] for end, side in zip(covered, grid))])

    def _offsets(self, tile, origins, keys, norms, covered):
        """int32 (B, h, w, 2): the way from each patch to the one it borrows most from."""
        best = tf.map_fn(lambda origin: tf.argmax(tile.probabilities(origin, keys, norms), axis=-1,
                                                  output_type=tf.int32)[..., tf.newaxis],
                         origins, parallel_iterations=1, fn_output_signature=tf.int32)
        height, width = tile.grid
        best = lay_tiles(best, origins, covered)[:, :height, :width, 0]
        rows, columns = tf.meshgrid(tf.range(height), tf.range(width), indexing="ij")
        return tf.stack([best // width - rows, best % width - columns], axis=-1)

    def _usable_keys(self, mask):
        """float32 (B or 1, L): 1 where no cell of the key's patch is in the hole; outside counts as known."""
        shrunk = tf.cast(shrink_nearest(mask, self.rate), tf.float32)
        in_hole = tf.reduce_max(neighbourhoods(shrunk, self.patch_size), axis=-1)
        return tf.cast(tf.equal(tf.reshape(in_hole, [tf.shape(in_hole)[0], -1]), 0.0), tf.float32)

    def get_config(self):
        return {**super().get_config(), "patch_size": self.patch_size, "rate": self.rate, "fuse": self.fuse,
                "fuse_size": self.fuse_size, "softmax_scale": self.softmax_scale, "block_bytes": self.block_bytes,
                "hole_only": self.hole_only}


def _tiles_with_any(origins, wanted, sides):
    """Those origins, int32 (N, 2), whose tile holds a wanted query of any image; at least one."""
    rows, columns = sides
    union = tf.reduce_max(wanted, axis=0)
    tiles = tf.reshape(union, [tf.shape(union)[0] // rows, rows, tf.shape(union)[1] // columns, columns])
    chosen = tf.reshape(tf.reduce_max(tiles, axis=[1, 3]) > 0, [-1])
    # The loop needs a tile to know the shape of its results, even where there is no hole.
    first = tf.logical_or(chosen[:1], tf.logical_not(tf.reduce_any(chosen)))
    return tf.boolean_mask(origins, tf.concat([first, chosen[1:]], axis=0))
