"""Gradient × activation of one unit's map, for every class."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import tensorflow as tf

from cnnvis_widgets.backend.compiled_functions import (
    CompiledFunction,
    compiled,
    forward_in,
    pixels_spec,
)
from cnnvis_widgets.errors import UnsuitableError

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network


def class_attributions(network: Network, batch: np.ndarray, layer: str, unit: int) -> np.ndarray:
    """Gradient times activation, summed over the unit's map, for every class at once.

    For class c, with its value z before softmax and the unit's map a over positions p, that is
    Σₚ ∂z(c)/∂a(p) · a(p): to first order, what z(c) loses if the map is removed. It is a
    directional derivative J d of all values (forward mode). `tf.gradients` computes vᵀJ only; since
    that is linear in v, a second reverse pass gives J d. So it costs about three forward passes,
    whatever the number of classes.

    Args:
        network: the network.
        batch: float32 (1, rows, columns, channels).
        layer: the unit's layer.
        unit: the unit's number.

    Returns:
        float32 (classes,); where the network answers by maps, their sums.

    Raises:
        UnknownNameError: no such layer.
        UnsuitableError: the network has several outputs, or TensorFlow knows no derivative of a
            derivative of an operation after the layer.

    Examples:
        >>> from cnnvis_widgets.backend.class_attributions import class_attributions
        >>> batch = network.prepare(image).input[None]
        >>> class_attributions(network, batch, "block3_conv2", 15).shape
        (8,)
    """
    if network.several_outputs:
        raise UnsuitableError(f"{network.name} has several outputs; expected one with classes.")

    def build() -> CompiledFunction:
        def body(pixels: tf.Tensor, unit: tf.Tensor) -> tf.Tensor:
            structure = forward_in(network.model, pixels)
            maps, values = structure.target(layer), structure.logits
            direction = maps * tf.one_hot(unit, maps.shape[-1], dtype=maps.dtype)
            attributions = tf.cast(_directional(values, maps, direction), tf.float32)
            return tf.reduce_sum(tf.reshape(attributions, (-1, values.shape[-1])), 0)

        return compiled(body, pixels_spec(network.input_shape), tf.TensorSpec((), tf.int32))

    path = network.structure.call(layer).path
    program = network.compiled(("class attributions", path), build)
    return program(tf.constant(batch), tf.constant(unit)).numpy()


def _directional(values: tf.Tensor, variable: tf.Tensor, direction: tf.Tensor) -> tf.Tensor:
    """The derivative of `values` as `variable` moves along a direction; zeros if independent."""
    start = tf.zeros_like(values)
    try:
        back = tf.gradients(values, variable, grad_ys=start)[0]
        derivative = None if back is None else tf.gradients(back, start, grad_ys=direction)[0]
    except LookupError as error:
        raise UnsuitableError(
            "How the classes hang on this layer cannot be found: TensorFlow has no derivative of "
            f"the derivative of an operation that follows it ({error})."
        ) from error
    return tf.zeros_like(values) if derivative is None else derivative
