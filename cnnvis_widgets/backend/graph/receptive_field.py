"""A network as a diagram needs it: which layer takes what, through which window, how far it sees.

The receptive field is followed through the traced operations and not through the layers, so that it
holds for subclassed and nested models too. Along one axis, a place i of a result sees the pixels
from `low + i * stride` to `high + i * stride`. A window of k taps (dilation d, stride s, first
window `border` places outside) that looks at such a result turns this into

    low - border * stride,    high + ((k - 1) * d - border) * stride,    stride * s

(Araujo, Norris & Sim, Computing Receptive Fields of Convolutional Neural Networks, Distill 2019).
Where branches meet, the widest reach of all counts.
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
# A place of their result is computed from the same place of what they take. An operation that
# is not here and has no window is not known, nor is anything that follows it.
_PLACE_BY_PLACE = {
    "Relu", "Relu6", "LeakyRelu", "Elu", "Selu", "Softplus", "Softsign", "Sigmoid", "Tanh",
    "Erf", "Exp", "Log", "Abs", "Neg", "Square", "Sqrt", "Rsqrt", "Reciprocal", "Sign",
    "Identity", "Cast", "StopGradient", "CheckNumerics", "BiasAdd", "Add", "AddV2", "AddN",
    "Sub", "Mul", "RealDiv", "DivNoNan", "Maximum", "Minimum", "Pow", "ClipByValue", "Select",
    "SelectV2", "Greater", "GreaterEqual", "Less", "LessEqual", "ConcatV2", "FusedBatchNorm",
    "FusedBatchNormV2", "FusedBatchNormV3", "Softmax", "BatchToSpaceND", "SpaceToBatchND",
}  # fmt: skip
_CALLS = ("PartitionedCall", "StatefulPartitionedCall")


class _Reach(NamedTuple):
    """Along both axes: the pixels that place (0, 0) sees, and the step to its neighbours."""

    low: Pair
    high: Pair
    strides: Pair


class _Opening(NamedTuple):
    """The window of an operation, before it is laid over what came before."""

    kernel: Pair
    strides: Pair
    dilation: Pair
    border: Pair
    padding: str


# An operation's input that depends on the picture; kernel, strides, dilation and padding.
Declared = dict[tf.Operation, tuple[tf.Tensor, Any]]


def planned(structure: Structure) -> tuple[PlannedLayer, ...]:
    """All listed layers of a traced network, in the order in which they answer."""
    declared = declared_windows(structure)
    reaches = _reaches(structure, declared)
    operations = structure.forward.pixels.graph.get_operations()
    calls = {call.path: call for call in structure.forward.calls if call.listed}
    # Dropout hands on the very tensor that it took: then several layers have one result.
    named: dict[tf.Operation, list[str]] = {}
    for path, call in calls.items():
        named.setdefault(call.output.op, []).append(path)
    layers = []
    for info in structure.layers:
        call = calls[info.name]
        own = [operations[i] for i in call.operations]
        opening = next((o for op in reversed(own) if (o := _opening(op, declared))), None)
        reach = reaches.get(call.output.op)
        layers.append(
            PlannedLayer(
                *info[:3],
                call.parameters,
                _inputs(structure, call, named),
                opening and opening.kernel,
                opening and opening.strides,
                opening.padding if opening else "",
                reach and _field(reach),
            )
        )
    return tuple(layers)


def _inputs(
    structure: Structure, call: Call, named: dict[tf.Operation, list[str]]
) -> tuple[str, ...]:
    """The layers from whose results a call's result is made, nothing listed in between."""
    alike = named[call.output.op]
    if call.path != alike[0]:
        return (alike[alike.index(call.path) - 1],)
    names: list[str] = []
    seen = {call.output.op}
    queue = [call.output.op]
    while queue:
        for source in structure.sources(queue.pop(0)):
            op = source.op
            if op is structure.forward.pixels.op:
                name = ""
            elif op in named and op is not call.output.op:
                name = named[op][-1]
            else:
                if op not in seen:
                    seen.add(op)
                    queue.append(op)
                continue
            if name not in names:
                names.append(name)
    return tuple(names)


def declared_windows(structure: Structure) -> Declared:
    """The windows of convolutions in groups, which are calls of compiled functions."""
    operations = structure.forward.pixels.graph.get_operations()
    windows: Declared = {}
    for call in structure.forward.calls:
        for operation in (operations[i] for i in call.operations if call.window):
            if operation.type in _CALLS and (sources := structure.sources(operation)):
                windows[operation] = sources[0], call.window
    return windows


