"""The weighted operations of a network as `Linear` layers: convolutions and matrix products."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import tensorflow as tf

from cnnvis_widgets.backend.graph import grouped_convolution
from cnnvis_widgets.backend.lrp.canonizers import present
from cnnvis_widgets.backend.lrp.rules import Linear, in_each

_HOW = ("strides", "padding", "dilations", "explicit_paddings", "data_format")


def convolution(
    operation: tf.Operation, x: tf.Tensor, w: tf.Tensor, scale: tf.Tensor | None
) -> Linear:
    """A convolution, in groups or not: x (batch, rows, columns, in), w (r, c, in / groups, out)."""
    w = _scaled(w, scale, [1, 1, 1, -1])
    how = {name: operation.get_attr(name) for name in _HOW}
    whole = x.shape[-1] == w.shape[2]

    def forward(a: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        return tf.raw_ops.Conv2D(input=a, filter=weights, **how)

    def back(result: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        channels = weights.shape[2] if whole else x.shape[-1]
        return grouped_convolution.transposed(tf.shape(x)[:3], channels, weights, result, how)

    def spread(lost: tf.Tensor) -> tf.Tensor:
        def outward(result: tf.Tensor) -> tf.Tensor:
            if whole and tuple(w.shape[:2]) == (1, 1) and set(how["strides"]) == {1}:
                return result  # every place sees itself
            return back(result, tf.ones([*w.shape[:2], 1, 1] if whole else w.shape))

        if whole:
            lost = tf.reduce_sum(lost, -1, keepdims=True)
        return _even(x, w, lost, how, outward, w.shape[2])

    return Linear(x, w, forward, back, spread, 2 if whole else None)


def depthwise(
    operation: tf.Operation, x: tf.Tensor, w: tf.Tensor, scale: tf.Tensor | None
) -> Linear:
    """A convolution of each channel by itself: w (rows, columns, in, multiplier)."""
    single = scale is None or scale.shape.num_elements() == 1
    w = _scaled(w, scale, [1] if single else w.shape[2:])
    how = {name: operation.get_attr(name) for name in _HOW}

    def forward(a: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        return tf.raw_ops.DepthwiseConv2dNative(input=a, filter=weights, **how)

    def back(result: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        return tf.raw_ops.DepthwiseConv2dNativeBackpropInput(
            input_sizes=tf.shape(x), filter=weights, out_backprop=result, **how
        )

    def spread(lost: tf.Tensor) -> tf.Tensor:
        box = tf.ones(w.shape)
        return _even(x, w, lost, how, lambda result: back(result, box), 1)

    return Linear(x, w, forward, back, spread, None)


def transposed(
    operation: tf.Operation, x: tf.Tensor, w: tf.Tensor, scale: tf.Tensor | None
) -> Linear:
    """A transposed convolution: x (batch, rows, columns, in), w (rows, columns, out, in)."""
    w = _scaled(w, scale, [1, 1, -1, 1])
    how = {name: operation.get_attr(name) for name in _HOW}
    sizes = operation.inputs[0]

    def forward(a: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        shape = tf.concat([sizes[:3], [weights.shape[2]]], 0)
        return tf.raw_ops.Conv2DBackpropInput(
            input_sizes=shape, filter=weights, out_backprop=a, **how
        )

    def back(result: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        return tf.raw_ops.Conv2D(input=result, filter=weights, **how)

    def spread(lost: tf.Tensor) -> tf.Tensor:
        box = tf.ones([*w.shape[:2], 1, 1])
        lost = tf.reduce_sum(lost, -1, keepdims=True)
        seen = forward(tf.ones_like(x[..., :1]), box)
        shared = tf.math.divide_no_nan(lost, seen)
        unseen = in_each(tf.where(seen == 0, lost, 0.0))  # between the strides
        everywhere = unseen / tf.cast(tf.size(x[0]), tf.float32)
        return back(shared, box) / x.shape[-1] + everywhere + tf.zeros_like(x)

    return Linear(x, w, forward, back, spread, 3)


def product(operation: tf.Operation, x: tf.Tensor, w: tf.Tensor, scale: tf.Tensor | None) -> Linear:
    """A matrix product: x (…, in), w (in, out)."""
    turned = "transpose_b" if operation.type == "MatMul" else "adj_y"
    if operation.get_attr(turned):
        w = tf.transpose(w)
    w = _scaled(w, scale, [1, -1])

    def back(result: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        return tf.matmul(result, weights, transpose_b=True)

    def spread(lost: tf.Tensor) -> tf.Tensor:
        return tf.reduce_sum(lost, -1, keepdims=True) / w.shape[0]

    return Linear(x, w, tf.matmul, back, spread, 0)


KINDS = {
    "Conv2D": convolution,
    "DepthwiseConv2dNative": depthwise,
    "Conv2DBackpropInput": transposed,
    "MatMul": product,
    "BatchMatMulV2": product,
}
"""Kind of TensorFlow operation → the layer that it is."""


def operands(
    operation: tf.Operation, dependent: set[tf.Operation]
) -> tuple[tf.Tensor, tf.Tensor] | None:
    """Input and weights; None where they are not in the usual order and layout."""
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
    """The weights times what their results are multiplied by; None is nothing."""
    return w if scale is None else w * tf.reshape(scale, shape)


def _even(
    x: tf.Tensor,
    w: tf.Tensor,
    lost: tf.Tensor,
    how: dict[str, Any],
    outward: Callable[[tf.Tensor], tf.Tensor],
    channels: int,
) -> tf.Tensor:
    """Each result's relevance sent evenly to the inputs in its window that are no padding.

    Args:
        x: the layer's input.
        w: its weights, for their size.
        lost: (batch, rows, columns, …).
        how: the convolution's attributes.
        outward: sends the value of a result to each place of its window.
        channels: how many of the input's a result sees.
    """
    places = present(x)
    if places is not None and places.all() and tuple(w.shape[:2]) == (1, 1):
        return outward(lost * (1 / channels))
    box = np.ones((*w.shape[:2], 1, 1), np.float32)
    if places is None:
        ones = tf.ones_like(x[..., :1])
        seen = tf.raw_ops.Conv2D(input=ones, filter=box, **how)
        return outward(tf.math.divide_no_nan(lost, seen * channels))
    with tf.init_scope():  # at once: what is known need not be in the graph
        seen = tf.raw_ops.Conv2D(input=places, filter=box, **how).numpy()
    share = np.divide(1, channels * seen, out=np.zeros_like(seen), where=seen > 0)
    sent = outward(lost * share)
    if places.all():
        return sent
    # A window of nothing but padding: no input to give it to but all of them.
    unseen = in_each(lost * (seen == 0).astype(np.float32))
    return (sent + unseen / (places.sum() * x.shape[-1])) * places
