"""Layers with their inputs, windows and receptive fields, for a diagram of the network.

The receptive field is computed through the traced operations and not through the layers, so that it
holds for subclassed and nested models too. Along one axis, a position i of a result sees the pixels
from `low + i * stride` to `high + i * stride`. A window of k taps (dilation d, stride s, first
window `border` positions outside) over such a result turns this into

    low - border * stride,    high + ((k - 1) * d - border) * stride,    stride * s

(Araujo, Norris & Sim, Computing Receptive Fields of Convolutional Neural Networks, Distill 2019).
Where branches meet, the widest field counts.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import tensorflow as tf

from cnnvis_widgets.backend.graph.structure import Structure
from cnnvis_widgets.backend.graph.tracing import Call
from cnnvis_widgets.backend.records import Field, Pair, PlannedLayer

_CONVOLUTIONS = ("Conv2D", "DepthwiseConv2dNative")
_POOLS = ("MaxPool", "AvgPool")
_BORDERS = ("Pad", "PadV2", "MirrorPad")
# TensorFlow may make a dilated convolution out of this, an ordinary one, and its inverse.
_TO_BATCH = "SpaceToBatchND"
# A position of their result depends on the same position of their inputs. Other operations without
# a window have an unknown receptive field, as does everything after them.
_POINTWISE = {
    "Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Softplus", "Softsign", "Sigmoid", "Tanh",
    "Erf", "Exp", "Log", "Abs", "Neg", "Square", "Sqrt", "Rsqrt", "Reciprocal", "Sign",
    "Identity", "Cast", "StopGradient", "CheckNumerics", "BiasAdd", "Add", "AddV2", "AddN",
    "Sub", "Mul", "RealDiv", "DivNoNan", "Maximum", "Minimum", "Pow", "ClipByValue", "Select",
    "SelectV2", "Greater", "GreaterEqual", "Less", "LessEqual", "ConcatV2", "FusedBatchNorm",
    "FusedBatchNormV2", "FusedBatchNormV3", "Softmax", "BatchToSpaceND", "SpaceToBatchND",
}  # fmt: skip
_CALLS = ("PartitionedCall", "StatefulPartitionedCall")


class _Reach(NamedTuple):
    """Along both axes: the pixels that position (0, 0) sees, and the step to its neighbours."""

    low: Pair
    high: Pair
    strides: Pair


class _Window(NamedTuple):
    """The window of an operation over its input."""

    kernel: Pair
    strides: Pair
    dilation: Pair
    border: Pair
    padding: str


# An operation's input that depends on the picture; kernel, strides, dilation and padding.
Declared = dict[tf.Operation, tuple[tf.Tensor, Any]]


def planned(structure: Structure) -> tuple[PlannedLayer, ...]:
    """All listed layers of a traced network, in the order in which they return."""
    declared = declared_windows(structure)
    reaches = _reaches(structure, declared)
    operations = structure.forward.pixels.graph.get_operations()
    calls = {call.path: call for call in structure.forward.calls if call.listed}
    # Dropout returns its input tensor: then several layers have one result.
    layers_by_result: dict[tf.Operation, list[str]] = {}
    for path, call in calls.items():
        layers_by_result.setdefault(call.output.op, []).append(path)
    layers = []
    for info in structure.layers:
        call = calls[info.name]
        layer_operations = [operations[i] for i in call.operations]
        window = next(
            (o for op in reversed(layer_operations) if (o := _window(op, declared))), None
        )
        reach = reaches.get(call.output.op)
        layers.append(
            PlannedLayer(
                *info[:3],
                call.parameters,
                _inputs(structure, call, layers_by_result),
                window and window.kernel,
                window and window.strides,
                window.padding if window else "",
                reach and _field(reach),
            )
        )
    return tuple(layers)


def _inputs(
    structure: Structure, call: Call, layers_by_result: dict[tf.Operation, list[str]]
) -> tuple[str, ...]:
    """The nearest listed layers from whose results a call's result is computed."""
    same_result = layers_by_result[call.output.op]
    if call.path != same_result[0]:
        return (same_result[same_result.index(call.path) - 1],)
    names: list[str] = []
    visited = {call.output.op}
    queue = [call.output.op]
    while queue:
        for source in structure.sources(queue.pop(0)):
            op = source.op
            if op is structure.forward.pixels.op:
                name = ""
            elif op in layers_by_result and op is not call.output.op:
                name = layers_by_result[op][-1]
            else:
                if op not in visited:
                    visited.add(op)
                    queue.append(op)
                continue
            if name not in names:
                names.append(name)
    return tuple(names)


def declared_windows(structure: Structure) -> Declared:
    """The windows of grouped convolutions, which are calls of compiled functions."""
    operations = structure.forward.pixels.graph.get_operations()
    windows: Declared = {}
    for call in structure.forward.calls:
        for operation in (operations[i] for i in call.operations if call.window):
            if operation.type in _CALLS and (sources := structure.sources(operation)):
                windows[operation] = sources[0], call.window
    return windows


