"""Tokens laid out as rows and columns: what a transformer or mixer has instead of maps.

Patches are in rows and columns until they are put in one line, (batch, rows · columns, units);
class and register tokens may be put before or behind them. All of that is read off the graph: the
reshape that made the line, and the concatenation that lengthened it.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import tensorflow as tf

_PRODUCTS = ("BatchMatMulV2", "BatchMatMulV3", "BatchMatMul", "Einsum", "MatMul")
_POOLS = ("Mean", "Sum", "Max", "Min", "Conv2D", "AvgPool", "MaxPool")
_PICKS = ("StridedSlice", "Slice", "GatherV2", "Split", "SplitV", "Unpack", "GatherNd")


class Layout(NamedTuple):
    """Where a line of tokens has its patches.

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
        """How many there are."""
        return self.rows * self.columns


def layout(tensor: tf.Tensor, path: set[tf.Operation]) -> Layout | None:
    """How the tokens of a layer's result are arranged; None where it has none.

    Args:
        tensor: (batch, tokens, units).
        path: the operations that it is made of and that depend on the picture.
    """
    if tensor.shape.rank != 3 or tensor.shape[1] is None:
        return None
    many = int(tensor.shape[1])
    seen, queue, first = {tensor.op}, [tensor.op], 0
    while queue:  # the nearest reshape counts: patches may have been merged before
        op = queue.pop(0)
        if (
            op.type == "ConcatV2"
            and op.outputs[0].shape.rank == 3
            and many == _tokens(op.outputs[0])
        ):
            before = _before(op, path)
            if before is not None:
                first, many = first + before[0], before[1]
        if op.type == "Reshape" and op.inputs[0].shape.rank == 4 and many == _tokens(op.outputs[0]):
            _, rows, columns, units = op.inputs[0].shape
            whole = op.outputs[0].shape.rank == 3 and units == op.outputs[0].shape[2]
            if whole and None not in (rows, columns) and rows * columns == many > 1:
                return Layout(rows, columns, first)
        for x in op.inputs:
            if x.op in path and x.op not in seen:
                seen.add(x.op)
                queue.append(x.op)
    return None


def _tokens(tensor: tf.Tensor) -> int | None:
    """How many tokens a tensor has, also where its shape was written with the batch's own length.

    Of tf.reshape(x, [tf.shape(x)[0], -1, units]) TensorFlow knows no length.
    """
    shape, op = tensor.shape, tensor.op
    if shape.rank != 3 or shape[1] is not None:
        return shape[1] if shape.rank and shape.rank > 1 else None
    if op.type == "Reshape" and op.inputs[0].shape.rank == 4 and op.inputs[1].op.type == "Pack":
        first, second, *_ = op.inputs[1].op.inputs
        _, rows, columns, units = op.inputs[0].shape
        rest = tf.get_static_value(first) is None and tf.get_static_value(second) == -1
        if rest and None not in (rows, columns) and units == shape[2]:
            return rows * columns
    if op.type == "ConcatV2" and tf.get_static_value(op.inputs[-1]) in (1, -2):
        sizes = [_tokens(part) for part in op.inputs[:-1]]
        return None if None in sizes else sum(sizes)  # type: ignore[arg-type]
    return None


def _before(operation: tf.Operation, path: set[tf.Operation]) -> tuple[int, int] | None:
    """Of a concatenation of tokens: how many come before the patches, and how many patches."""
    *parts, axis = operation.inputs
    if tf.get_static_value(axis) not in (1, -2):
        return None
    sizes = [many for part in parts if (many := _tokens(part)) is not None]
    mine = [i for i, part in enumerate(parts) if part.op in path]
    if len(sizes) < len(parts) or len(mine) != 1:
        return None
    return sum(sizes[: mine[0]]), sizes[mine[0]]


def patches_are_read(
    tensor: tf.Tensor, target: tf.Tensor, path: set[tf.Operation], signals: Callable[..., int]
) -> bool:
    """Whether the neuron sees all tokens of a layer's result, and not the class token alone.

    Args:
        tensor: (batch, tokens, units).
        target: the neuron's layer's.
        path: the operations between them.
        signals: how many of an operation's inputs depend on the picture.
    """
    start = (tensor.op, False)  # whether tokens have been mixed on the way
    seen, queue = {start}, [start]
    while queue:
        op, mixed = queue.pop()
        if op is target.op:
            return True
        for after in (c for x in op.outputs for c in x.consumers() if c in path):
            if not mixed and after.type in _PICKS and _picks(after, tensor.shape[1]):
                continue
            both = after.type in _PRODUCTS and signals(after) > 1
            state = (after, mixed or both or (after.type in _POOLS and _pools(after)))
            if state not in seen:
                seen.add(state)
                queue.append(state)
    return False


def _picks(operation: tf.Operation, tokens: int) -> bool:
    """Whether it takes some of the tokens only."""
    shape = operation.inputs[0].shape
    if shape.rank != 3 or shape[1] != tokens:
        return False
    after = operation.outputs[0].shape
    return after.rank != 3 or after[1] != tokens


def _pools(operation: tf.Operation) -> bool:
    return operation.inputs[0].shape.rank == 3 and operation.outputs[0].shape.rank == 2
