"""The derivative of a grouped convolution, which TensorFlow lacks on some processors.

Keras therefore compiles these convolutions with XLA, which hides them. Here they stay visible, and
their transpose is computed group by group.
"""

from __future__ import annotations

from typing import Any

import tensorflow as tf

GRADIENT = "CnnvisGroups"
_ATTRIBUTES = ("strides", "padding", "dilations", "explicit_paddings", "data_format")


def in_groups(operation: tf.Operation) -> bool:
    """Whether it is a grouped convolution: each filter sees some of the channels."""
    if operation.type != "Conv2D" or operation.get_attr("data_format") != b"NHWC":
        return False
    x, weights = operation.inputs
    return x.shape[-1] is not None and x.shape[-1] != weights.shape[2]


def transposed(
    sizes: tf.Tensor, channels: int, weights: tf.Tensor, result: tf.Tensor, attributes: Any
) -> tf.Tensor:
    """The transposed convolution of a result: (batch, rows, columns, channels).

    Args:
        sizes: int32 (3,), batch, rows and columns of the returned tensor.
        channels: of the returned tensor.
        weights: (rows, columns, channels / groups, units).
        result: (batch, rows, columns, units).
        attributes: the convolution's attributes.
    """
    groups = channels // weights.shape[2]
    group_sizes = tf.concat([sizes, [weights.shape[2]]], 0)
    if groups == 1:
        return tf.raw_ops.Conv2DBackpropInput(
            input_sizes=group_sizes, filter=weights, out_backprop=result, **attributes
        )
    pairs = zip(tf.split(weights, groups, -1), tf.split(result, groups, -1), strict=True)
    results = [
        tf.raw_ops.Conv2DBackpropInput(
            input_sizes=group_sizes, filter=w, out_backprop=r, **attributes
        )
        for w, r in pairs
    ]
    return tf.concat(results, -1)


@tf.RegisterGradient(GRADIENT)
def _gradient(operation: tf.Operation, gradient: tf.Tensor) -> list[tf.Tensor | None]:
    x, weights = operation.inputs
    attributes = {name: operation.get_attr(name) for name in _ATTRIBUTES}
    return [transposed(tf.shape(x)[:3], x.shape[-1], weights, gradient, attributes), None]
