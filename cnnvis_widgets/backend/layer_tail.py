"""A neuron's value with a layer's activations replaced (an intervention)."""

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
    """A neuron's value, before softmax, with a layer's result replaced.

    Args:
        network: the network.
        batch: float32 (batch, rows, columns, channels), for paths that bypass the layer.
        layer: the layer's name.
        activations: float32 (batch, …), the replacement, in the shape of the layer's result.
        neuron: as `Network.neuron` returns it.

    Returns:
        float32 (batch,).

    Raises:
        UnsuitableError: the result of `layer` is that of an operation, not of a layer.
    """
    path = network.structure.call(layer).path
    name, aggregate, arguments = network.neuron_arguments(batch, neuron)

    def build() -> CompiledFunction:
        def body(pixels: tf.Tensor, unit: tf.Tensor, position: tf.Tensor, value: tf.Tensor) -> Any:
            replacement = Substitution(path, value)
            with substituting(replacement):
                structure = forward_in(network.model, pixels)
            if not replacement.used:
                raise UnsuitableError(
                    f"What {layer} gives cannot be exchanged: it is an operation between layers. "
                    "Choose the layer before or after it."
                )
            return backward_start(structure.target(name), unit, aggregate, position)[1]

        pixels = pixels_spec(network.input_shape)
        activations_spec = tf.TensorSpec((pixels.shape[0], *activations.shape[1:]), tf.float32)
        return compiled(body, pixels, *neuron_specs(aggregate), activations_spec)

    program = network.compiled(("values after", path, name, aggregate), build)
    substitutes = tf.constant(activations, tf.float32)
    # Each picture has its own activations, so both are sliced.
    if not network.one_by_one:
        return program(*arguments, substitutes).numpy()
    pixels, *neuron_arguments = arguments
    results = [
        program(pixels[n : n + 1], *neuron_arguments, substitutes[n : n + 1])
        for n in range(len(batch))
    ]
    return tf.concat(results, 0).numpy()
