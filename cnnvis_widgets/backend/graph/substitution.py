"""A layer's result exchanged for another while a network is traced."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import tensorflow as tf


class Substitution:
    """What a layer is to give instead of its own result.

    Args:
        layer: its path.
        value: of the result's shape.

    Attributes:
        used: whether the layer was met.
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
    """The one in force."""
    return _current.get()


@contextmanager
def substituting(exchange: Substitution) -> Iterator[None]:
    """Within this, a layer's result is exchanged in every trace."""
    token = _current.set(exchange)
    try:
        yield
    finally:
        _current.reset(token)
