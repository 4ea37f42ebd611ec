"""BatchNorm folded into the convolution before it, for functions that run many times.

In inference BatchNorm multiplies and shifts each channel: y = s · conv(x, w) + t, which is
conv(x, s · w) + t. The weights are few and the maps are large, so scaling the weights saves a
pass over every map forward, and another backward. The scaling is part of the compiled function,
which still reads the model's own variables.
"""

from __future__ import annotations

from typing import Any

import keras
import tensorflow as tf

_CONVOLUTIONS = {
    "Conv2D": tf.raw_ops.Conv2D,
    "DepthwiseConv2dNative": tf.raw_ops.DepthwiseConv2dNative,
}
_SETTINGS = ("strides", "padding", "dilations", "explicit_paddings")


def folded(layer: keras.layers.Layer, args: Any, kwargs: Any) -> tf.Tensor | None:
    """A BatchNorm's result, computed by the convolution before it; None if that is impossible.

    The convolution's own result remains available to its other consumers.

    Args:
        layer: any layer.
        args: its positional arguments.
        kwargs: its keyword arguments.
    """
    plainly = len(args) == 1 and all(v is None or v is False for v in kwargs.values())
    if type(layer) is not keras.layers.BatchNormalization or not plainly:  # training, or a mask
        return None
    maps = args[0]
    if not isinstance(maps, tf.Tensor) or maps.shape.rank != 4 or maps.dtype != tf.float32:
        return None
    if layer.axis not in (-1, 3) or layer.dtype_policy.compute_dtype != "float32":
        return None
    bias, operation = None, maps.op
    if operation.type == "BiasAdd":
        bias, operation = operation.inputs[1], operation.inputs[0].op
    if operation.type not in _CONVOLUTIONS or operation.get_attr("data_format") != b"NHWC":
        return None
    scale = tf.math.rsqrt(layer.moving_variance + layer.epsilon)
    scale = scale * layer.gamma if layer.scale else scale
    offset = -layer.moving_mean if bias is None else bias - layer.moving_mean
    shift = offset * scale
    shift = shift + layer.beta if layer.center else shift
    x, weights = operation.inputs
    convolve = _CONVOLUTIONS[operation.type]
    attributes = {name: _plain(operation.get_attr(name)) for name in _SETTINGS}
    if operation.type == "DepthwiseConv2dNative":  # (…, channels, multiplier)
        scale = tf.reshape(scale, weights.shape[2:])
    return tf.nn.bias_add(convolve(input=x, filter=weights * scale, **attributes), shift)


def _plain(value: Any) -> Any:
    return value.decode() if isinstance(value, bytes) else value
