"""VisualBackProp's maps: the means over the channels after ReLUs, the deepest first."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from cnnvis_widgets.backend.compiled_functions import (
    CompiledFunction,
    backward_start,
    compiled,
    forward_in,
    neuron_specs,
    pixels_spec,
)
from cnnvis_widgets.backend.graph.map_chains import left_out, relu_chain, relu_maps
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.records import Chain, ChannelMeans

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network


def has_relu_maps(network: Network) -> bool:
    """Whether a ReLU's result has rows and columns; see `graph/map_chains.py`."""
    return bool(relu_maps(network.structure))


def maps_left_out(network: Network) -> dict[str, str]:
    """The layers behind the deepest map of the chain whose activation is no ReLU, and why."""
    return left_out(network.structure)


def channel_means(network: Network, pixels: np.ndarray, neuron: Neuron | None) -> ChannelMeans:
    """The means over the channels after ReLUs, for VisualBackProp; see `graph/map_chains.py`.

    Args:
        network: the network.
        pixels: float32 (rows, columns, channels).
        neuron: the neuron whose value is returned as well.
    """
    return channel_means_of_each(network, pixels[None], [neuron])[0]


def channel_means_of_each(
    network: Network, batch: np.ndarray, neurons: list[Neuron | None]
) -> list[ChannelMeans]:
    """As `channel_means`, for each input of a batch.

    Args:
        network: the network.
        batch: float32 (batch, rows, columns, channels).
        neurons: one for each input, all of one layer and aggregate.
    """
    layer, aggregate, arguments = network.neuron_arguments(batch, neurons)
    key = ("channel means", layer, aggregate)
    fresh = not network.has_compiled(key)
    program, chain = network.compiled(
        key,
        lambda: _compiled_channel_means(network.model, network.input_shape, layer, aggregate),
    )
    if fresh:  # a compiled function is optimised when it runs for the first time
        network.run(program, *arguments)
    started = time.perf_counter()
    units, values, means = network.run(program, *arguments)
    maps = [m.numpy() for m in means]
    seconds = (time.perf_counter() - started) / len(batch)
    return [
        ChannelMeans(int(unit), float(value), tuple(m[n].copy() for m in maps), chain, seconds)
        for n, (unit, value) in enumerate(zip(units.numpy(), values.numpy(), strict=True))
    ]


def _compiled_channel_means(
    model: keras.Model, shape: tuple[int, int, int], layer: str | None, aggregate: str
) -> tuple[CompiledFunction, Chain]:
    """(pixels, unit, position) → unit, value (batch,), VisualBackProp's maps; and their chain.

    The maps are means over the channels, float32 (batch, rows, columns), the deepest first.
    """
    chains: list[Chain] = []

    def body(pixels: tf.Tensor, unit: tf.Tensor, position: tf.Tensor) -> Any:
        structure = forward_in(model, pixels)
        maps, chain = relu_chain(structure)
        chains[:] = [chain]
        unit, value, _ = backward_start(structure.target(layer), unit, aggregate, position)
        return unit, value, [tf.reduce_mean(tf.cast(m, tf.float32), -1) for m in maps]

    return compiled(body, pixels_spec(shape), *neuron_specs(aggregate)), chains[0]
