"""What a neuron would be if a layer had given something else: the network from there on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

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
from cnnvis_widgets.backend.graph.substitution import Substitution, substituting
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.errors import UnsuitableError

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network


def values_after(
    network: Network,
    batch: np.ndarray,
    layer: str,
    activations: np.ndarray,
    neuron: Neuron | None,
) -> np.ndarray:
    """A neuron's value, before softmax, with a layer's result exchanged.

    Args:
        network: whose neuron it is.
        batch: float32 (batch, rows, columns, channels), for what the neuron sees past the layer.
        layer: its name.
        activations: float32 (batch, …), what the layer is to give, in the shape of its result.
        neuron: as `Network.neuron` returns it.

    Returns:
        float32 (batch,).

    Raises:
        UnsuitableError: the result of `layer` is an operation's, and no layer's.
    """
    path = network.structure.call(layer).path
    name, aggregate, arguments = network.neuron_arguments(batch, neuron)

    def build() -> CompiledFunction:
        def body(pixels: tf.Tensor, unit: tf.Tensor, place: tf.Tensor, given: tf.Tensor) -> Any:
            exchanged = Substitution(path, given)
            with substituting(exchanged):
                structure = forward_in(network.model, pixels)
            if not exchanged.used:
                raise UnsuitableError(
                    f"What {layer} gives cannot be exchanged: it is an operation between layers. "
                    "Choose the layer before or after it."
                )
            return backward_start(structure.target(name), unit, aggregate, place)[1]

        pixels = pixels_spec(network.input_shape)
        given = tf.TensorSpec((pixels.shape[0], *activations.shape[1:]), tf.float32)
        return compiled(body, pixels, *neuron_specs(aggregate), given)

    program = network.compiled(("values after", path, name, aggregate), build)
    given = tf.constant(activations, tf.float32)
    # What the layer gives goes with its picture, one by one where the network needs it.
    if not network.one_by_one:
        return program(*arguments, given).numpy()
    pixels, *which = arguments
    single = [program(pixels[n : n + 1], *which, given[n : n + 1]) for n in range(len(batch))]
    return tf.concat(single, 0).numpy()
