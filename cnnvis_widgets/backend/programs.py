"""The compiled functions of a network, each traced once and used for every unit and picture."""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

from cnnvis_widgets.backend.chains import relu_chain
from cnnvis_widgets.backend.endings import averaged_ending
from cnnvis_widgets.backend.forward import trace
from cnnvis_widgets.backend.gates import backward_rule, replaceable_gates
from cnnvis_widgets.backend.passes import INPUT, Pass
from cnnvis_widgets.backend.records import Chain
from cnnvis_widgets.backend.relevance import Setting, relevance_rules, replaceable_rules
from cnnvis_widgets.backend.structure import Structure, before_target
from cnnvis_widgets.errors import UnsuitableError


def compiled(body: Any, *specs: tf.TensorSpec) -> tf.types.experimental.ConcreteFunction:
    """Trace `body` once for these arguments."""
    return tf.function(body, input_signature=specs, autograph=False).get_concrete_function()


def pixels_spec(shape: tuple[int, int, int]) -> tf.TensorSpec:
    """A batch of inputs of any length."""
    return tf.TensorSpec((None, *shape), tf.float32, name="pixels")


def forward_in(model: keras.Model, pixels: tf.Tensor, fold: bool = False) -> Structure:
    """Trace the model in the current graph, with gates whose rule is chosen afterwards."""
    with replaceable_gates(pixels.graph):
        return Structure(trace(model, pixels, fold))


def survey(
    model: keras.Model, shape: tuple[int, int, int]
) -> tuple[tf.types.experimental.ConcreteFunction, Structure]:
    """Pixels → mean activation of every unit of every listed layer; and the structure itself."""
    found: list[Structure] = []

    def body(pixels: tf.Tensor) -> list[tf.Tensor]:
        structure = forward_in(model, pixels)
        found[:] = [structure]
        means = []
        for info in structure.layers:
            output = tf.cast(structure.call(info.name).output, tf.float32)
            means.append(tf.reduce_mean(output, axis=list(range(1, output.shape.rank - 1))))
        return means

    return compiled(body, pixels_spec(shape)), found[0]


