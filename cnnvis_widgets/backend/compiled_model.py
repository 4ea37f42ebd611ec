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
from cnnvis_widgets.backend.graph.fixed_inputs import FixedInputs, using_inputs
from cnnvis_widgets.backend.graph.output_scores import (
    FoundScores,
    find_scores,
    score_warning,
    using_found_scores,
)
from cnnvis_widgets.backend.graph.structure import Structure
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.target import WEIGHTS, Target, kind_of
from cnnvis_widgets.errors import CnnvisError, InvalidValueError, gist

NeuronOrList = Neuron | None | list[Neuron | None]
"""A neuron for a whole batch, or a list of one for each of its inputs."""
MOST_PROGRAMS = 32  # compiled functions kept for each network; the least recently used one goes


class _Surveyed(NamedTuple):
    """What is known of a network once it is traced.

    Attributes:
        function: see `compiled_functions.Survey`.
        structure: the traced graph's facts.
        found_scores: the input of the scores, if it was found numerically.
        score_warning: a sentence if the output looks like scores whose input was not found.
    """

    function: Any
    structure: Structure
    found_scores: FoundScores | None
    score_warning: str


class CompiledModel:
    """Compiles each function of a model once, on first use, and keeps the last few.

    Args:
        model: a built Keras model with one image input; never changed.
        name: for messages.
        input_shape: (rows, columns, channels).
        fixed: the inputs beside the picture and their values; None where there are none.
    """

    def __init__(
        self,
        model: keras.Model,
        name: str,
        input_shape: tuple[int, int, int],
        fixed: FixedInputs | None = None,
    ) -> None:
        self.model = model
        self.name = name
        self.input_shape = input_shape
        self._programs: OrderedDict[tuple[Any, ...], Any] = OrderedDict()
        self._targets: dict[str | None, tuple[int | None, ...]] = {}
        self._lock = threading.RLock()
        self._survey: _Surveyed | None = None
        self._built_from: tuple[Any, ...] = ()
        self.fixed_inputs = fixed
        self._batch = _built_in_batch(model) if fixed is None else fixed.picture.shape[0]

    @property
    def structure(self) -> Structure:
        """The traced graph's facts.

        Examples:
            >>> network.structure.output_kind
            'softmax'
        """
        return self._surveyed().structure

    def probes(self) -> np.ndarray:
        """A few test inputs, float32 (3, rows, columns, channels).

        Examples:
            >>> network.probes().shape
            (3, 64, 64, 3)
        """
        return np.random.default_rng(0).normal(size=(3, *self.input_shape)).astype(np.float32)

    def neuron_arguments(
        self, batch: np.ndarray, neuron: NeuronOrList
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
        neurons = neuron if isinstance(neuron, list) else [neuron]
        (layer, aggregate), *other_kinds = {kind_of(item) for item in neurons}
        if other_kinds:
            raise ValueError(
                f"Expected neurons of one kind; got {(layer, aggregate)}, {other_kinds}."
            )
        units = tf.constant([item.unit if item else -1 for item in neurons], tf.int32)
        positions = [self._position(item) for item in neurons]
        if aggregate == WEIGHTS:  # (1, units) where all places count alike
            rows = max(len(shares) for shares in positions)
            positions = [np.broadcast_to(shares, (rows, shares.shape[1])) for shares in positions]
        kind = tf.float32 if aggregate == WEIGHTS else tf.int32
        return layer, aggregate, (tf.constant(batch), units, tf.constant(np.stack(positions), kind))

    def _position(self, neuron: Neuron | None) -> np.ndarray:
        """A target's weights, or the flat index of a neuron's position."""
        if isinstance(neuron, Target):
            return neuron.shares(self._target_shape(neuron.layer))
        if neuron is None or neuron.position is None:
            return np.array(0)
        map_shape = self._target_shape(neuron.layer)[:-1]
        return np.array(np.ravel_multi_index(neuron.position, map_shape))  # type: ignore[arg-type]

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
        """Trace the network; find numerically what its graph does not show."""
        with using_found_scores(None), batches_of(self._batch), using_inputs(self.fixed_inputs):
            function, structure, candidates = compiled_functions.survey(
                self.model, self.input_shape
            )
        found_scores, warning = None, ""
        if candidates is not None:
            one_by_one = self._batch == 1 or structure.mixes_the_batch
            _, outputs = _run(function, one_by_one, tf.constant(self.probes()))
            output, *values = (end.numpy() for end in outputs)
            found_scores = find_scores(output, candidates, values)
            warning = "" if found_scores else score_warning(output, structure.ends_in_scores)
        if found_scores:
            structure = Structure(structure.forward)
            with using_found_scores(found_scores):
                found_scores = found_scores if structure.scores else None
        return _Surveyed(function, structure, found_scores, warning)

    def _forget_another_model(self) -> None:
        """Drop the compiled functions if the model's layers have been replaced since."""
        signature = _layer_signature(self.model)
        if signature != self._built_from:
            self._built_from = signature
            self._forget()

    def _forget(self) -> None:
        """Drop all compiled functions and all that was read from the graph."""
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
        """The result of `build`, cached under `key`; the least recently used one is dropped.

        Args:
            key: everything that `build` depends on, besides the model.
            build: traces a function of the model; its errors become an `InvalidValueError`.

        Examples:
            >>> network.compiled(("layers, counted",), lambda: len(network.layers))
            12
            >>> network.compiled(("layers, counted",), lambda: 0)  # kept, so not built again
            12
        """
        with self._lock:
            found_scores = self._surveyed().found_scores
            if key not in self._programs:
                with (
                    using_found_scores(found_scores),
                    batches_of(self._batch),
                    using_inputs(self.fixed_inputs),
                ):
                    self._programs[key] = self._traced(build)
                while len(self._programs) > MOST_PROGRAMS:
                    self._programs.popitem(last=False)
            self._programs.move_to_end(key)
            return self._programs[key]

    def run(self, program: Any, pixels: tf.Tensor, *arguments: tf.Tensor) -> Any:
        """Call a compiled function on a batch, picture by picture if the network needs it.

        A network may have a batch of one built in, or mix the pictures of a batch.

        Args:
            program: takes pixels and `arguments`; each result has the batch as its first axis, or
                is the unit (the first result).
            pixels: (batch, rows, columns, channels).
            arguments: none; or unit (-1: the most probable) and position, and what else the
                program takes. An argument with as many rows as the batch has one row per picture;
                if unit has one row, the first picture's unit is taken for all.

        Raises:
            InvalidValueError: TensorFlow cannot compute it, with its reason in one line.

        Examples:
            >>> import tensorflow as tf
            >>> network.run(lambda pixels: 2 * pixels, tf.ones((1, 2, 2, 3))).shape
            TensorShape([1, 2, 2, 3])
        """
        try:
            return _run(program, self.one_by_one, pixels, *arguments)
        except tf.errors.OpError as error:
            raise self._refusal(error) from error

    @property
    def one_by_one(self) -> bool:
        """Whether pictures must be run one at a time; see `run`.

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


def _layer_signature(model: keras.Model) -> tuple[Any, ...]:
    """What a compiled function depends on besides weights: the layers and their activations."""
    try:
        layers = list(model._flatten_layers())
    except Exception:  # not public
        return ()
    return tuple(
        (id(layer), id(getattr(layer, "activation", None)), getattr(layer, "quantization_mode", ""))
        for layer in layers
    )


def _run(program: Any, one_by_one: bool, pixels: tf.Tensor, *arguments: tf.Tensor) -> Any:
    if not one_by_one or pixels.shape[0] == 1:
        return program(pixels, *arguments)
    batch_size = pixels.shape[0]

    def arguments_of(number: int) -> list[tf.Tensor]:
        rows = slice(number, number + 1)
        return [x[rows] if x.shape.rank and x.shape[0] == batch_size else x for x in arguments]

    results = [program(pixels[:1], *arguments_of(0))]
    if arguments and arguments[0].shape[0] == 1:  # the first picture's class, for all
        arguments = (results[0][0], *arguments[1:])
    results += [program(pixels[i : i + 1], *arguments_of(i)) for i in range(1, batch_size)]
    return tf.nest.map_structure(lambda *x: tf.concat(x, 0) if x[0].shape.rank else x[0], *results)


def _built_in_batch(model: keras.Model) -> int | None:
    """The batch size of a model's input, None where it takes any."""
    try:
        return model.inputs[0].shape[0]
    except (AttributeError, ValueError, TypeError, IndexError):  # subclassed
        return None
