"""Relevance of the input and of layers for one neuron, in one compiled function."""

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
from cnnvis_widgets.backend.records import LayerRelevance, RelevanceResult

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
        network: the network.
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
    """As `relevance`, for each input of a batch, in one call.

    Args:
        network: the network.
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
        return [relevance(network, picture[None], neuron, rule, value) for picture, neuron in pairs]
    units, starts, relevances, sums = (x.numpy() for x in network.run(program, *arguments)[:4])
    return [
        RelevanceResult(
            int(units[n]),
            float(starts[n]),
            relevances[n : n + 1].copy(),  # a copy, not a view of the whole batch
            dict(zip(names, sums[n].tolist(), strict=True)),
        )
        for n in range(len(batch))
    ]


def relevance_maps(
    network: Network,
    image: np.ndarray,
    layers: Sequence[str],
    neuron: Neuron | int | tuple[str, int] | None = None,
) -> list[LayerRelevance]:
    """Where Deep Taylor's relevance is at some layers, and at the picture (last, as "").

    A layer that all paths pass has the total, max(value, 0); one inside a branch has the branch's
    share; one that the neuron does not depend on has zeros.

    Args:
        network: the network.
        image: a picture or an input, see `prepare`.
        layers: their names, in the order of the result.
        neuron: as `neuron` takes it; None is the most probable class.
    """
    map_layers = tuple(network.structure.call(name).path for name in layers)
    batch = network.prepare(image).input[None]
    layer, aggregate, arguments = network.neuron_arguments(batch, network.neuron(neuron))
    program, *_ = network.compiled(
        ("relevance maps", layer, aggregate, map_layers),
        lambda: _compiled_relevance(
            network.model,
            network.input_shape,
            network.bounds,
            layer,
            aggregate,
            "z_plus",
            map_layers,
        ),
    )
    *_, input_relevance, _, maps = program(*arguments, tf.constant(0.0))
    arrays = [*(m.numpy() for m in maps), input_relevance.numpy()[0].sum(-1)]
    return [
        LayerRelevance(name, map_, float(map_.sum(dtype=np.float64)))
        for name, map_ in zip((*map_layers, ""), arrays, strict=True)
    ]


def _compiled_relevance(
    model: keras.Model,
    shape: tuple[int, int, int],
    bounds: tuple[Any, Any],
    layer: str | None,
    aggregate: str,
    rule: str,
    map_layers: tuple[str, ...] = (),
) -> tuple[CompiledFunction, list[str], bool]:
    """(pixels, unit, position, ε or α) → unit, value, relevance of the pixels, its sums at layers.

    Also the names of these layers (the listed ones that relevance passes), and whether operations
    mix the pictures of a batch, which then must be run one by one.

    The relevance starts as max(value, 0), shared among the positions in proportion to their
    positive values. The sums are (batch, layers). Last are the first picture's maps of the layers
    in `map_layers`, summed over the channels: (rows, columns), or (1, 1) where a layer has none.
    """
    passed_layers: list[str] = []
    mixed: list[str] = []

    def body(pixels: tf.Tensor, unit: tf.Tensor, position: tf.Tensor, parameter: tf.Tensor) -> Any:
        with replaceable_rules(pixels.graph):
            structure = Structure(trace(model, pixels, relevance=True))
        target = structure.target(layer)
        unit, value, seed = backward_start(target, unit, aggregate, position)
        positive = tf.nn.relu(tf.cast(target, tf.float32)) * tf.cast(seed, tf.float32)
        axes = list(range(1, target.shape.rank))
        total = tf.reduce_sum(positive, axes, keepdims=True)
        start_value = tf.reshape(tf.nn.relu(value), tf.shape(total))
        start = tf.math.divide_no_nan(positive * start_value, total)
        interval = tuple(tf.constant(b[None]) for b in bounds)
        path = structure.dependent & before_target(target)
        setting = Setting(path, interval, pixels, rule, parameter, mixed)
        names = [*(info.name for info in structure.layers), *map_layers]
        tensors = [pixels, *(structure.call(name).output for name in names)]
        with relevance_rules(setting):
            relevances = tf.gradients(target, tensors, grad_ys=tf.cast(start, target.dtype))
        map_start = len(tensors) - len(map_layers)
        maps = [
            _summed(r, x) for r, x in zip(relevances[map_start:], tensors[map_start:], strict=True)
        ]
        relevances = relevances[:map_start]
        passed = [
            (n, x, r)
            for n, x, r in zip(
                names[: map_start - 1], tensors[1:map_start], relevances[1:], strict=True
            )
            if r is not None
        ]
        passed_layers[:] = [name for name, *_ in passed]
        # A tensor without a batch axis holds one sum for the whole batch.
        mixed.extend(name for name, x, _ in passed if not x.shape.rank or x.shape[0])
        batch_size = tf.shape(pixels)[0]
        sums = [
            tf.reduce_sum(tf.reshape(tf.cast(r, tf.float32), [batch_size, -1]), 1)
            for *_, r in passed
        ]
        sums = tf.stack(sums, 1) if sums else tf.zeros([batch_size, 0])
        input_relevance = (
            tf.zeros_like(pixels) if relevances[0] is None else tf.convert_to_tensor(relevances[0])
        )
        return unit, value, tf.cast(input_relevance, tf.float32), sums, maps

    number = tf.TensorSpec((), tf.float32)
    program = compiled(body, pixels_spec(shape), *neuron_specs(aggregate), number)
    return program, passed_layers, bool(mixed)


def _summed(relevance: tf.Tensor | None, output: tf.Tensor) -> tf.Tensor:
    """The first picture's relevance at a layer, summed over the channels."""
    if relevance is None:  # the neuron does not depend on this layer
        relevance = tf.zeros_like(output)
    map_ = tf.reduce_sum(tf.cast(relevance, tf.float32)[0], -1)
    return map_ if map_.shape.rank == 2 else tf.reshape(tf.reduce_sum(map_), (1, 1))
