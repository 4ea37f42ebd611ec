"""Layers for random networks, each with a form for a twin in double precision.

A twin computes the same function with derivatives that are those of what it computes: no custom or
stopped gradient, no resizing in single precision. After each of its layers a `Nudge` allows the
tests to read or change what the layer gives, and its ReLUs follow the rule that is in force.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import keras
import numpy as np
import tensorflow as tf

L, ops = keras.layers, keras.ops
ACTIVATIONS = (
    *("relu", "relu", "relu", "relu6", "elu", "selu", "celu", "gelu", "silu", "mish", "tanh"),
    *("sigmoid", "softplus", "softsign", "leaky_relu", "hard_sigmoid", "hard_silu", "hard_tanh"),
    *("log_sigmoid", "exponential", "softmax", "squareplus", "sparse_plus", "soft_shrink"),
    *("hard_shrink", "tanh_shrink"),
)
_rule = "gradient"


@contextmanager
def relu_rule(rule: str) -> Iterator[None]:
    """Within this, twins' ReLUs pass back what the rule (gradient, deconvnet, guided) lets by."""
    global _rule
    before, _rule = _rule, rule
    try:
        yield
    finally:
        _rule = before


def relu(top: float | None = None) -> Callable[[Any], Any]:
    """A twin's (clipped) ReLU."""

    @tf.custom_gradient
    def gate(x: Any) -> Any:
        rule = _rule
        is_open = (x > 0) & ((x < top) if top else True)

        def back(upstream: Any) -> Any:
            positive = tf.maximum(upstream, 0) if rule != "gradient" else upstream
            return positive if rule == "deconvnet" else tf.where(is_open, positive, 0)

        y = tf.where(x > 0, x, 0)
        return (tf.minimum(y, top) if top else y), back

    return gate


class Nudge(L.Layer):
    """The identity: remembers what passes, and changes it where asked."""

    change: Callable[[Any], Any] | None = None
    seen: Any = None

    def call(self, x: Any) -> Any:
        self.seen = x if self.change is None else self.change(x)
        return self.seen


class Twinned(L.Layer):
    """A layer that is told whether it is part of a twin."""

    def __init__(self, twin: bool) -> None:
        super().__init__()
        self.twin = twin


class InAFunction(Twinned):
    """A layer whose call is a tf.function."""

    def call(self, x: Any) -> Any:
        if self.twin:
            return relu()(x) + x / 3
        return _in_a_function(x)


@tf.function
def _in_a_function(x: Any) -> Any:
    return tf.nn.relu(x) + x / 3


class Reversal(Twinned):
    """The identity, with a gradient that says otherwise."""

    def call(self, x: Any) -> Any:
        if self.twin:
            return tf.identity(x)
        return tf.custom_gradient(lambda y: (tf.identity(y), lambda dy: -2 * dy))(x)


class Stopped(Twinned):
    """x times its own sigmoid, whose gradient is stopped."""

    def call(self, x: Any) -> Any:
        return x * (tf.sigmoid(x) if self.twin else tf.stop_gradient(tf.sigmoid(x)))


class Rounded(L.Layer):
    """Rounded to eighths; its declared derivative is 1."""

    def call(self, x: Any) -> Any:
        return tf.custom_gradient(lambda y: (tf.round(8 * y) / 8, lambda dy: dy))(x)


class ByTheBatch(L.Layer):
    """Flattens and unflattens by the size of the batch that it is given."""

    def call(self, x: Any) -> Any:
        return tf.reshape(tf.reshape(x, (tf.shape(x)[0], -1)), (-1, *x.shape[1:]))

    def compute_output_shape(self, shape: Any) -> Any:
        return shape


class Hand(L.Layer):
    """A softmax by hand."""

    def call(self, x: Any) -> Any:
        powers = tf.exp(x - tf.reduce_max(x, -1, keepdims=True))
        return powers / tf.reduce_sum(powers, -1, keepdims=True)


class SoftmaxInAFunction(L.Layer):
    """A softmax within a tf.function."""

    @tf.function
    def call(self, x: Any) -> Any:
        return tf.nn.softmax(x)


class Unit(L.Layer):
    """A subclassed layer with layers of its own, called under a condition of Python's."""

    def __init__(self, units: int, gate: Any) -> None:
        super().__init__()
        self.first, self.gate = L.Conv2D(units, 3, padding="same"), gate
        self.second = L.DepthwiseConv2D(3, padding="same")

    def build(self, shape: Any) -> None:
        self.first.build(shape)
        self.second.build((*shape[:3], self.first.filters))
        self.built = True

    def call(self, x: Any) -> Any:
        x = self.gate(self.first(x))
        return self.second(x) + x

    def compute_output_shape(self, shape: Any) -> Any:
        return (*shape[:3], self.first.filters)


class Bilinear(L.Layer):
    """Resizing with half-pixel centres, as one matrix for the rows and one for the columns.

    `tf.image.resize` computes in single precision whatever it is given.
    """

    def __init__(self, rows: int, columns: int) -> None:
        super().__init__()
        self.size = rows, columns

    def call(self, x: Any) -> Any:
        down, across = (_matrix(n, m) for n, m in zip(x.shape[1:3], self.size, strict=True))
        return tf.einsum("ri,kj,bijc->brkc", down, across, x)

    def compute_output_shape(self, shape: Any) -> Any:
        return (shape[0], *self.size, shape[3])


def _matrix(size: int, wanted: int) -> np.ndarray:
    table = np.zeros((wanted, size))
    for i in range(wanted):
        at = min(max((i + 0.5) * size / wanted - 0.5, 0), size - 1)
        low = int(at)
        table[i, low] += 1 - (at - low)
        table[i, min(low + 1, size - 1)] += at - low
    return table
