"""The compiled functions of a network, each traced once and used for every unit and picture."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, NamedTuple

import keras
import tensorflow as tf

from cnnvis_widgets.backend.graph.output_scores import InputPath
from cnnvis_widgets.backend.graph.structure import Structure
from cnnvis_widgets.backend.graph.tracing import trace
from cnnvis_widgets.backend.passes import INPUT, Pass
from cnnvis_widgets.backend.relu_rules import backward_rule, replaceable_gates
from cnnvis_widgets.backend.target import WEIGHTS

GROUPED_CONVOLUTION_ERROR = "Fused conv implementation does not support grouped convolutions"


class CompiledFunction:
    """A function that was traced once; it takes and returns tensors.

    TensorFlow leaves oneDNN off on processors without AVX-512. There it fuses a convolution with
    its bias and ReLU all the same, into an operation that refuses grouped convolutions. A function
    that fails so is run without fusing from then on.

    Args:
        function: as TensorFlow traced it.
    """

    def __init__(self, function: tf.types.experimental.ConcreteFunction) -> None:
        self._function, self._fused = function, True

    def __call__(self, *arguments: tf.Tensor) -> Any:
        """The function's results."""
        if self._fused:
            try:
                return self._function(*arguments)
            except tf.errors.OpError as error:
                if GROUPED_CONVOLUTION_ERROR not in str(error):
                    raise
        self._fused = False
        with _without_fusing():
            return self._function(*arguments)


@contextmanager
def _without_fusing() -> Iterator[None]:
    """The option is process-wide: other threads may run unfused meanwhile. None is the default."""
    previous = tf.config.optimizer.get_experimental_options().get("remapping")
    tf.config.optimizer.set_experimental_options({"remapping": False})
    try:
        yield
    finally:
        tf.config.optimizer.set_experimental_options({"remapping": previous})


def compiled(body: Any, *specs: tf.TensorSpec) -> CompiledFunction:
    """Trace `body` once for these arguments."""
    function = tf.function(body, input_signature=specs, autograph=False)
    return CompiledFunction(function.get_concrete_function())


_batch: ContextVar[int | None] = ContextVar("batch", default=None)


@contextmanager
def batches_of(size: int | None) -> Iterator[None]:
    """Within this, functions take batches of `size` inputs; None: of any size."""
    token = _batch.set(size)
    try:
        yield
    finally:
        _batch.reset(token)


def pixels_spec(shape: tuple[int, int, int]) -> tf.TensorSpec:
    """A batch of inputs of any length, or of the model's own."""
    return tf.TensorSpec((_batch.get(), *shape), tf.float32, name="pixels")


def forward_in(model: keras.Model, pixels: tf.Tensor, fold: bool = False) -> Structure:
    """Trace the model in the current graph, with gates whose rule is chosen afterwards."""
    with replaceable_gates(pixels.graph):
        return Structure(trace(model, pixels, fold))


def neuron_specs(aggregate: str) -> tuple[tf.TensorSpec, tf.TensorSpec]:
    """Specs of the two arguments that select the neuron: unit, and position or target weights.

    Both have one row for all pictures of a batch, or one for each.
    """
    indices = tf.TensorSpec((None,), tf.int32)
    return indices, tf.TensorSpec((None, None, None)) if aggregate == WEIGHTS else indices


class Survey(NamedTuple):
    """A traced network, and one function for its first pass.

    Attributes:
        function: pixels → mean activation of every unit of every listed layer, and the output with
            the candidates for the values before its scores (nothing where there are none).
        structure: the traced graph's facts.
        candidates: see `output_scores.candidates`.
    """

    function: CompiledFunction
    structure: Structure
    candidates: list[tuple[InputPath, tf.Tensor]] | None


def survey(model: keras.Model, shape: tuple[int, int, int]) -> Survey:
    """Trace a network and collect its structure."""
    traced: list[Any] = []

    def body(pixels: tf.Tensor) -> tuple[list[tf.Tensor], list[tf.Tensor]]:
        structure = forward_in(model, pixels)
        means = []
        for info in structure.layers:
            output = tf.cast(structure.call(info.name).output, tf.float32)
            means.append(tf.reduce_mean(output, axis=list(range(1, output.shape.rank - 1))))
        candidates = structure.candidates()
        traced[:] = [structure, candidates]
        outputs = (
            [structure.output, *(tensor for _, tensor in candidates or [])]
            if candidates is not None
            else []
        )
        return means, [tf.cast(end, tf.float32) for end in outputs]

    return Survey(compiled(body, pixels_spec(shape)), *traced)


def relevance_structure(model: keras.Model, shape: tuple[int, int, int]) -> Structure:
    """The network's graph as relevance propagation uses it."""
    structures: list[Structure] = []

    def body(pixels: tf.Tensor) -> tf.Tensor:
        structures[:] = [Structure(trace(model, pixels, relevance=True))]
        return pixels

    compiled(body, pixels_spec(shape))
    return structures[0]


