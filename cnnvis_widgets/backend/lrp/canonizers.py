"""Canonization of the graph for relevance: bias and BatchNorm folded into weighted layers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import tensorflow as tf

RESHAPING = (
    *("Pad", "PadV2", "Reshape", "Identity", "Squeeze", "ExpandDims", "Cast", "Transpose"),
    *("SpaceToBatchND", "BatchToSpaceND", "StridedSlice", "StopGradient", "EnsureShape"),
    *("CheckNumerics", "IdentityN"),
)
_KEEPS_SIGN = (*RESHAPING, "MaxPool", "AvgPool", "Mean", "Max", "ResizeBilinear", "Sum")
_RECTIFIED = ("Relu", "Relu6", "Sigmoid", "Softplus", "Softmax", "Exp", "Abs", "Square")
_TRANSPARENT = ("Identity", "Cast", "BatchToSpaceND", "Reshape", "Squeeze", "StopGradient")
_PLAIN = ("BiasAdd", "Add", "AddV2", "Sub", "Mul", "RealDiv", "Neg")


class Step(NamedTuple):
    """One affine operation that follows a weighted layer.

    Attributes:
        operation: a bias, a product with one number (for each channel), a concatenation.
        start: the index of the layer's first channel in the operation's result.
        channels: the number of channels of that result.
    """

    operation: tf.Operation
    start: int
    channels: int


def affine_steps(operation: tf.Operation, dependent: set[tf.Operation]) -> list[Step]:
    """The affine operations after a weighted layer: bias and BatchNorm, also after a Concatenate.

    Args:
        operation: the convolution or matrix product.
        dependent: the operations that depend on the picture.
    """
    tensor = operation.outputs[0]
    channels, start, steps = tensor.shape[-1], 0, []
    while channels is not None:
        consumers = [c for c in tensor.consumers() if c in dependent]
        if len(consumers) != 1:
            break
        consumer = consumers[0]
        if consumer.type == "ConcatV2":
            offset = _channels_before(consumer, tensor)
            if offset is None:
                break
            start, channels = start + offset, consumer.outputs[0].shape[-1]
        elif consumer.type in _PLAIN:
            operands = [x for x in consumer.inputs if x is not tensor]
            # The result may not be squared, combined with another signal, or a divisor.
            if len(operands) + 1 != len(consumer.inputs) or any(
                x.op in dependent for x in operands
            ):
                break
            if consumer.type == "RealDiv" and consumer.inputs[1] is tensor:
                break
            if consumer.type in ("Mul", "RealDiv") and operands[0].shape.num_elements() not in (
                1,
                channels,
            ):
                break
        elif consumer.type not in _TRANSPARENT or consumer.outputs[0].shape[-1] != channels:
            break
        steps.append(Step(consumer, start, channels))
        tensor = consumer.outputs[0]
    return steps


def folded_scales(steps: list[Step]) -> list[Step]:
    """The steps that are folded into the weights."""
    return [step for step in steps if step.operation.type in ("Mul", "RealDiv", "Neg")]


def canonized_result(
    operation: tf.Operation, dependent: set[tf.Operation]
) -> tuple[tf.Tensor, tf.Tensor | None]:
    """A weighted layer's result after bias and BatchNorm, and the total factor.

    Returns:
        The result, with the layer's channels only; and the factor, float32 (1,) or (channels,), or
        None.
    """
    result = operation.outputs[0]
    channels, start, scale = result.shape[-1], 0, None
    for step in affine_steps(operation, dependent):
        follower = step.operation
        factor = _factor(follower, result)
        result = follower.outputs[0]
        if factor is not None:
            flat = tf.reshape(tf.cast(factor, tf.float32), [-1])
            layer_channels = slice(step.start, step.start + channels)
            if factor.shape.num_elements() != 1 and step.channels != channels:
                flat = flat[layer_channels]
            scale = flat if scale is None else scale * flat
        start = step.start
    if channels is not None and result.shape[-1] != channels:
        result = result[..., start : start + channels]
    return result, scale


def _factor(operation: tf.Operation, tensor: tf.Tensor) -> tf.Tensor | None:
    """The factor by which an operation multiplies `tensor`; None if it does not."""
    operands = [x for x in operation.inputs if x is not tensor]
    if operation.type == "Mul":
        return operands[0]
    if operation.type == "RealDiv":
        return 1 / operands[0]
    turned = operation.type == "Sub" and operation.inputs[1] is tensor
    return tf.constant(-1.0) if turned or operation.type == "Neg" else None


def _channels_before(concatenation: tf.Operation, tensor: tf.Tensor) -> int | None:
    """The number of channels before a tensor's in a concatenation of channels."""
    *tensors, axis = concatenation.inputs
    rank, at = tensor.shape.rank, tf.get_static_value(axis)
    if rank is None or at is None or int(at) % rank != rank - 1:
        return None
    indices = [i for i, other in enumerate(tensors) if other is tensor]
    widths = [other.shape[-1] for other in tensors[: indices[0]]]
    return None if len(indices) != 1 or None in widths else sum(widths)


def never_negative(tensor: tf.Tensor, dependent: set[tf.Operation]) -> bool:
    """Whether only sign-preserving operations follow a ReLU before the tensor."""
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
        signs = [
            never_negative(x, dependent) if x.op in dependent else _at_least_zero(x)
            for x in operation.inputs
        ]
        return any(signs) if operation.type == "Maximum" else all(signs)
    return False


def _at_least_zero(tensor: tf.Tensor) -> bool:
    value = tf.get_static_value(tensor)
    return value is not None and bool(np.all(value >= 0))


def unpadded(x: tf.Tensor) -> np.ndarray | None:
    """A mask of a layer's input: 1 at its values and 0 at padding.

    Returns:
        float32 (1, rows, columns, 1), or with a dilation's larger batch; None if the size is not
        known before the run.
    """
    if x.op.type in ("Pad", "PadV2") and x.shape.rank == 4:
        inner, sides = unpadded(x.op.inputs[0]), tf.get_static_value(x.op.inputs[1])
        if inner is None or sides is None or sides[[0, 3]].any():
            return None
        return np.pad(inner, sides)
    if x.op.type == "SpaceToBatchND":  # TensorFlow's dilation: it pads, and splits the picture
        inner = unpadded(x.op.inputs[0])
        block_and_paddings = [tf.get_static_value(value) for value in x.op.inputs[1:]]
        if inner is None or any(value is None for value in block_and_paddings):
            return None
        with tf.init_scope():  # eagerly, not in the graph
            return tf.space_to_batch(inner, *block_and_paddings).numpy()
    rows, columns = x.shape[1:3]
    if rows is None or columns is None:
        return None
    return np.ones((1, rows, columns, 1), np.float32)