def outputs(
    model: keras.Model, shape: tuple[int, int, int]
) -> tf.types.experimental.ConcreteFunction:
    """Pixels → (logits, output), both float32 (batch, …, units)."""

    def body(pixels: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        structure = forward_in(model, pixels)
        return tf.cast(structure.logits, tf.float32), tf.cast(structure.output, tf.float32)

    return compiled(body, pixels_spec(shape))


def activations(
    model: keras.Model, shape: tuple[int, int, int], layer: str
) -> tf.types.experimental.ConcreteFunction:
    """Pixels → a layer's result, float32."""

    def body(pixels: tf.Tensor) -> tf.Tensor:
        return tf.cast(forward_in(model, pixels).call(layer).output, tf.float32)

    return compiled(body, pixels_spec(shape))


def values(
    model: keras.Model, shape: tuple[int, int, int], layer: str | None, aggregate: str
) -> tf.types.experimental.ConcreteFunction:
    """(pixels, unit, position) → unit, value (batch,): as `backward`, forward only."""

    def body(pixels: tf.Tensor, unit: tf.Tensor, position: tf.Tensor) -> Any:
        target = forward_in(model, pixels).target(layer)
        return _seed(target, unit, aggregate, position)[:2]

    scalar = tf.TensorSpec((), tf.int32)
    return compiled(body, pixels_spec(shape), scalar, scalar)


def backward(
    model: keras.Model,
    shape: tuple[int, int, int],
    layer: str | None,
    aggregate: str,
    passes: tuple[Pass, ...],
) -> tf.types.experimental.ConcreteFunction:
    """(pixels, unit, position) → unit, value (batch,), and (activation, gradient) for each pass.

    `unit` -1 is the unit with the largest aggregate (the most probable class); `position` is the
    flat index of rows and columns, used where `aggregate` is "position".
    """

    def body(pixels: tf.Tensor, unit: tf.Tensor, position: tf.Tensor) -> Any:
        structure = forward_in(model, pixels)
        target = structure.target(layer)
        unit, value, seed = _seed(target, unit, aggregate, position)
        found = []
        for place, rule in passes:
            tensor = pixels if place is INPUT else structure.call(place).output
            with backward_rule(rule):
                gradient = tf.gradients(target, tensor, grad_ys=seed)[0]
            if gradient is None:  # the neuron does not depend on this place
                gradient = tf.zeros_like(tensor)
            here = () if place is INPUT else (tf.cast(tensor, tf.float32),)
            found.append((*here, tf.cast(tf.convert_to_tensor(gradient), tf.float32)))
        return unit, value, found

    scalar = tf.TensorSpec((), tf.int32)
    return compiled(body, pixels_spec(shape), scalar, scalar)


def class_maps(
    model: keras.Model, shape: tuple[int, int, int]
) -> tf.types.experimental.ConcreteFunction:
    """(pixels, unit, position) → unit, value (batch,), the averaged maps, the unit's weights.

    The logits are linear in the means, so their derivative is the dense layer's weights, exactly.
    """

    def body(pixels: tf.Tensor, unit: tf.Tensor, position: tf.Tensor) -> Any:
        structure = forward_in(model, pixels)
        ending = averaged_ending(structure)
        if ending is None:
            raise UnsuitableError("The network does not end in average pooling and a dense layer.")
        unit, value, seed = _seed(structure.logits, unit, "sum", position)
        weights = tf.gradients(structure.logits, ending.means, grad_ys=seed)[0][0]
        maps = tf.cast(ending.maps, tf.float32)
        return unit, value, maps, tf.reshape(tf.cast(weights, tf.float32), [-1])

    scalar = tf.TensorSpec((), tf.int32)
    return compiled(body, pixels_spec(shape), scalar, scalar)


def channel_means(
    model: keras.Model, shape: tuple[int, int, int], layer: str | None, aggregate: str
) -> tuple[tf.types.experimental.ConcreteFunction, Chain]:
    """(pixels, unit, position) → unit, value (batch,), VisualBackProp's maps; and their chain.

    The maps are means over the channels, float32 (batch, rows, columns), the deepest first.
    """
    found: list[Chain] = []

    def body(pixels: tf.Tensor, unit: tf.Tensor, position: tf.Tensor) -> Any:
        structure = forward_in(model, pixels)
        maps, chain = relu_chain(structure)
        found[:] = [chain]
        unit, value, _ = _seed(structure.target(layer), unit, aggregate, position)
        return unit, value, [tf.reduce_mean(tf.cast(m, tf.float32), -1) for m in maps]

    scalar = tf.TensorSpec((), tf.int32)
    return compiled(body, pixels_spec(shape), scalar, scalar), found[0]


def relevance(
    model: keras.Model,
    shape: tuple[int, int, int],
    bounds: tuple[Any, Any],
    layer: str | None,
    aggregate: str,
    rule: str,
    shown: tuple[str, ...] = (),
) -> tf.types.experimental.ConcreteFunction:
    """(pixels, unit, position, ε or α) → unit, value, relevance of the pixels, its sums at layers.

    The relevance starts as max(value, 0), shared among the positions in proportion to what is
    positive there. The sums stand in the order of the listed layers. Last come the maps of the
    layers in `shown`, summed over the channels: (rows, columns), or (1, 1) where a layer has none.
    """

    def body(pixels: tf.Tensor, unit: tf.Tensor, position: tf.Tensor, number: tf.Tensor) -> Any:
        with replaceable_rules(pixels.graph):
            structure = Structure(trace(model, pixels))
        target = structure.target(layer)
        unit, value, seed = _seed(target, unit, aggregate, position)
        positive = tf.nn.relu(tf.cast(target, tf.float32)) * tf.cast(seed, tf.float32)
        axes = list(range(1, target.shape.rank))
        total = tf.reduce_sum(positive, axes, keepdims=True)
        wanted = tf.reshape(tf.nn.relu(value), tf.shape(total))
        start = tf.math.divide_no_nan(positive * wanted, total)
        ends = tuple(tf.constant(b[None]) for b in bounds)
        path = structure.dependent & before_target(target)
        setting = Setting(path, ends, pixels, rule, number)
        names = [*(info.name for info in structure.layers), *shown]
        places = [pixels, *(structure.call(name).output for name in names)]
        with relevance_rules(setting):
            found = tf.gradients(target, places, grad_ys=tf.cast(start, target.dtype))
        first = len(places) - len(shown)
        maps = [_summed(r, x) for r, x in zip(found[first:], places[first:], strict=True)]
        found = found[:first]
        sums = [tf.constant(float("nan")) if r is None else tf.reduce_sum(r) for r in found[1:]]
        given = tf.zeros_like(pixels) if found[0] is None else tf.convert_to_tensor(found[0])
        return unit, value, given, tf.stack(sums), maps

    scalar = tf.TensorSpec((), tf.int32)
    return compiled(body, pixels_spec(shape), scalar, scalar, tf.TensorSpec((), tf.float32))


def _summed(relevance: tf.Tensor | None, output: tf.Tensor) -> tf.Tensor:
    """The first picture's relevance at a layer, summed over the channels."""
    if relevance is None:  # the neuron does not depend on this layer
        relevance = tf.zeros_like(output)
    map_ = tf.reduce_sum(tf.cast(relevance, tf.float32)[0], -1)
    return map_ if map_.shape.rank == 2 else tf.reshape(tf.reduce_sum(map_), (1, 1))


def _seed(
    target: tf.Tensor, unit: tf.Tensor, aggregate: str, position: tf.Tensor
) -> tuple[tf.Tensor, tf.Tensor, tf.Tensor]:
    """The chosen unit, the aggregate's value, and its derivative with respect to `target`.

    Handing the derivative to `tf.gradients` as the start of the backward pass serves every unit
    with one graph, and costs no gather or scatter over the layer.
    """
    units = target.shape[-1]
    maps = tf.reshape(target, [tf.shape(target)[0], -1, units])
    places = tf.shape(maps)[1]
    unit = tf.where(unit < 0, tf.argmax(tf.reduce_sum(maps, 1)[0], output_type=tf.int32), unit)
    if aggregate == "sum":
        weights = tf.ones([1, places], maps.dtype)
    elif aggregate == "mean":
        weights = tf.ones([1, places], maps.dtype) / tf.cast(places, maps.dtype)
    elif aggregate == "max":
        weights = tf.one_hot(tf.argmax(tf.gather(maps, unit, axis=-1), 1), places, dtype=maps.dtype)
    else:
        weights = tf.one_hot(position, places, dtype=maps.dtype)[None]
    chosen = weights[..., None] * tf.one_hot(unit, units, dtype=maps.dtype)
    value = tf.reduce_sum(tf.gather(maps, unit, axis=-1) * weights, 1)
    seed = tf.reshape(tf.broadcast_to(chosen, tf.shape(maps)), tf.shape(target))
    return unit, tf.cast(value, tf.float32), seed