def _reaches(structure: Structure, declared: Declared) -> dict[tf.Operation, _Reach | None]:
    """What each operation with rows and columns sees; None: all, or not known."""
    pixels = structure.forward.pixels.op
    reaches: dict[tf.Operation, _Reach | None] = {pixels: _Reach((0, 0), (0, 0), (1, 1))}
    for op in pixels.graph.get_operations():  # a traced graph is in an order of computation
        if op in reaches or op not in structure.dependent:
            continue
        before = [reaches.get(x.op) for x in structure.sources(op)]
        opening = _opening(op, declared)
        if not before or None in before or not (opening or _keeps_places(op)):
            reaches[op] = None
            continue
        together = _joined([reach for reach in before if reach])
        reaches[op] = together and (_through(together, opening) if opening else together)
    return reaches


def _keeps_places(operation: tf.Operation) -> bool:
    """Whether a place of the result is one, or a window, of those before."""
    if operation.type == "StridedSlice":  # of the channels alone, it may
        steps = tf.get_static_value(operation.inputs[3])
        sizes = {tuple(x.shape[1:3]) for x in (operation.inputs[0], operation.outputs[0])}
        return steps is not None and min(steps) > 0 and len(sizes) == 1
    return operation.type in _PLACE_BY_PLACE and operation.outputs[0].shape.rank == 4


def _joined(reaches: list[_Reach]) -> _Reach | None:
    """What a place sees that puts several results together."""
    if len({reach.strides for reach in reaches}) != 1:
        return None
    low = tuple(min(reach.low[axis] for reach in reaches) for axis in (0, 1))
    high = tuple(max(reach.high[axis] for reach in reaches) for axis in (0, 1))
    return _Reach(low, high, reaches[0].strides)  # type: ignore[arg-type]


def _through(reach: _Reach, opening: _Opening) -> _Reach:
    axes = []
    for axis in (0, 1):
        stride, border = reach.strides[axis], opening.border[axis]
        last = (opening.kernel[axis] - 1) * opening.dilation[axis]
        axes.append(
            (
                reach.low[axis] - border * stride,
                reach.high[axis] + (last - border) * stride,
                stride * opening.strides[axis],
            )
        )
    return _Reach(*zip(*axes, strict=True))


def _field(reach: _Reach) -> Field:
    size = tuple(high - low + 1 for low, high in zip(reach.low, reach.high, strict=True))
    return Field(size, reach.strides, reach.low)  # type: ignore[arg-type]


def _opening(operation: tf.Operation, declared: Declared) -> _Opening | None:
    """What an operation looks through; None where it looks at single places, or is not known."""
    if operation in declared:
        before, (kernel, strides, dilation, padding) = declared[operation]
        sizes = before, operation.outputs[0]
        return _laid_out(sizes, _pair(kernel), _pair(strides), _pair(dilation), padding)
    if operation.type in _BORDERS:
        sides = tf.get_static_value(operation.inputs[1])
        if sides is None or len(sides) != 4:
            return None
        return _Opening((1, 1), (1, 1), (1, 1), _pair(sides[1:3, 0]), "")
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
        return _Opening(kernel, strides, _pair(dilation), border, padding)
    dilation = _pair(operation.get_attr("dilations")[1:3] if convolves else (1, 1))
    padding = operation.get_attr("padding").decode().lower()
    if padding == "explicit":
        border = _pair(operation.get_attr("explicit_paddings")[2:6:2])
        return _Opening(kernel, strides, dilation, border, padding)
    sizes = operation.inputs[0], operation.outputs[0]
    return _laid_out(sizes, kernel, strides, dilation, padding)


def _laid_out(
    ends: tuple[tf.Tensor, tf.Tensor], kernel: Pair, strides: Pair, dilation: Pair, padding: str
) -> _Opening:
    """The window with the border that TensorFlow gives it: none, or half of what is missing."""
    border = (0, 0)
    if padding == "same":
        sizes = (end.shape[1:3] for end in ends)
        border = _pair(
            max((after - 1) * s + (k - 1) * d + 1 - here, 0) // 2
            for here, after, s, k, d in zip(*sizes, strides, kernel, dilation, strict=True)
        )
    return _Opening(kernel, strides, dilation, border, padding)


def _pair(numbers: object) -> Pair:
    first, second = (int(number) for number in numbers)  # type: ignore[attr-defined]
    return first, second
