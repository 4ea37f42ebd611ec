"""CAM: the maps that global average pooling averages, and a class's weights for them."""

from __future__ import annotations

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
from cnnvis_widgets.backend.graph.global_pooling import averaged_ending
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.records import ClassMaps
from cnnvis_widgets.errors import UnsuitableError

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network


def averages_at_its_end(network: Network) -> bool:
    """Whether it ends in global average pooling and one dense layer; see `global_pooling.py`."""
    return averaged_ending(network.structure) is not None


def class_maps(
    network: Network, batch: np.ndarray, neurons: list[Neuron | None]
) -> list[ClassMaps]:
    """The maps that the network averages at its end, and an output unit's weights for them.

    Args:
        network: the network.
        batch: float32 (batch, rows, columns, channels).
        neurons: for each input an output neuron as `Network.neuron` returns it, all of one
            aggregate; None is the most probable.
    """
    _, aggregate, arguments = network.neuron_arguments(batch, neurons)
    program = network.compiled(
        ("class maps", aggregate),
        lambda: _compiled_class_maps(network.model, network.input_shape, aggregate),
    )
    arrays = (x.numpy() for x in network.run(program, *arguments))
    ending = averaged_ending(network.structure)
    layer = ending.layer if ending else ""
    return [
        ClassMaps(int(unit), float(value), maps, weights, layer)
        for unit, value, maps, weights in zip(*arrays, strict=True)
    ]


def _compiled_class_maps(
    model: keras.Model, shape: tuple[int, int, int], aggregate: str
) -> CompiledFunction:
    """(pixels, unit, position) → units, value (batch,), the averaged maps, the units' weights.

    The logits are linear in the means, so their derivative is the dense layer's weights, exactly.
    """

    def body(pixels: tf.Tensor, unit: tf.Tensor, position: tf.Tensor) -> Any:
        structure = forward_in(model, pixels)
        ending = averaged_ending(structure)
        if ending is None:
            raise UnsuitableError("The network does not end in average pooling and a dense layer.")
        unit, value, seed = backward_start(structure.logits, unit, aggregate, position)
        weights = tf.gradients(structure.logits, ending.means, grad_ys=seed)[0]
        maps, weights = (tf.cast(x, tf.float32) for x in (ending.maps, weights))
        return unit, value, maps, tf.reshape(weights, [tf.shape(pixels)[0], maps.shape[-1]])

    return compiled(body, pixels_spec(shape), *neuron_specs(aggregate))
