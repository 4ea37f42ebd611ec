"""VisualBackProp's chain: its maps after ReLUs, and the windows that upsample each to the next.

In a network without branches it has every such map, upsampled by a transposed convolution with the
kernel, stride and padding of the layers between. With branches it has the last map of each
resolution, upsampled by the stride between the two sizes.
"""

from __future__ import annotations

from collections.abc import Iterable
from itertools import pairwise

import tensorflow as tf

from cnnvis_widgets.backend.graph.input_bounds import is_preprocessing
from cnnvis_widgets.backend.graph.receptive_field import Declared, declared_windows
from cnnvis_widgets.backend.graph.structure import Structure, before_target, is_map
from cnnvis_widgets.backend.graph.tracing import Call
from cnnvis_widgets.backend.records import Chain, Pair, Window
from cnnvis_widgets.backend.relu_rules import is_gate, is_redundant_clip, is_upper_clip
from cnnvis_widgets.errors import UnsuitableError

_WINDOWS = ("Conv2D", "DepthwiseConv2dNative", "MaxPool", "AvgPool")
_BORDERS = ("Pad", "PadV2", "MirrorPad")
_POOLS = ("MaxPool", "AvgPool")
# TensorFlow makes a dilated convolution out of these and an ordinary one in between.
_DILATED = ("SpaceToBatchND", "BatchToSpaceND")


# Operations of activations other than ReLUs.
_CURVED = frozenset(
    [
        *("Sigmoid", "Tanh", "Elu", "Selu", "LeakyRelu", "Softplus", "Softsign", "Erf", "Erfc"),
        *("Relu", "Relu6", "Exp", "Square", "Pow", "Maximum", "Minimum", "Select", "SelectV2"),
    ]
)


def relu_chain(structure: Structure) -> tuple[list[tf.Tensor], Chain]:
    """The maps of the chain, the deepest first, and their `Chain` record.

    Raises:
        UnsuitableError: no ReLU's result has rows and columns.
    """
    maps = relu_maps(structure)
    if not maps:
        raise UnsuitableError(
            "VisualBackProp needs ReLUs whose results have rows and columns; this network has "
            "none. occlusion works on any network, grad_cam on any with rows and columns."
        )
    line = _line(structure, maps[-1])
    if line is not None:
        chain_maps = set(maps)
        indices = [i for i, op in enumerate(line) if op in chain_maps]
        chosen = [line[i] for i in indices]
        declared = declared_windows(structure)
        steps = [_between(line[a + 1 : b], declared) for a, b in pairwise([*indices, len(line)])]
    else:
        by_size = {_size(op): op for op in maps}  # in the graph's order: the last one stays
        sizes = sorted(by_size, key=lambda size: size[0] * size[1])
        chosen = [by_size[size] for size in sizes]
        pixels = _size(structure.forward.pixels.op)
        steps = [(_fitting(coarse, fine),) for coarse, fine in pairwise([*sizes, pixels])]
    tensors = [op.outputs[0] for op in chosen]
    layers = tuple(structure.layer_of(tensor) for tensor in tensors)
    return tensors, Chain(layers, tuple(steps), branched=line is None)


def relu_maps(structure: Structure) -> list[tf.Operation]:
    """All operations whose results are ReLU maps, in the order of the graph."""
    ends = tf.nest.flatten(structure.forward.output)
    path = set().union(*(before_target(end) for end in ends)) & structure.dependent
    operations = structure.forward.pixels.graph.get_operations()
    return [_clipped(op) for op in operations if op in path and _is_rectified_map(op, structure)]


def left_out(structure: Structure) -> dict[str, str]:
    """The maps of other activations, which are in no chain of ReLUs: layer → why.

    A network may have ReLUs early and other activations late (MobileNetV3): then the deepest map
    of the chain is not the network's last one.
    """
    maps = relu_maps(structure)
    if not maps:
        return {}
    ends = tf.nest.flatten(structure.forward.output)
    path = set().union(*(before_target(end) for end in ends)) & structure.dependent
    operations = structure.forward.pixels.graph.get_operations()
    order = {op: i for i, op in enumerate(operations)}
    deepest = max(order[op] for op in maps)
    reasons: dict[str, str] = {}
    for call in structure.forward.calls:
        own_operations = [operations[i] for i in call.operations if operations[i] in path]
        if not call.listed or not is_map(call.output) or call.output.op in maps:
            continue
        if any(is_gate(op) for op in own_operations) or any(
            _contains(call, c) for c in structure.calls
        ):
            continue
        activation = next((op.type for op in own_operations if op.type in _CURVED), "")
        if activation and order[call.output.op] > deepest:
            reasons[call.path] = (
                f"its activation is no ReLU ({activation}), and its map not in the chain"
            )
    return reasons


def _contains(outer: Call, inner: Call) -> bool:
    return inner.path.startswith(f"{outer.path}/")


def _is_rectified_map(operation: tf.Operation, structure: Structure) -> bool:
    """Whether it is a ReLU over rows and columns, or concatenates several of them."""
    if not operation.outputs or not is_map(operation.outputs[0]):
        return False
    if operation.type == "ConcatV2":  # as at the end of Inception's blocks
        return all(_comes_from_relu(x, structure) for x in structure.sources(operation))
    return is_gate(operation)


def _comes_from_relu(tensor: tf.Tensor, structure: Structure) -> bool:
    """Whether it is a ReLU's result, perhaps clipped, pooled or concatenated."""
    operation = tensor.op
    if is_gate(operation):
        return True
    passing = operation.type in ("ConcatV2", "Identity", *_POOLS)
    if not (passing or is_upper_clip(operation) or is_redundant_clip(operation)):
        return False
    return all(_comes_from_relu(x, structure) for x in structure.sources(operation))


