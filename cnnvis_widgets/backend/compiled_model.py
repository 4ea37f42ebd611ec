"""A Keras model, and the functions that were compiled from it."""

from __future__ import annotations

import re
import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from cnnvis_widgets.backend import compiled_functions
from cnnvis_widgets.backend.graph.structure import Structure
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.errors import CnnvisError, InvalidValueError

MOST_PROGRAMS = 32  # compiled functions kept for each network; the least recently used one goes


class CompiledModel:
    """Compiles each function of a model once, on first use, and keeps the last few.

    Args:
        model: a built Keras model with one image input; never changed.
        name: for messages.
        input_shape: (rows, columns, channels).
    """

    def __init__(self, model: keras.Model, name: str, input_shape: tuple[int, int, int]) -> None:
        self.model = model
        self.name = name
        self.input_shape = input_shape
        self._programs: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
        self._targets: dict[str | None, tuple[int | None, ...]] = {}
        self._lock = threading.RLock()
        self._survey: tuple[Any, Structure] | None = None

    @property
    def structure(self) -> Structure:
        """The traced graph's facts.

        Examples:
            >>> network.structure.output_kind
            'softmax'
        """
        return self._surveyed()[1]

    def neuron_arguments(
        self, batch: np.ndarray, neuron: Neuron | None
    ) -> tuple[str | None, str, tuple[tf.Tensor, ...]]:
        """A neuron's layer and aggregate, and the arguments that a program takes for it.

        Examples:
            >>> batch = network.prepare(image).input[None]
            >>> layer, aggregate, _ = network.neuron_arguments(batch, cnnvis.Neuron(None, 3))
            >>> layer, aggregate
            (None, 'sum')
        """
        layer, aggregate, position = (
            (neuron.layer, neuron.aggregate, 0) if neuron else (None, "sum", 0)
        )
        if neuron and neuron.position is not None:
            aggregate = "position"
            places = self._target_shape(layer)[:-1]
            position = int(np.ravel_multi_index(neuron.position, places))  # type: ignore[arg-type]
        unit = neuron.unit if neuron else -1
        return layer, aggregate, (tf.constant(batch), tf.constant(unit), tf.constant(position))

    def _target_shape(self, layer: str | None) -> tuple[int | None, ...]:
        if layer not in self._targets:
            self._targets[layer] = tuple(self.structure.target(layer).shape[1:])
        return self._targets[layer]

    def _surveyed(self) -> tuple[Any, Structure]:
        with self._lock:
            if self._survey is None:
                self._survey = self._traced(
                    lambda: compiled_functions.survey(self.model, self.input_shape)
                )
            return self._survey

    def has_compiled(self, key: tuple[Any, ...]) -> bool:
        """Whether a function of this key is kept.

        Examples:
            >>> network.has_compiled(("a key", "never used"))
            False
        """
        return key in self._programs

    def compiled(self, key: tuple[Any, ...], build: Callable[[], Any]) -> Any:
        """What `build` makes, kept under `key`; the least recently used of many is dropped.

        Args:
            key: says all that `build` depends on, besides the model.
            build: traces a function of the model; its errors become an `InvalidValueError`.

        Examples:
            >>> network.compiled(("layers, counted",), lambda: len(network.layers))
            12
            >>> network.compiled(("layers, counted",), lambda: 0)  # kept, so not built again
            12
        """
        with self._lock:
            if key not in self._programs:
                self._programs[key] = self._traced(build)
                while len(self._programs) > MOST_PROGRAMS:
                    self._programs.popitem(last=False)
            self._programs.move_to_end(key)
            return self._programs[key]

    def _traced(self, build: Callable[[], Any]) -> Any:
        try:
            return build()
        except CnnvisError:
            raise
        except Exception as error:  # whatever the caller's layers raise
            said = re.sub(r"\x1b\[\d+m", "", str(error))  # Keras colours its messages
            raise InvalidValueError(
                f"The network {self.name!r} could not be run on an input of shape "
                f"{self.input_shape}: {said}"
            ) from error
