"""A layer's result replaced by another while a network is traced."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import tensorflow as tf


class Substitution:
    """A tensor that replaces a layer's result.

    Args:
        layer: the layer's path.
        value: of the result's shape.

    Attributes:
        used: whether the layer was reached.
    """

    def __init__(self, layer: str, value: tf.Tensor) -> None:
        self.layer, self.value, self.used = layer, value, False

    def instead(self, path: str, output: Any) -> Any:
        """The value where `path` is the layer, else the output itself."""
        if path != self.layer or not isinstance(output, tf.Tensor):
            return output
        self.used = True
        return tf.cast(self.value, output.dtype)


_current: ContextVar[Substitution | None] = ContextVar("substitution", default=None)


def substitution() -> Substitution | None:
    """The current substitution."""
    return _current.get()


@contextmanager
def substituting(exchange: Substitution) -> Iterator[None]:
    """Within this, the layer's result is replaced in every trace."""
    token = _current.set(exchange)
    try:
        yield
    finally:
        _current.reset(token)
