"""The inputs of a network besides the picture, which have fixed values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError


class FixedInputs:
    """All inputs of a model but one, at fixed values.

    Args:
        model: a functional Keras model of several inputs.
        values: name → the input's fixed value, without an axis for the batch; for all but one.

    Raises:
        UnknownNameError: no input of that name.
        InvalidValueError: not a functional model, not all inputs but one, or a wrong shape.

    Attributes:
        picture: the remaining symbolic input.
    """

    def __init__(self, model: keras.Model, values: Mapping[str, Any]) -> None:
        inputs = _named_inputs(model)
        for name in values:
            if name not in inputs:
                raise UnknownNameError.of("input", name, inputs)
        free = [name for name in inputs if name not in values]
        if len(free) != 1:
            raise InvalidValueError(
                f"inputs holds every input but the picture; of {', '.join(inputs)} "
                f"{', '.join(free) or 'none'} would be left."
            )
        self._picture, self._structure = free[0], model.input
        self._values = {n: _checked(n, inputs[n], v) for n, v in values.items()}
        self._order = list(inputs)
        self.picture = inputs[self._picture]

    def with_pixels(self, pixels: tf.Tensor) -> Any:
        """The arguments of the model: the pixels, and the fixed values repeated for the batch."""
        batch = tf.shape(pixels)[0]
        flat = [
            pixels
            if name == self._picture
            else tf.repeat(tf.constant(self._values[name])[None], batch, 0)
            for name in self._order
        ]
        return keras.tree.pack_sequence_as(self._structure, flat)


def _named_inputs(model: keras.Model) -> dict[str, Any]:
    """The symbolic inputs by name: a dictionary's keys, else their own names."""
    try:
        structure, flat = model.input, list(model.inputs)
    except (AttributeError, ValueError, TypeError):
        raise InvalidValueError(
            f"inputs names the inputs of a functional model; {model.name!r} does not tell its own."
        ) from None
    names = [x.name for x in flat]
    if isinstance(structure, Mapping):
        by_id = {id(x): key for key, x in structure.items()}
        names = [by_id.get(id(x), x.name) for x in flat]
    ordered = keras.tree.flatten(structure)
    names_by_id = {id(x): name for x, name in zip(flat, names, strict=True)}
    return {names_by_id[id(x)]: x for x in ordered}


def _checked(name: str, symbolic: Any, value: Any) -> np.ndarray:
    shape = tuple(symbolic.shape[1:])
    array = np.asarray(keras.ops.convert_to_numpy(value) if hasattr(value, "dtype") else value)
    if array.shape == (1, *shape):  # as a batch of one
        array = array[0]
    fits = len(array.shape) == len(shape) and all(
        n in (None, m) for n, m in zip(shape, array.shape, strict=True)
    )
    if array.dtype.kind not in "biuf" or not fits or not np.isfinite(array).all():
        raise InvalidValueError(
            f"The input {name!r} takes finite numbers of shape {shape}; got {array.dtype} "
            f"{array.shape}."
        )
    return array.astype(str(symbolic.dtype))


_current: ContextVar[FixedInputs | None] = ContextVar("fixed_inputs", default=None)


def fixed_inputs() -> FixedInputs | None:
    """The fixed inputs of the network that is being traced; None if there are none."""
    return _current.get()


@contextmanager
def using_inputs(inputs: FixedInputs | None) -> Iterator[None]:
    """Within this, forward passes are traced with these inputs besides the picture."""
    token = _current.set(inputs)
    try:
        yield
    finally:
        _current.reset(token)
