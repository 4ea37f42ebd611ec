"""The derivative of a convolution in groups, which TensorFlow does not have on every processor.

Keras compiles such convolutions with XLA for that reason, and so hides them. Here they are visible,
and their transpose is computed group by group.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

GRADIENT = "CnnvisGroups"
_HOW = ("strides", "padding", "dilations", "explicit_paddings", "data_format")


def in_groups(operation: tf.Operation) -> bool:
    """Whether it is a convolution whose filters see some of the channels each."""
    if operation.type != "Conv2D" or operation.get_attr("data_format") != b"NHWC":
        return False
    x, weights = operation.inputs
    return x.shape[-1] is not None and x.shape[-1] != weights.shape[2]


def transposed(
    places: tf.Tensor, channels: int, weights: tf.Tensor, result: tf.Tensor, how: Any
) -> tf.Tensor:
    """What a convolution's transpose makes of its result: (batch, rows, columns, channels).

    Args:
        places: int32 (3,), batch, rows and columns of what it makes.
        channels: of what it makes.
        weights: (rows, columns, channels / groups, units).
        result: (batch, rows, columns, units).
        how: the convolution's attributes.
    """
    groups = channels // weights.shape[2]
    each = tf.concat([places, [weights.shape[2]]], 0)
    if groups == 1:
        return tf.raw_ops.Conv2DBackpropInput(
            input_sizes=each, filter=weights, out_backprop=result, **how
        )
    parts = zip(tf.split(weights, groups, -1), tf.split(result, groups, -1), strict=True)
    made = [
        tf.raw_ops.Conv2DBackpropInput(input_sizes=each, filter=w, out_backprop=r, **how)
        for w, r in parts
    ]
    return tf.concat(made, -1)


@tf.RegisterGradient(GRADIENT)
def _gradient(operation: tf.Operation, gradient: tf.Tensor) -> list[tf.Tensor | None]:
    x, weights = operation.inputs
    how = {name: operation.get_attr(name) for name in _HOW}
    return [transposed(tf.shape(x)[:3], x.shape[-1], weights, gradient, how), None]