def _clipped(operation: tf.Operation) -> tf.Operation:
    """The end of a ReLU that is clipped at a number in a second operation; else itself."""
    for consumer in operation.outputs[0].consumers():
        if is_upper_clip(consumer) or is_redundant_clip(consumer):
            return _clipped(consumer)
    return operation


def _line(structure: Structure, last: tf.Operation) -> list[tf.Operation] | None:
    """The operations from `last` back to the picture, without the latter; None at a branch."""
    line, operation = [], last
    pixels = structure.forward.pixels
    while operation is not pixels.op:
        line.append(operation)
        result = operation.outputs[0]
        same_shape = result.shape.as_list() == pixels.shape.as_list()
        # Channels may branch (RGB to BGR) as long as positions are kept.
        if same_shape and is_preprocessing(result, pixels, structure.dependent):
            break
        sources = structure.sources(operation)
        if len(sources) != 1:
            return None
        operation = sources[0].op
    return line


def _between(operations: Iterable[tf.Operation], declared: Declared) -> tuple[Window, ...]:
    """The windows of the operations between two maps, the deepest first."""
    operations = list(operations)
    windows = []
    for operation in operations:
        window = _window(operation, declared)
        if window is not None:
            windows.append(window)
        elif operation.type in _DILATED:
            continue  # the convolution between them has the dilation
        elif _size(operation) != _size_before(operation):  # resized, cropped or the like
            return (_fitting(_size(operations[0]), _size_before(operations[-1])),)
    return tuple(windows)


def _window(operation: tf.Operation, declared: Declared) -> Window | None:
    """An operation's window over its input; None if it has none."""
    if operation in declared:
        maps, (kernel, strides, dilation, padding) = declared[operation]
        return _window_over(kernel, strides, dilation, (0, 0), padding == "same", maps, operation)
    if operation.type in _BORDERS:
        sides = tf.get_static_value(operation.inputs[1])
        if sides is None:
            return None
        return Window((1, 1), (1, 1), (1, 1), tuple(sides[1:3, 0]), _size_before(operation))
    if operation.type not in _WINDOWS or operation.get_attr("data_format") != b"NHWC":
        return None
    spaced = operation.inputs[0].op
    if spaced.type == "SpaceToBatchND":
        dilation, sides = (tf.get_static_value(x) for x in spaced.inputs[1:])
        kernel = tuple(operation.inputs[1].shape[:2])
        return Window(kernel, (1, 1), tuple(dilation), tuple(sides[:, 0]), _size_before(spaced))
    pools = operation.type in _POOLS
    sides = operation.get_attr("ksize")[1:3] if pools else operation.inputs[1].shape[:2]
    kernel, dilation = tuple(sides), (1, 1)
    strides = tuple(operation.get_attr("strides")[1:3])
    if not pools:
        dilation = tuple(operation.get_attr("dilations")[1:3])
    padding = operation.get_attr("padding")
    border = operation.get_attr("explicit_paddings")[2:6:2] if padding == b"EXPLICIT" else (0, 0)
    same_padding, maps = padding == b"SAME", operation.inputs[0]
    return _window_over(kernel, strides, dilation, border, same_padding, maps, operation)


def _window_over(
    kernel: Pair,
    strides: Pair,
    dilation: Pair,
    border: Pair,
    same_padding: bool,
    maps: tf.Tensor,
    operation: tf.Operation,
) -> Window:
    """The operation's window over the maps before it."""
    size = tuple(maps.shape[1:3])
    axes = (
        _axis(k, s, d, pad, same_padding, size_in, size_out)
        for k, s, d, pad, size_in, size_out in zip(
            kernel, strides, dilation, border, size, _size(operation), strict=True
        )
    )
    kernel, dilation, offset = zip(*axes, strict=True)
    return Window(kernel, strides, dilation, offset, size)


def _axis(
    kernel: int,
    stride: int,
    dilation: int,
    border: int,
    same_padding: bool,
    size: int,
    result_size: int,
) -> tuple[int, int, int]:
    """Kernel, dilation and offset along one axis.

    A window narrower than its stride (ResNet's 1 × 1 with stride 2) would leave zeros at the
    skipped pixels, and at everything below them: it is taken as wide as its stride.
    """
    if (kernel - 1) * dilation + 1 < stride:
        kernel, dilation = stride, 1
    reach = (kernel - 1) * dilation + 1
    if same_padding:
        border = max((result_size - 1) * stride + reach - size, 0) // 2
    return kernel, dilation, border


def _fitting(coarse: Pair, fine: Pair) -> Window:
    """A window that leads from one size to another where no single layer does.

    It is twice as wide as its stride, so that windows cover all positions equally often: one as
    wide as the stride shows blocks, and an odd width leaves a grid.
    """
    kernel, strides, offset = zip(*map(_fit, coarse, fine), strict=True)
    return Window(kernel, strides, (1, 1), offset, fine)


def _fit(coarse: int, fine: int) -> tuple[int, int, int]:
    """Kernel, stride and offset along one axis."""
    stride = max(1, round(fine / coarse))
    kernel = max(2 * stride if stride > 1 else 1, fine - (coarse - 1) * stride)
    return kernel, stride, max((coarse - 1) * stride + kernel - fine, 0) // 2


def _size(operation: tf.Operation) -> Pair:
    return tuple(operation.outputs[0].shape[1:3])


def _size_before(operation: tf.Operation) -> Pair:
    return tuple(operation.inputs[0].shape[1:3])