def outputs(model: keras.Model, shape: tuple[int, int, int]) -> CompiledFunction:
    """Pixels → (logits, output), both float32 (batch, …, units)."""

    def body(pixels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        structure = forward_in(model, pixels)
        return tf.cast(structure.logits, tf.float32), tf.cast(structure.output, tf.float32)

    return compiled(body, pixels_spec(shape))


def activations(model: keras.Model, shape: tuple[int, int, int], layer: str) -> CompiledFunction:
    """Pixels → a layer's result, float32."""

    def body(pixels: tf.Tensor) -> tf.Tensor:
        return tf.cast(forward_in(model, pixels).call(layer).output, tf.float32)

    return compiled(body, pixels_spec(shape))


def values(
    model: keras.Model, shape: tuple[int, int, int], layer: str | None, aggregate: str
) -> CompiledFunction:
    """(pixels, unit, position) → unit, value (batch,): as `backward`, forward only."""

    def body(pixels: tf.Tensor, unit: tf.Tensor, position: tf.Tensor) -> Any:
        target = forward_in(model, pixels).target(layer)
        return backward_start(target, unit, aggregate, position)[:2]

    return compiled(body, pixels_spec(shape), *neuron_specs(aggregate))


def backward(
    model: keras.Model,
    shape: tuple[int, int, int],
    layer: str | None,
    aggregate: str,
    passes: tuple[Pass, ...],
) -> CompiledFunction:
    """(pixels, unit, position) → unit, value (batch,), and (activation, gradient) for each pass.

    `unit` and `position` have one row, the same neuron for the whole batch, or one for each of its
    pictures. `unit` -1 is the unit with the largest aggregate (the most probable class): of the
    first picture, or of each. `position` is the flat index of rows and columns, used where
    `aggregate` is "position"; where that is `WEIGHTS`, it is float32 (1 or batch, places or 1,
    units), the weight of each number.
    """

    def body(pixels: tf.Tensor, unit: tf.Tensor, position: tf.Tensor) -> Any:
        structure = forward_in(model, pixels)
        target = structure.target(layer)
        unit, value, seed = backward_start(target, unit, aggregate, position)
        derivatives = []
        for place, rule in passes:
            tensor = pixels if place is INPUT else structure.call(place).output
            with backward_rule(rule):
                gradient = tf.gradients(target, tensor, grad_ys=seed)[0]
            if gradient is None:  # the neuron does not depend on this place
                gradient = tf.zeros_like(tensor)
            activation = () if place is INPUT else (tf.cast(tensor, tf.float32),)
            derivatives.append((*activation, tf.cast(tf.convert_to_tensor(gradient), tf.float32)))
        return unit, value, derivatives

    return compiled(body, pixels_spec(shape), *neuron_specs(aggregate))


def backward_start(
    target: tf.Tensor, unit: tf.Tensor, aggregate: str, position: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """The chosen units, the aggregate's values, and their derivative with respect to `target`.

    Handing the derivative to `tf.gradients` as the start of the backward pass serves every unit
    with one graph, and costs no gather or scatter over the layer. The pictures of a batch are
    independent, so one backward pass serves a different neuron for each.
    """
    units = target.shape[-1]
    # Half precision cannot hold the sum of a map.
    full = target if target.dtype == tf.float64 else tf.cast(target, tf.float32)
    maps = tf.reshape(full, [tf.shape(target)[0], -1, units])
    positions = tf.shape(maps)[1]
    if aggregate == WEIGHTS:
        chosen = tf.broadcast_to(tf.cast(position, maps.dtype), tf.shape(maps))
        # An infinite number of weight 0 must not make the sum NaN.
        value = tf.reduce_sum(tf.math.multiply_no_nan(maps, chosen), (1, 2))
        seed = tf.reshape(chosen, tf.shape(target))
        return unit, tf.cast(value, tf.float32), tf.cast(seed, target.dtype)
    largest = tf.argmax(tf.reduce_sum(maps, 1), -1, output_type=tf.int32)
    unit = tf.where(unit < 0, largest[: tf.shape(unit)[0]], unit)
    of_each = tf.broadcast_to(unit[:, None, None], [*tf.unstack(tf.shape(maps)[:2]), 1])
    map_ = tf.gather(maps, of_each, axis=2, batch_dims=2)[..., 0]
    if aggregate == "sum":
        weights = tf.ones([1, positions], maps.dtype)
    elif aggregate == "mean":
        weights = tf.ones([1, positions], maps.dtype) / tf.cast(positions, maps.dtype)
    elif aggregate == "max":
        weights = tf.one_hot(tf.argmax(map_, 1), positions, dtype=maps.dtype)
    else:
        weights = tf.one_hot(position, positions, dtype=maps.dtype)
    chosen = weights[..., None] * tf.one_hot(unit, units, dtype=maps.dtype)[:, None]
    value = tf.reduce_sum(map_ * weights, 1)
    seed = tf.reshape(tf.broadcast_to(chosen, tf.shape(maps)), tf.shape(target))
    return unit, tf.cast(value, tf.float32), tf.cast(seed, target.dtype)
