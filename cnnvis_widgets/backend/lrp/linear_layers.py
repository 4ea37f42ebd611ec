"""The weighted operations of a network as `Linear` layers: convolutions and matrix products."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from cnnvis_widgets.backend.graph import grouped_convolution
from cnnvis_widgets.backend.lrp.canonizers import unpadded
from cnnvis_widgets.backend.lrp.rules import Linear, per_picture_sum

_ATTRIBUTES = ("strides", "padding", "dilations", "explicit_paddings", "data_format")


def convolution(
    operation: tf.Operation, x: tf.Tensor, w: tf.Tensor, scale: tf.Tensor | None
) -> Linear:
    """A convolution, in groups or not: x (batch, rows, columns, in), w (r, c, in / groups, out)."""
    w = _scaled(w, scale, [1, 1, 1, -1])
    attributes = {name: operation.get_attr(name) for name in _ATTRIBUTES}
    ungrouped = x.shape[-1] == w.shape[2]

    def forward(a: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        return tf.raw_ops.Conv2D(input=a, filter=weights, **attributes)

    def back(result: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        channels = weights.shape[2] if ungrouped else x.shape[-1]
        return grouped_convolution.transposed(
            tf.shape(x)[:3], channels, weights, result, attributes
        )

    def flat(unassigned: tf.Tensor) -> tf.Tensor:
        def to_window(result: tf.Tensor) -> tf.Tensor:
            if ungrouped and tuple(w.shape[:2]) == (1, 1) and set(attributes["strides"]) == {1}:
                return result  # a window of one position
            return back(result, tf.ones([*w.shape[:2], 1, 1] if ungrouped else w.shape))

        if ungrouped:
            unassigned = tf.reduce_sum(unassigned, -1, keepdims=True)
        return _flat(x, w, unassigned, attributes, to_window, w.shape[2])

    return Linear(x, w, forward, back, flat, 2 if ungrouped else None)


def depthwise(
    operation: tf.Operation, x: tf.Tensor, w: tf.Tensor, scale: tf.Tensor | None
) -> Linear:
    """A convolution of each channel by itself: w (rows, columns, in, multiplier)."""
    single = scale is None or scale.shape.num_elements() == 1
    w = _scaled(w, scale, [1] if single else w.shape[2:])
    attributes = {name: operation.get_attr(name) for name in _ATTRIBUTES}

    def forward(a: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        return tf.raw_ops.DepthwiseConv2dNative(input=a, filter=weights, **attributes)

    def back(result: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        return tf.raw_ops.DepthwiseConv2dNativeBackpropInput(
            input_sizes=tf.shape(x), filter=weights, out_backprop=result, **attributes
        )

    def flat(unassigned: tf.Tensor) -> tf.Tensor:
        box = tf.ones(w.shape)
        return _flat(x, w, unassigned, attributes, lambda result: back(result, box), 1)

    return Linear(x, w, forward, back, flat, None)


def transposed(
    operation: tf.Operation, x: tf.Tensor, w: tf.Tensor, scale: tf.Tensor | None
) -> Linear:
    """A transposed convolution: x (batch, rows, columns, in), w (rows, columns, out, in)."""
    w = _scaled(w, scale, [1, 1, -1, 1])
    attributes = {name: operation.get_attr(name) for name in _ATTRIBUTES}
    sizes = operation.inputs[0]

    def forward(a: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        shape = tf.concat([sizes[:3], [weights.shape[2]]], 0)
        return tf.raw_ops.Conv2DBackpropInput(
            input_sizes=shape, filter=weights, out_backprop=a, **attributes
        )

    def back(result: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        return tf.raw_ops.Conv2D(input=result, filter=weights, **attributes)

    def flat(unassigned: tf.Tensor) -> tf.Tensor:
        ones = tf.ones([*w.shape[:2], 1, 1])
        unassigned = tf.reduce_sum(unassigned, -1, keepdims=True)
        covered = forward(tf.ones_like(x[..., :1]), ones)
        shared = tf.math.divide_no_nan(unassigned, covered)
        uncovered = per_picture_sum(tf.where(covered == 0, unassigned, 0.0))  # between the strides
        everywhere = uncovered / tf.cast(tf.size(x[0]), tf.float32)
        return back(shared, ones) / x.shape[-1] + everywhere + tf.zeros_like(x)

    return Linear(x, w, forward, back, flat, 3)


def product(operation: tf.Operation, x: tf.Tensor, w: tf.Tensor, scale: tf.Tensor | None) -> Linear:
    """A matrix product: x (…, in), w (in, out)."""
    attribute = "transpose_b" if operation.type == "MatMul" else "adj_y"
    if operation.get_attr(attribute):
        w = tf.transpose(w)
    w = _scaled(w, scale, [1, -1])

    def back(result: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        return tf.matmul(result, weights, transpose_b=True)

    def flat(unassigned: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(unassigned, -1, keepdims=True) / w.shape[0]

    return Linear(x, w, tf.matmul, back, flat, 0)


KINDS = {
    "Conv2D": convolution,
    "DepthwiseConv2dNative": depthwise,
    "Conv2DBackpropInput": transposed,
    "MatMul": product,
    "BatchMatMulV2": product,
}
"""Type of TensorFlow operation → the function that makes it a `Linear` layer."""


def operands(
    operation: tf.Operation, dependent: set[tf.Operation]
) -> tuple[tf.Tensor, tf.Tensor] | None:
    """Input and weights; None if they are not in the usual order and layout."""
    x, w = operation.inputs[-2:]
    if operation.type == "Conv2DBackpropInput":
        x, w = w, x
    if x.op not in dependent:
        return None
    if operation.type == "MatMul" and operation.get_attr("transpose_a"):
        return None
    if operation.type == "BatchMatMulV2" and (operation.get_attr("adj_x") or w.shape.rank != 2):
        return None
    if "Conv" in operation.type and operation.get_attr("data_format") != b"NHWC":
        return None
    return x, w


def _scaled(w: tf.Tensor, scale: tf.Tensor | None, shape: list[int]) -> tf.Tensor:
    """The weights times the factor of their results; None is no factor."""
    return w if scale is None else w * tf.reshape(scale, shape)


def _flat(
    x: tf.Tensor,
    w: tf.Tensor,
    unassigned: tf.Tensor,
    attributes: dict[str, Any],
    to_window: Callable[[tf.Tensor], tf.Tensor],
    channels: int,
) -> tf.Tensor:
    """Each result's relevance shared evenly among the inputs in its window, without padding.

    Args:
        x: the layer's input.
        w: its weights, for their size.
        unassigned: (batch, rows, columns, …), the relevance to share.
        attributes: the convolution's attributes.
        to_window: adds a result's value to each position of its window.
        channels: how many input channels a result depends on.
    """
    valid = unpadded(x)
    if valid is not None and valid.all() and tuple(w.shape[:2]) == (1, 1):
        return to_window(unassigned * (1 / channels))
    box = np.ones((*w.shape[:2], 1, 1), np.float32)
    if valid is None:
        ones = tf.ones_like(x[..., :1])
        covered = tf.raw_ops.Conv2D(input=ones, filter=box, **attributes)
        return to_window(tf.math.divide_no_nan(unassigned, covered * channels))
    with tf.init_scope():  # eagerly: a constant need not be in the graph
        covered = tf.raw_ops.Conv2D(input=valid, filter=box, **attributes).numpy()
    share = np.divide(1, channels * covered, out=np.zeros_like(covered), where=covered > 0)
    relevance = to_window(unassigned * share)
    if valid.all():
        return relevance
    # A window with nothing but padding: its relevance goes to all inputs.
    uncovered = per_picture_sum(unassigned * (covered == 0).astype(np.float32))
    return (relevance + uncovered / (valid.sum() * x.shape[-1])) * valid
