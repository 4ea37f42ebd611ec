"""How much a unit's map, as it is, adds to the value of each class."""

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


def class_pushes(network: Network, batch: np.ndarray, layer: str, unit: int) -> np.ndarray:
    """Gradient times activation, summed over the unit's map, for every class at once.

    For class c, with its value z before softmax and the unit's map a over places p, that is
    Σₚ ∂z(c)/∂a(p) · a(p): how z(c) would change, to first order, for each share of a that is taken
    away. It is the derivative of all values along one direction. `tf.gradients` goes the other way
    only, but twice the way is the way: v ↦ vᵀJ is linear in v, and its derivative along d is J d.
    So it costs about three forward passes, however many classes there are.

    Args:
        network: the network.
        batch: float32 (1, rows, columns, channels).
        layer: whose unit it is.
        unit: its number.

    Returns:
        float32 (classes,); where the network answers by maps, their sums.

    Raises:
        UnknownNameError: no such layer.
        UnsuitableError: the network has several outputs, or TensorFlow knows no derivative of a
            derivative on the way.

    Examples:
        >>> from cnnvis_widgets.backend.class_pushes import class_pushes
        >>> class_pushes(network, network.prepare(image).input[None], "block3_conv2", 15).shape
        (8,)
    """
    if network.several_outputs:
        raise UnsuitableError(f"{network.name} has several outputs; expected one with classes.")

    def build() -> CompiledFunction:
        def body(pixels: tf.Tensor, unit: tf.Tensor) -> tf.Tensor:
            structure = forward_in(network.model, pixels)
            maps, values = structure.target(layer), structure.logits
            along = maps * tf.one_hot(unit, maps.shape[-1], dtype=maps.dtype)
            pushes = tf.cast(_directional(values, maps, along), tf.float32)
            return tf.reduce_sum(tf.reshape(pushes, (-1, values.shape[-1])), 0)

        return compiled(body, pixels_spec(network.input_shape), tf.TensorSpec((), tf.int32))

    path = network.structure.call(layer).path
    program = network.compiled(("class pushes", path), build)
    return program(tf.constant(batch), tf.constant(unit)).numpy()


def _directional(values: tf.Tensor, at: tf.Tensor, along: tf.Tensor) -> tf.Tensor:
    """The derivative of `values` where `at` moves along a direction; else zeros."""
    start = tf.zeros_like(values)
    try:
        back = tf.gradients(values, at, grad_ys=start)[0]
        there = None if back is None else tf.gradients(back, start, grad_ys=along)[0]
    except LookupError as error:
        raise UnsuitableError(
            "How the classes hang on this layer cannot be found: TensorFlow has no derivative of "
            f"the derivative of an operation that follows it ({error})."
        ) from error
    return tf.zeros_like(values) if there is None else there
