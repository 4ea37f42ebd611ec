"""Bounds of the first weighted layer's input, for the zᴮ rule, after preprocessing layers.

A network may turn RGB to BGR, subtract means, scale, clip, crop or resize before its first layer.
The bounds are propagated by interval arithmetic: sums and products with constants by sign, and
monotonic operations by applying them to both bounds.
"""

from __future__ import annotations

import tensorflow as tf

from cnnvis_widgets.backend.graph.function_inlining import copy_operation

Interval = tuple[tf.Tensor, tf.Tensor]
"""The least and the largest values of a tensor, float32."""

_SUMS = ("Add", "AddV2", "BiasAdd", "AddN")
_ARITHMETIC = (*_SUMS, "Sub", "Neg", "Mul", "RealDiv", "FusedBatchNormV3")
# Monotonically increasing operations.
_MONOTONIC = frozenset(
    [
        *("Identity", "Cast", "Reshape", "Squeeze", "ExpandDims", "Transpose", "StridedSlice"),
        *("Slice", "Split", "SplitV", "Pack", "Unpack", "ConcatV2", "GatherV2", "ReverseV2"),
        *("Pad", "PadV2", "MirrorPad", "Tile", "BroadcastTo", "SpaceToBatchND", "BatchToSpaceND"),
        *("SpaceToDepth", "DepthToSpace", "ResizeBilinear", "ResizeNearestNeighbor", "Roll"),
        *("AvgPool", "MaxPool", "Mean", "Maximum", "Minimum", "ClipByValue", "StopGradient"),
        *("CheckNumerics", "EnsureShape", "IdentityN"),
    ]
)


def is_preprocessing(tensor: tf.Tensor, pixels: tf.Tensor, dependent: set[tf.Operation]) -> bool:
    """Whether a tensor is computed from the pixels without weighted layer, activation or gate.

    Args:
        tensor: any.
        pixels: the network's input.
        dependent: the operations that depend on the picture.
    """
    visited: set[tf.Operation] = set()
    queue = [tensor.op]
    while queue:
        op = queue.pop()
        if op is pixels.op or op in visited:
            continue
        visited.add(op)
        sources = [x for x in op.inputs if x.op in dependent]
        if op.type in ("Mul", "RealDiv", "FusedBatchNormV3"):
            if len(sources) != 1 or (op.type != "Mul" and sources[0] is not op.inputs[0]):
                return False
        elif op.type not in _MONOTONIC and op.type not in _ARITHMETIC:
            return False
        if not sources:
            return False
        queue.extend(x.op for x in sources)
    return True


def bounds(
    tensor: tf.Tensor, pixels: tf.Tensor, ends: Interval, dependent: set[tf.Operation]
) -> Interval | None:
    """The least and largest values of a first layer's input; None for any later layer's.

    Args:
        tensor: the layer's input.
        pixels: the network's.
        ends: of the pixels, those of a black and of a white picture.
        dependent: the operations that depend on the picture.
    """
    if not is_preprocessing(tensor, pixels, dependent):
        return None
    intervals: dict[object, Interval] = {pixels.ref(): ends}

    def interval(x: tf.Tensor) -> Interval:
        if x.ref() not in intervals:
            intervals[x.ref()] = _through(x, interval) if x.op in dependent else _fixed(x)
        return intervals[x.ref()]

    return interval(tensor)


def _fixed(x: tf.Tensor) -> Interval:
    value = tf.cast(x, tf.float32) if x.dtype.is_floating else x
    return value, value


def _through(x: tf.Tensor, interval: object) -> Interval:
    """The bounds of one operation's result, from those of its inputs."""
    op = x.op
    operands = [interval(y) for y in op.inputs]  # type: ignore[operator]
    if op.type in _SUMS:
        lows, highs = zip(*operands, strict=True)
        return sum(lows[1:], lows[0]), sum(highs[1:], highs[0])
    if op.type == "Neg":
        return -operands[0][1], -operands[0][0]
    if op.type == "Sub":
        return operands[0][0] - operands[1][1], operands[0][1] - operands[1][0]
    if op.type in ("Mul", "RealDiv"):
        combine = tf.multiply if op.type == "Mul" else tf.divide
        products = [combine(a, b) for a in operands[0] for b in operands[1][:1]]
        if op.type == "Mul":
            products = [a * b for a in operands[0] for b in operands[1]]
        return _minimum(products), -_minimum([-product for product in products])
    ends = [_on_one_end(x, [operand[end] for operand in operands]) for end in (0, 1)]
    if op.type == "FusedBatchNormV3":
        return _minimum(ends), -_minimum([-end for end in ends])
    return ends[0], ends[1]


def _minimum(tensors: list[tf.Tensor]) -> tf.Tensor:
    minimum = tensors[0]
    for tensor in tensors[1:]:
        minimum = tf.minimum(minimum, tensor)
    return minimum


def _on_one_end(x: tf.Tensor, operands: list[tf.Tensor]) -> tf.Tensor:
    """The operation applied to one bound of its inputs."""
    inputs = [
        tf.cast(new, old.dtype) if new.dtype != old.dtype else new
        for new, old in zip(operands, x.op.inputs, strict=True)
    ]
    return tf.cast(copy_operation(x.op, inputs)[x.value_index], tf.float32)
