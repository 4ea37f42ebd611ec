"""A Keras model, and the functions that were compiled from it."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable
from typing import Any, NamedTuple

import keras
import numpy as np
import tensorflow as tf

from cnnvis_widgets.backend import compiled_functions
from cnnvis_widgets.backend.compiled_functions import batches_of
from cnnvis_widgets.backend.graph.held_inputs import HeldInputs, holding
from cnnvis_widgets.backend.graph.output_scores import Proven, doubt, proof, proven_scores
from cnnvis_widgets.backend.graph.structure import Structure
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.target import WEIGHTS, Target, kind_of
from cnnvis_widgets.errors import CnnvisError, InvalidValueError, gist

Asked = Neuron | None | list[Neuron | None]
"""A neuron for a whole batch, or a list of one for each of its inputs."""
MOST_PROGRAMS = 32  # compiled functions kept for each network; the least recently used one goes


class _Surveyed(NamedTuple):
    """What is known of a network once it was traced.

    Attributes:
        function: see `compiled_functions.Survey`.
        structure: the traced graph's facts.
        proven: how the values before the scores were found by numbers, if they were.
        doubt: a sentence where the output looks like scores and they were not found.
    """

    function: Any
    structure: Structure
    proven: Proven | None
    doubt: str


class CompiledModel:
    """Compiles each function of a model once, on first use, and keeps the last few.

    Args:
        model: a built Keras model with one image input; never changed.
        name: for messages.
        input_shape: (rows, columns, channels).
        held: the model's inputs beside the picture, if any.
    """

    def __init__(
        self,
        model: keras.Model,
        name: str,
        input_shape: tuple[int, int, int],
        held: HeldInputs | None = None,
    ) -> None:
        self.model = model
        self.name = name
        self.input_shape = input_shape
        self._programs: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
        self._targets: dict[str | None, tuple[int | None, ...]] = {}
        self._lock = threading.RLock()
        self._survey: _Surveyed | None = None
        self._built_from: tuple[Any, ...] = ()
        self.held = held
        self._batch = _built_in_batch(model) if held is None else held.picture.shape[0]

    @property
    def structure(self) -> Structure:
        """The traced graph's facts.

        Examples:
            >>> network.structure.output_kind
            'softmax'
        """
        return self._surveyed().structure

    def probes(self) -> np.ndarray:
        """A few inputs by which the network is tried, float32 (3, rows, columns, channels).

        Examples:
            >>> network.probes().shape
            (3, 64, 64, 3)
        """
        return np.random.default_rng(0).normal(size=(3, *self.input_shape)).astype(np.float32)

    def neuron_arguments(
        self, batch: np.ndarray, neuron: Asked
    ) -> tuple[str | None, str, tuple[tf.Tensor, ...]]:
        """A neuron's layer and aggregate, and the arguments that a program takes for it.

        Args:
            batch: float32 (batch, rows, columns, channels).
            neuron: one for the whole batch, or a list of one for each input, all of one kind.

        Raises:
            ValueError: neurons of several kinds.

        Examples:
            >>> batch = network.prepare(image).input[None]
            >>> layer, aggregate, _ = network.neuron_arguments(batch, cnnvis.Neuron(None, 3))
            >>> layer, aggregate
            (None, 'sum')
        """
        each = neuron if isinstance(neuron, list) else [neuron]
        (layer, aggregate), *others = {kind_of(one) for one in each}
        if others:
            raise ValueError(f"Expected neurons of one kind; got {(layer, aggregate)}, {others}.")
        units = tf.constant([one.unit if one else -1 for one in each], tf.int32)
        where = [self._where(one) for one in each]
        if aggregate == WEIGHTS:  # (1, units) where all places count alike
            rows = max(len(shares) for shares in where)
            where = [np.broadcast_to(shares, (rows, shares.shape[1])) for shares in where]
        kind = tf.float32 if aggregate == WEIGHTS else tf.int32
        return layer, aggregate, (tf.constant(batch), units, tf.constant(np.stack(where), kind))

    def _where(self, neuron: Neuron | None) -> np.ndarray:
        """Where in its layer a neuron is: a target's weights, or the number of a position."""
        if isinstance(neuron, Target):
            return neuron.shares(self._target_shape(neuron.layer))
        if neuron is None or neuron.position is None:
            return np.array(0)
        places = self._target_shape(neuron.layer)[:-1]
        return np.array(np.ravel_multi_index(neuron.position, places))  # type: ignore[arg-type]

    def _target_shape(self, layer: str | None) -> tuple[int | None, ...]:
        if layer not in self._targets:
            self._targets[layer] = tuple(self.structure.target(layer).shape[1:])
        return self._targets[layer]

    def _surveyed(self) -> _Surveyed:
        with self._lock:
            self._forget_another_model()
            if self._survey is None:
                self._survey = self._traced(self._look)
            return self._survey

    def _look(self) -> _Surveyed:
        """Trace the network, and find by numbers what could not be read off its graph."""
        with proven_scores(None), batches_of(self._batch), holding(self.held):
            function, structure, tried = compiled_functions.survey(self.model, self.input_shape)
        proven, unclear = None, ""
        if tried is not None:
            alone = self._batch == 1 or structure.mixes_the_batch
            _, ends = _run(function, alone, tf.constant(self.probes()))
            output, *values = (end.numpy() for end in ends)
            proven = proof(output, tried, values)
            unclear = "" if proven else doubt(output, structure.ends_in_scores)
        if proven:
            structure = Structure(structure.forward)
            with proven_scores(proven):
                proven = proven if structure.scores else None
        return _Surveyed(function, structure, proven, unclear)

    def _forget_another_model(self) -> None:
        """Drop what was compiled if the model's layers have been exchanged since then."""
        now = _make(self.model)
        if now != self._built_from:
            self._built_from = now
            self._forget()

    def _forget(self) -> None:
        """Drop all that was compiled and read."""
        self._survey = None
        self._programs.clear()
        self._targets.clear()

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
            proven = self._surveyed().proven
            if key not in self._programs:
                with proven_scores(proven), batches_of(self._batch), holding(self.held):
                    self._programs[key] = self._traced(build)
                while len(self._programs) > MOST_PROGRAMS:
                    self._programs.popitem(last=False)
            self._programs.move_to_end(key)
            return self._programs[key]

    def run(self, program: Any, pixels: tf.Tensor, *others: tf.Tensor) -> Any:
        """Call a compiled function on a batch, one by one where the network needs it.

        A network may have a batch of one built in, or mix the pictures of a batch.

        Args:
            program: takes pixels and `others`; what it gives back has the batch as its first axis,
                or is the unit that comes first.
            pixels: (batch, rows, columns, channels).
            others: nothing; or unit (-1: the most probable) and position, and what else the
                program takes. What has as many rows as the batch is each picture's own; where unit
                has one, the first picture's is taken for all.

        Raises:
            InvalidValueError: TensorFlow cannot compute it, with its reason in one line.

        Examples:
            >>> import tensorflow as tf
            >>> network.run(lambda pixels: 2 * pixels, tf.ones((1, 2, 2, 3))).shape
            TensorShape([1, 2, 2, 3])
        """
        try:
            return _run(program, self.one_by_one, pixels, *others)
        except tf.errors.OpError as error:
            raise self._refusal(error) from error

    @property
    def one_by_one(self) -> bool:
        """Whether it must be asked one picture at a time; see `run`.

        Examples:
            >>> network.one_by_one
            False
        """
        return self._batch == 1 or self.structure.mixes_the_batch

    def _traced(self, build: Callable[[], Any]) -> Any:
        try:
            return build()
        except CnnvisError:
            raise
        except Exception as error:  # whatever the caller's layers raise
            raise self._refusal(error) from error

    def _refusal(self, error: Exception) -> InvalidValueError:
        return InvalidValueError(
            f"The network {self.name!r} could not be run on an input of shape "
            f"{self.input_shape}: {gist(error)}"
        )


