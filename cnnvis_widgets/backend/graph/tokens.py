"""The layout of tokens in rows and columns: a transformer or mixer has no maps.

Patches are flattened to a sequence (batch, rows · columns, units), with class and register tokens
before or after them. Both are read from the graph: the reshape that flattens, and the
concatenation that adds tokens.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

_PRODUCTS = ("BatchMatMulV2", "BatchMatMulV3", "BatchMatMul", "Einsum", "MatMul")
_POOLS = ("Mean", "Sum", "Max", "Min", "Conv2D", "AvgPool", "MaxPool")
_PICKS = ("StridedSlice", "Slice", "GatherV2", "Split", "SplitV", "Unpack", "GatherNd")


class Layout(NamedTuple):
    """Where the patches are in a sequence of tokens.

    Attributes:
        rows: of patches.
        columns: of patches.
        first: how many other tokens come before them.
    """

    rows: int
    columns: int
    first: int

    @property
    def patches(self) -> int:
        """The number of patches."""
        return self.rows * self.columns


def layout(tensor: tf.Tensor, path: set[tf.Operation]) -> Layout | None:
    """How the tokens of a layer's result are arranged; None where it has none.

    Args:
        tensor: (batch, tokens, units).
        path: the operations before the tensor that depend on the picture.
    """
    if tensor.shape.rank != 3 or tensor.shape[1] is None:
        return None
    count = int(tensor.shape[1])
    visited, queue, first = {tensor.op}, [tensor.op], 0
    while queue:  # the nearest reshape counts: patches may have been merged before
        op = queue.pop(0)
        if (
            op.type == "ConcatV2"
            and op.outputs[0].shape.rank == 3
            and count == _tokens(op.outputs[0])
        ):
            span = _patch_span(op, path)
            if span is not None:
                first, count = first + span[0], span[1]
        if (
            op.type == "Reshape"
            and op.inputs[0].shape.rank == 4
            and count == _tokens(op.outputs[0])
        ):
            _, rows, columns, units = op.inputs[0].shape
            keeps_units = op.outputs[0].shape.rank == 3 and units == op.outputs[0].shape[2]
            if keeps_units and None not in (rows, columns) and rows * columns == count > 1:
                return Layout(rows, columns, first)
        for x in op.inputs:
            if x.op in path and x.op not in visited:
                visited.add(x.op)
                queue.append(x.op)
    return None


def _tokens(tensor: tf.Tensor) -> int | None:
    """The number of tokens of a tensor, also if its shape depends on the dynamic batch size.

    For tf.reshape(x, [tf.shape(x)[0], -1, units]) TensorFlow infers no length.
    """
    shape, op = tensor.shape, tensor.op
    if shape.rank != 3 or shape[1] is not None:
        return shape[1] if shape.rank and shape.rank > 1 else None
    if op.type == "Reshape" and op.inputs[0].shape.rank == 4 and op.inputs[1].op.type == "Pack":
        first, second, *_ = op.inputs[1].op.inputs
        _, rows, columns, units = op.inputs[0].shape
        flattens = tf.get_static_value(first) is None and tf.get_static_value(second) == -1
        if flattens and None not in (rows, columns) and units == shape[2]:
            return rows * columns
    if op.type == "ConcatV2" and tf.get_static_value(op.inputs[-1]) in (1, -2):
        sizes = [_tokens(part) for part in op.inputs[:-1]]
        return None if None in sizes else sum(sizes)  # type: ignore[arg-type]
    return None


def _patch_span(operation: tf.Operation, path: set[tf.Operation]) -> tuple[int, int] | None:
    """In a concatenation of tokens: the number of tokens before the patches, and of patches."""
    *parts, axis = operation.inputs
    if tf.get_static_value(axis) not in (1, -2):
        return None
    sizes = [count for part in parts if (count := _tokens(part)) is not None]
    patches = [i for i, part in enumerate(parts) if part.op in path]
    if len(sizes) < len(parts) or len(patches) != 1:
        return None
    return sum(sizes[: patches[0]]), sizes[patches[0]]


def patches_are_read(
    tensor: tf.Tensor, target: tf.Tensor, path: set[tf.Operation], signals: Callable[..., int]
) -> bool:
    """Whether the neuron sees all tokens of a layer's result, and not the class token alone.

    Args:
        tensor: (batch, tokens, units).
        target: the result of the neuron's layer.
        path: the operations between them.
        signals: how many of an operation's inputs depend on the picture.
    """
    start = (tensor.op, False)  # whether tokens have been mixed on the way
    visited, queue = {start}, [start]
    while queue:
        op, mixed = queue.pop()
        if op is target.op:
            return True
        for consumer in (c for x in op.outputs for c in x.consumers() if c in path):
            if not mixed and consumer.type in _PICKS and _picks(consumer, tensor.shape[1]):
                continue
            attends = consumer.type in _PRODUCTS and signals(consumer) > 1
            state = (consumer, mixed or attends or (consumer.type in _POOLS and _pools(consumer)))
            if state not in visited:
                visited.add(state)
                queue.append(state)
    return False


def _picks(operation: tf.Operation, tokens: int) -> bool:
    """Whether it selects some of the tokens only."""
    shape = operation.inputs[0].shape
    if shape.rank != 3 or shape[1] != tokens:
        return False
    result = operation.outputs[0].shape
    return result.rank != 3 or result[1] != tokens


def _pools(operation: tf.Operation) -> bool:
    return operation.inputs[0].shape.rank == 3 and operation.outputs[0].shape.rank == 2
