"""What the first weighted layer's input can be, for the zᴮ rule: preprocessing inside the network.

A network may turn RGB to BGR, subtract means, scale, clip, crop or resize before its first layer.
Bounds go through all of it by interval arithmetic: sums and products with constants by their sign,
whatever moves numbers about or can only raise its result with its input by doing the same to both
ends.
"""

from __future__ import annotations

import tensorflow as tf

from cnnvis_widgets.backend.graph.function_inlining import copy_operation

Interval = tuple[tf.Tensor, tf.Tensor]
"""The least and the largest values of a tensor, float32."""

_SUMS = ("Add", "AddV2", "BiasAdd", "AddN")
_ARITHMETIC = (*_SUMS, "Sub", "Neg", "Mul", "RealDiv", "FusedBatchNormV3")
# They grow, if they change at all, where their input grows.
_RISING = frozenset(
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
    """Whether a tensor is made of the pixels without weighted layer, activation or gate.

    Args:
        tensor: any.
        pixels: the network's input.
        dependent: the operations that depend on the picture.
    """
    seen: set[tf.Operation] = set()
    queue = [tensor.op]
    while queue:
        op = queue.pop()
        if op is pixels.op or op in seen:
            continue
        seen.add(op)
        mine = [x for x in op.inputs if x.op in dependent]
        if op.type in ("Mul", "RealDiv", "FusedBatchNormV3"):
            if len(mine) != 1 or (op.type != "Mul" and mine[0] is not op.inputs[0]):
                return False
        elif op.type not in _RISING and op.type not in _ARITHMETIC:
            return False
        if not mine:
            return False
        queue.extend(x.op for x in mine)
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
    known: dict[object, Interval] = {pixels.ref(): ends}

    def interval(x: tf.Tensor) -> Interval:
        if x.ref() not in known:
            known[x.ref()] = _through(x, interval) if x.op in dependent else _fixed(x)
        return known[x.ref()]

    return interval(tensor)


def _fixed(x: tf.Tensor) -> Interval:
    value = tf.cast(x, tf.float32) if x.dtype.is_floating else x
    return value, value


def _through(x: tf.Tensor, interval: object) -> Interval:
    """The bounds of one operation's result, from those of what it takes."""
    op = x.op
    given = [interval(y) for y in op.inputs]  # type: ignore[operator]
    if op.type in _SUMS:
        lows, highs = zip(*given, strict=True)
        return sum(lows[1:], lows[0]), sum(highs[1:], highs[0])
    if op.type == "Neg":
        return -given[0][1], -given[0][0]
    if op.type == "Sub":
        return given[0][0] - given[1][1], given[0][1] - given[1][0]
    if op.type in ("Mul", "RealDiv"):
        combine = tf.multiply if op.type == "Mul" else tf.divide
        made = [combine(a, b) for a in given[0] for b in given[1][:1]]
        if op.type == "Mul":
            made = [a * b for a in given[0] for b in given[1]]
        return _least(made), -_least([-one for one in made])
    both = [_again(x, [one[end] for one in given]) for end in (0, 1)]
    if op.type == "FusedBatchNormV3":
        return _least(both), -_least([-one for one in both])
    return both[0], both[1]


def _least(tensors: list[tf.Tensor]) -> tf.Tensor:
    least = tensors[0]
    for one in tensors[1:]:
        least = tf.minimum(least, one)
    return least


def _again(x: tf.Tensor, given: list[tf.Tensor]) -> tf.Tensor:
    """The operation once more, on one end of what it takes."""
    inputs = [
        tf.cast(new, old.dtype) if new.dtype != old.dtype else new
        for new, old in zip(given, x.op.inputs, strict=True)
    ]
    return tf.cast(copy_operation(x.op, inputs)[x.value_index], tf.float32)