def _make(model: keras.Model) -> tuple[Any, ...]:
    """What a compiled function depends on besides weights: the layers, and how each computes."""
    try:
        layers = list(model._flatten_layers())
    except Exception:  # not public
        return ()
    return tuple(
        (id(layer), id(getattr(layer, "activation", None)), getattr(layer, "quantization_mode", ""))
        for layer in layers
    )


def _run(program: Any, alone: bool, pixels: tf.Tensor, *others: tf.Tensor) -> Any:
    if not alone or pixels.shape[0] == 1:
        return program(pixels, *others)
    many = pixels.shape[0]

    def own(number: int) -> list[tf.Tensor]:
        rows = slice(number, number + 1)
        return [x[rows] if x.shape.rank and x.shape[0] == many else x for x in others]

    results = [program(pixels[:1], *own(0))]
    if others and others[0].shape[0] == 1:  # the first picture's class, for all
        others = (results[0][0], *others[1:])
    results += [program(pixels[i : i + 1], *own(i)) for i in range(1, many)]
    return tf.nest.map_structure(lambda *x: tf.concat(x, 0) if x[0].shape.rank else x[0], *results)


def _built_in_batch(model: keras.Model) -> int | None:
    """The batch size of a model's input, None where it takes any."""
    try:
        return model.inputs[0].shape[0]
    except (AttributeError, ValueError, TypeError, IndexError):  # subclassed
        return None
