"""Relevance of the input, and of layers on the way down, for one neuron: one compiled walk."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from cnnvis_widgets.backend.compiled_functions import (
    CompiledFunction,
    backward_start,
    compiled,
    neuron_specs,
    pixels_spec,
)
from cnnvis_widgets.backend.graph.structure import Structure, before_target
from cnnvis_widgets.backend.graph.tracing import trace
from cnnvis_widgets.backend.lrp.propagation import Setting, relevance_rules, replaceable_rules
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.records import RelevanceFloor, RelevanceResult

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network


def relevance(
    network: Network,
    batch: np.ndarray,
    neuron: Neuron | None,
    rule: str = "z_plus",
    value: float = 0.0,
) -> RelevanceResult:
    """Relevance of the input for a neuron, and its sum at each layer; see `propagation.py`.

    Args:
        network: whose maps or relevance are wanted.
        batch: float32 (1, rows, columns, channels).
        neuron: as `Network.neuron` returns it; None is the most probable class.
        rule: "z_plus" (Deep Taylor), "epsilon" or "alpha_beta" for the weighted layers.
        value: ε, or α (β is α - 1).
    """
    return relevance_of_each(network, batch, [neuron], rule, value)[0]


def relevance_of_each(
    network: Network,
    batch: np.ndarray,
    neurons: list[Neuron | None],
    rule: str = "z_plus",
    value: float = 0.0,
) -> list[RelevanceResult]:
    """As `relevance`, for each input of a batch: a walk for all of them.

    Args:
        network: whose maps or relevance are wanted.
        batch: float32 (batch, rows, columns, channels).
        neurons: one for each input, all of one layer and aggregate.
        rule: see `relevance`.
        value: see `relevance`.
    """
    layer, aggregate, arguments = network.neuron_arguments(batch, neurons)
    program, names, mixes = network.compiled(
        ("relevance", layer, aggregate, rule),
        lambda: _compiled_relevance(
            network.model, network.input_shape, network.bounds, layer, aggregate, rule
        ),
    )
    arguments = (*arguments, tf.constant(value, tf.float32))
    if mixes and len(batch) > 1:
        pairs = zip(batch, neurons, strict=True)
        return [relevance(network, one[None], neuron, rule, value) for one, neuron in pairs]
    units, starts, given, sums = (x.numpy() for x in network.run(program, *arguments)[:4])
    return [
        RelevanceResult(
            int(units[n]),
            float(starts[n]),
            given[n : n + 1].copy(),  # one result is not to keep all of them
            dict(zip(names, sums[n].tolist(), strict=True)),
        )
        for n in range(len(batch))
    ]


def relevance_maps(
    network: Network,
    image: np.ndarray,
    layers: Sequence[str],
    neuron: Neuron | int | tuple[str, int] | None = None,
) -> list[RelevanceFloor]:
    """Where Deep Taylor's relevance is at some layers, and at the picture (last, as "").

    A layer through which all paths lead holds the whole of it, max(value, 0); one inside a
    branch holds the branch's part; one that the neuron does not depend on holds zeros.

    Args:
        network: whose maps or relevance are wanted.
        image: a picture or an input, see `prepare`.
        layers: their names, in the order in which they are wanted.
        neuron: as `neuron` takes it; None is the most probable class.
    """
    shown = tuple(network.structure.call(name).path for name in layers)
    batch = network.prepare(image).input[None]
    layer, aggregate, arguments = network.neuron_arguments(batch, network.neuron(neuron))
    program, *_ = network.compiled(
        ("relevance maps", layer, aggregate, shown),
        lambda: _compiled_relevance(
            network.model, network.input_shape, network.bounds, layer, aggregate, "z_plus", shown
        ),
    )
    *_, given, _, maps = program(*arguments, tf.constant(0.0))
    arrays = [*(m.numpy() for m in maps), given.numpy()[0].sum(-1)]
    return [
        RelevanceFloor(name, map_, float(map_.sum(dtype=np.float64)))
        for name, map_ in zip((*shown, ""), arrays, strict=True)
    ]


def _compiled_relevance(
    model: keras.Model,
    shape: tuple[int, int, int],
    bounds: tuple[Any, Any],
    layer: str | None,
    aggregate: str,
    rule: str,
    shown: tuple[str, ...] = (),
) -> tuple[CompiledFunction, list[str], bool]:
    """(pixels, unit, position, ε or α) → unit, value, relevance of the pixels, its sums at layers.

    And the names of those layers, the listed ones that the relevance passes; and whether the
    pictures of a batch would share relevance, so that they must go one by one.

    The relevance starts as max(value, 0), shared among the positions in proportion to what is
    positive there. Its sums are (batch, layers). Last come the first picture's maps of the layers
    in `shown`, summed over the channels: (rows, columns), or (1, 1) where a layer has none.
    """
    reached: list[str] = []
    mixed: list[str] = []

    def body(pixels: tf.Tensor, unit: tf.Tensor, position: tf.Tensor, number: tf.Tensor) -> Any:
        with replaceable_rules(pixels.graph):
            structure = Structure(trace(model, pixels, relevance=True))
        target = structure.target(layer)
        unit, value, seed = backward_start(target, unit, aggregate, position)
        positive = tf.nn.relu(tf.cast(target, tf.float32)) * tf.cast(seed, tf.float32)
        axes = list(range(1, target.shape.rank))
        total = tf.reduce_sum(positive, axes, keepdims=True)
        wanted = tf.reshape(tf.nn.relu(value), tf.shape(total))
        start = tf.math.divide_no_nan(positive * wanted, total)
        ends = tuple(tf.constant(b[None]) for b in bounds)
        path = structure.dependent & before_target(target)
        setting = Setting(path, ends, pixels, rule, number, mixed)
        names = [*(info.name for info in structure.layers), *shown]
        places = [pixels, *(structure.call(name).output for name in names)]
        with relevance_rules(setting):
            relevances = tf.gradients(target, places, grad_ys=tf.cast(start, target.dtype))
        first = len(places) - len(shown)
        maps = [_summed(r, x) for r, x in zip(relevances[first:], places[first:], strict=True)]
        relevances = relevances[:first]
        passed = [
            (n, x, r)
            for n, x, r in zip(names[: first - 1], places[1:first], relevances[1:], strict=True)
            if r is not None
        ]
        reached[:] = [name for name, *_ in passed]
        # What has no axis of the batch's length holds one sum for all of it.
        mixed.extend(name for name, x, _ in passed if not x.shape.rank or x.shape[0])
        many = tf.shape(pixels)[0]
        sums = [
            tf.reduce_sum(tf.reshape(tf.cast(r, tf.float32), [many, -1]), 1) for *_, r in passed
        ]
        sums = tf.stack(sums, 1) if sums else tf.zeros([many, 0])
        given = (
            tf.zeros_like(pixels) if relevances[0] is None else tf.convert_to_tensor(relevances[0])
        )
        return unit, value, tf.cast(given, tf.float32), sums, maps

    number = tf.TensorSpec((), tf.float32)
    program = compiled(body, pixels_spec(shape), *neuron_specs(aggregate), number)
    return program, reached, bool(mixed)


def _summed(relevance: tf.Tensor | None, output: tf.Tensor) -> tf.Tensor:
    """The first picture's relevance at a layer, summed over the channels."""
    if relevance is None:  # the neuron does not depend on this layer
        relevance = tf.zeros_like(output)
    map_ = tf.reduce_sum(tf.cast(relevance, tf.float32)[0], -1)
    return map_ if map_.shape.rank == 2 else tf.reshape(tf.reduce_sum(map_), (1, 1))
