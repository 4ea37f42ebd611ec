"""CAM's maps: what a network averages at its end, and the weights that a class gives them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import keras
import numpy as np
import tensorflow as tf

from cnnvis_widgets.backend.compiled_functions import (
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


def class_maps(network: Network, pixels: np.ndarray, neuron: Neuron | None) -> ClassMaps:
    """The maps that the network averages at its end, and an output unit's weights of them.

    Args:
        network: whose maps or relevance are wanted.
        pixels: float32 (rows, columns, channels).
        neuron: an output neuron as `Network.neuron` returns it; None is the most probable.
    """
    _, aggregate, arguments = network.neuron_arguments(pixels[None], neuron)
    program = network.compiled(
        ("class maps", aggregate),
        lambda: _compiled_class_maps(network.model, network.input_shape, aggregate),
    )
    unit, value, maps, weights = (x.numpy() for x in program(*arguments))
    ending = averaged_ending(network.structure)
    layer = ending.layer if ending else ""
    return ClassMaps(int(unit), float(value[0]), maps[0], weights, layer)


def _compiled_class_maps(
    model: keras.Model, shape: tuple[int, int, int], aggregate: str
) -> tf.types.experimental.ConcreteFunction:
    """(pixels, unit, position) → unit, value (batch,), the averaged maps, the unit's weights.

    The logits are linear in the means, so their derivative is the dense layer's weights, exactly.
    """

    def body(pixels: tf.Tensor, unit: tf.Tensor, position: tf.Tensor) -> Any:
        structure = forward_in(model, pixels)
        ending = averaged_ending(structure)
        if ending is None:
            raise UnsuitableError("The network does not end in average pooling and a dense layer.")
        unit, value, seed = backward_start(structure.logits, unit, aggregate, position)
        weights = tf.gradients(structure.logits, ending.means, grad_ys=seed)[0][0]
        maps = tf.cast(ending.maps, tf.float32)
        return unit, value, maps, tf.reshape(tf.cast(weights, tf.float32), [-1])

    return compiled(body, pixels_spec(shape), *neuron_specs(aggregate))