def _reaches(structure: Structure, declared: Declared) -> dict[tf.Operation, _Reach | None]:
    """The receptive field of each operation with rows and columns; None: unlimited or unknown."""
    pixels = structure.forward.pixels.op
    reaches: dict[tf.Operation, _Reach | None] = {pixels: _Reach((0, 0), (0, 0), (1, 1))}
    for op in pixels.graph.get_operations():  # a traced graph is in an order of computation
        if op in reaches or op not in structure.dependent:
            continue
        source_reaches = [reaches.get(x.op) for x in structure.sources(op)]
        window = _window(op, declared)
        if not source_reaches or None in source_reaches or not (window or _keeps_positions(op)):
            reaches[op] = None
            continue
        joined = _joined([reach for reach in source_reaches if reach])
        reaches[op] = joined and (_through(joined, window) if window else joined)
    return reaches


def _keeps_positions(operation: tf.Operation) -> bool:
    """Whether a position of the result depends on the same position of the input."""
    if operation.type == "StridedSlice":  # of the channels alone, it may
        steps = tf.get_static_value(operation.inputs[3])
        sizes = {tuple(x.shape[1:3]) for x in (operation.inputs[0], operation.outputs[0])}
        return steps is not None and min(steps) > 0 and len(sizes) == 1
    return operation.type in _POINTWISE and operation.outputs[0].shape.rank == 4


def _joined(reaches: list[_Reach]) -> _Reach | None:
    """The union of several receptive fields."""
    if len({reach.strides for reach in reaches}) != 1:
        return None
    low = tuple(min(reach.low[axis] for reach in reaches) for axis in (0, 1))
    high = tuple(max(reach.high[axis] for reach in reaches) for axis in (0, 1))
    return _Reach(low, high, reaches[0].strides)  # type: ignore[arg-type]


def _through(reach: _Reach, window: _Window) -> _Reach:
    axes = []
    for axis in (0, 1):
        stride, border = reach.strides[axis], window.border[axis]
        extent = (window.kernel[axis] - 1) * window.dilation[axis]
        axes.append(
            (
                reach.low[axis] - border * stride,
                reach.high[axis] + (extent - border) * stride,
                stride * window.strides[axis],
            )
        )
    return _Reach(*zip(*axes, strict=True))


def _field(reach: _Reach) -> Field:
    size = tuple(high - low + 1 for low, high in zip(reach.low, reach.high, strict=True))
    return Field(size, reach.strides, reach.low)  # type: ignore[arg-type]


def _window(operation: tf.Operation, declared: Declared) -> _Window | None:
    """An operation's window; None if it is pointwise or unknown."""
    if operation in declared:
        maps, (kernel, strides, dilation, padding) = declared[operation]
        ends = maps, operation.outputs[0]
        return _laid_out(ends, _pair(kernel), _pair(strides), _pair(dilation), padding)
    if operation.type in _BORDERS:
        sides = tf.get_static_value(operation.inputs[1])
        if sides is None or len(sides) != 4:
            return None
        return _Window((1, 1), (1, 1), (1, 1), _pair(sides[1:3, 0]), "")
    convolves = operation.type in _CONVOLUTIONS
    if not (convolves or operation.type in _POOLS):
        return None
    if operation.get_attr("data_format") != b"NHWC":
        return None
    kernel = _pair(operation.inputs[1].shape[:2] if convolves else operation.get_attr("ksize")[1:3])
    strides = _pair(operation.get_attr("strides")[1:3])
    spaced = operation.inputs[0].op
    if spaced.type == _TO_BATCH:
        dilation, sides = (tf.get_static_value(x) for x in spaced.inputs[1:])
        border = _pair(sides[:, 0])
        padding = "same" if any(border) else "valid"
        return _Window(kernel, strides, _pair(dilation), border, padding)
    dilation = _pair(operation.get_attr("dilations")[1:3] if convolves else (1, 1))
    padding = operation.get_attr("padding").decode().lower()
    if padding == "explicit":
        border = _pair(operation.get_attr("explicit_paddings")[2:6:2])
        return _Window(kernel, strides, dilation, border, padding)
    ends = operation.inputs[0], operation.outputs[0]
    return _laid_out(ends, kernel, strides, dilation, padding)


def _laid_out(
    ends: tuple[tf.Tensor, tf.Tensor], kernel: Pair, strides: Pair, dilation: Pair, padding: str
) -> _Window:
    """The window with TensorFlow's padding: none, or half of what is missing."""
    border = (0, 0)
    if padding == "same":
        sizes = (end.shape[1:3] for end in ends)
        border = _pair(
            max((size_out - 1) * s + (k - 1) * d + 1 - size_in, 0) // 2
            for size_in, size_out, s, k, d in zip(*sizes, strides, kernel, dilation, strict=True)
        )
    return _Window(kernel, strides, dilation, border, padding)


def _pair(numbers: object) -> Pair:
    first, second = (int(number) for number in numbers)  # type: ignore[attr-defined]
    return first, second
