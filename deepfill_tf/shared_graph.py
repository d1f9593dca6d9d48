"""Pieces of a graph that come several times."""

from __future__ import annotations

import functools

import tensorflow as tf

# `tf.function` for a piece that is traced once and called from each place, instead of being written out there: a
# network with fewer operations is loaded sooner.
shared_graph = functools.partial(tf.function, autograph=False, experimental_attributes={"_noinline": True})
