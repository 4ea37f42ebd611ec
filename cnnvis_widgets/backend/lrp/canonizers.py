"""Where a tensor comes from and what becomes of it: questions that relevance asks of the graph."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

MOVING = (
    *("Pad", "PadV2", "Reshape", "Identity", "Squeeze", "ExpandDims", "Cast", "Transpose"),
    *("SpaceToBatchND", "BatchToSpaceND", "StridedSlice", "StopGradient", "EnsureShape"),
    *("CheckNumerics", "IdentityN"),
)
_KEEPS_SIGN = (*MOVING, "MaxPool", "AvgPool", "Mean", "Max", "ResizeBilinear", "Sum")
_RECTIFIED = ("Relu", "Relu6", "Sigmoid", "Softplus", "Softmax", "Exp", "Abs", "Square")
_BETWEEN = ("Identity", "Cast", "BatchToSpaceND", "Reshape", "Squeeze", "StopGradient")
_PLAIN = ("BiasAdd", "Add", "AddV2", "Sub", "Mul", "RealDiv", "Neg")


class Step(NamedTuple):
    """One operation on a weighted layer's result, before anything else happens to that.

    Attributes:
        operation: a bias, a product with one number (for each channel), a concatenation.
        start: where the layer's channels begin among those of the operation's result.
        whole: how many channels that has.
    """

    operation: tf.Operation
    start: int
    whole: int


def following(operation: tf.Operation, dependent: set[tf.Operation]) -> list[Step]:
    """What a weighted layer's result goes through: bias and BatchNorm, also behind a Concatenate.

    Args:
        operation: the convolution or matrix product.
        dependent: the operations that depend on the picture.
    """
    tensor = operation.outputs[0]
    whole, start, steps = tensor.shape[-1], 0, []
    while whole is not None:
        consumers = [c for c in tensor.consumers() if c in dependent]
        if len(consumers) != 1:
            break
        after = consumers[0]
        if after.type == "ConcatV2":
            before = _channels_before(after, tensor)
            if before is None:
                break
            start, whole = start + before, after.outputs[0].shape[-1]
        elif after.type in _PLAIN:
            others = [x for x in after.inputs if x is not tensor]
            # It may not be squared, nor meet another signal, nor be what is divided by.
            if len(others) + 1 != len(after.inputs) or any(x.op in dependent for x in others):
                break
            if after.type == "RealDiv" and after.inputs[1] is tensor:
                break
            if after.type in ("Mul", "RealDiv") and others[0].shape.num_elements() not in (
                1,
                whole,
            ):
                break
        elif after.type not in _BETWEEN or after.outputs[0].shape[-1] != whole:
            break
        steps.append(Step(after, start, whole))
        tensor = after.outputs[0]
    return steps


def multiplied(steps: list[Step]) -> list[Step]:
    """Those of the steps that are folded into the weights."""
    return [step for step in steps if step.operation.type in ("Mul", "RealDiv", "Neg")]


def aftermath(
    operation: tf.Operation, dependent: set[tf.Operation]
) -> tuple[tf.Tensor, tf.Tensor | None]:
    """A weighted layer's result with bias and BatchNorm, and what it was multiplied by.

    Returns:
        The result, with the layer's channels only; and float32 (1,) or (channels,), None for
        nothing.
    """
    result = operation.outputs[0]
    channels, start, scale = result.shape[-1], 0, None
    for step in following(operation, dependent):
        after = step.operation
        factor = _factor(after, result)
        result = after.outputs[0]
        if factor is not None:
            flat = tf.reshape(tf.cast(factor, tf.float32), [-1])
            own = slice(step.start, step.start + channels)
            if factor.shape.num_elements() != 1 and step.whole != channels:
                flat = flat[own]
            scale = flat if scale is None else scale * flat
        start = step.start
    if channels is not None and result.shape[-1] != channels:
        result = result[..., start : start + channels]
    return result, scale


def _factor(operation: tf.Operation, tensor: tf.Tensor) -> tf.Tensor | None:
    """What an operation multiplies `tensor` by; None where it does not."""
    others = [x for x in operation.inputs if x is not tensor]
    if operation.type == "Mul":
        return others[0]
    if operation.type == "RealDiv":
        return 1 / others[0]
    turned = operation.type == "Sub" and operation.inputs[1] is tensor
    return tf.constant(-1.0) if turned or operation.type == "Neg" else None


def _channels_before(concatenation: tf.Operation, tensor: tf.Tensor) -> int | None:
    """How many channels come before a tensor's in a concatenation of channels."""
    *parts, axis = concatenation.inputs
    rank, at = tensor.shape.rank, tf.get_static_value(axis)
    if rank is None or at is None or int(at) % rank != rank - 1:
        return None
    places = [i for i, part in enumerate(parts) if part is tensor]
    before = [part.shape[-1] for part in parts[: places[0]]]
    return None if len(places) != 1 or None in before else sum(before)


def never_negative(tensor: tf.Tensor, dependent: set[tf.Operation]) -> bool:
    """Whether a ReLU comes before it, with only operations that keep the sign between."""
    operation = tensor.op
    if operation.type in _RECTIFIED:
        return True
    if operation.type == "PadV2" and not _at_least_zero(operation.inputs[2]):
        return False
    if operation.type in _KEEPS_SIGN:
        return never_negative(operation.inputs[0], dependent)
    if operation.type == "ConcatV2":
        return all(never_negative(x, dependent) for x in operation.inputs[:-1])
    if operation.type in ("Add", "AddV2", "AddN", "Mul", "Minimum", "Maximum"):
        known = [
            never_negative(x, dependent) if x.op in dependent else _at_least_zero(x)
            for x in operation.inputs
        ]
        return any(known) if operation.type == "Maximum" else all(known)
    return False


def _at_least_zero(tensor: tf.Tensor) -> bool:
    value = tf.get_static_value(tensor)
    return value is not None and bool(np.all(value >= 0))


def present(x: tf.Tensor) -> np.ndarray | None:
    """1 where a tensor holds the layer's own values and 0 where a layer before padded them.

    Returns:
        float32 (1, rows, columns, 1), or as many as a dilation makes of one; None where the size is
        not known before the run.
    """
    if x.op.type in ("Pad", "PadV2") and x.shape.rank == 4:
        inner, sides = present(x.op.inputs[0]), tf.get_static_value(x.op.inputs[1])
        if inner is None or sides is None or sides[[0, 3]].any():
            return None
        return np.pad(inner, sides)
    if x.op.type == "SpaceToBatchND":  # how TensorFlow dilates: it pads, and parts the picture
        inner, *how = present(x.op.inputs[0]), *map(tf.get_static_value, x.op.inputs[1:])
        if inner is None or any(value is None for value in how):
            return None
        with tf.init_scope():  # at once, and not in the graph
            return tf.space_to_batch(inner, *how).numpy()
    rows, columns = x.shape[1:3]
    if rows is None or columns is None:
        return None
    return np.ones((1, rows, columns, 1), np.float32)
