"""The inputs of a network beside the picture, held at one value while the picture is explained."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError


class HeldInputs:
    """All inputs of a model but one, at fixed values.

    Args:
        model: a functional Keras model of several inputs.
        values: name → what the input is held at, without an axis for the batch; for all but one.

    Raises:
        UnknownNameError: no input of that name.
        InvalidValueError: no functional model, not all but one, or a value of another shape.

    Attributes:
        picture: the input that is left, symbolic.
    """

    def __init__(self, model: keras.Model, values: Mapping[str, Any]) -> None:
        named = _named_inputs(model)
        for name in values:
            if name not in named:
                raise UnknownNameError.of("input", name, named)
        left = [name for name in named if name not in values]
        if len(left) != 1:
            raise InvalidValueError(
                f"inputs holds every input but the picture; of {', '.join(named)} "
                f"{', '.join(left) or 'none'} would be left."
            )
        self._picture, self._structure = left[0], model.input
        self._named = {n: _checked(n, named[n], v) for n, v in values.items()}
        self._order = list(named)
        self.picture = named[self._picture]

    def beside(self, pixels: tf.Tensor) -> Any:
        """The arguments of the model: the pixels and, for each of the batch, the held values."""
        batch = tf.shape(pixels)[0]
        flat = [
            pixels
            if name == self._picture
            else tf.repeat(tf.constant(self._named[name])[None], batch, 0)
            for name in self._order
        ]
        return keras.tree.pack_sequence_as(self._structure, flat)


def _named_inputs(model: keras.Model) -> dict[str, Any]:
    """The symbolic inputs by name: a dictionary's keys, else their own."""
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
    named = {id(x): name for x, name in zip(flat, names, strict=True)}
    return {named[id(x)]: x for x in ordered}


def _checked(name: str, place: Any, value: Any) -> np.ndarray:
    wanted = tuple(place.shape[1:])
    given = np.asarray(keras.ops.convert_to_numpy(value) if hasattr(value, "dtype") else value)
    if given.shape == (1, *wanted):  # as a batch of one
        given = given[0]
    fits = len(given.shape) == len(wanted) and all(
        n in (None, m) for n, m in zip(wanted, given.shape, strict=True)
    )
    if given.dtype.kind not in "biuf" or not fits or not np.isfinite(given).all():
        raise InvalidValueError(
            f"The input {name!r} takes finite numbers of shape {wanted}; got {given.dtype} "
            f"{given.shape}."
        )
    return given.astype(str(place.dtype))


_held: ContextVar[HeldInputs | None] = ContextVar("held", default=None)


def held_inputs() -> HeldInputs | None:
    """Those of the network that is being traced; None where it has the picture alone."""
    return _held.get()


@contextmanager
def holding(inputs: HeldInputs | None) -> Iterator[None]:
    """Within this, forward passes are traced with these inputs beside the picture."""
    token = _held.set(inputs)
    try:
        yield
    finally:
        _held.reset(token)
