"""Attention found in a graph: a softmax of products of two signals."""

from __future__ import annotations

import tensorflow as tf

from cnnvis_widgets.backend.graph.structure import Structure, before_target

_PRODUCTS = ("BatchMatMulV2", "BatchMatMulV3", "BatchMatMul", "Einsum", "MatMul")
# What may come between the products and their softmax: scales, masks, a bias, another shape.
_BETWEEN = (
    *("Mul", "RealDiv", "Add", "AddV2", "Sub", "BiasAdd", "Cast", "Identity", "Reshape"),
    *("Transpose", "Select", "SelectV2", "Maximum", "Minimum", "ClipByValue"),
)


def attention_maps(structure: Structure, target: tf.Tensor | None = None) -> list[tf.Tensor]:
    """The softmax of every attention, in the order of the graph.

    Args:
        structure: a traced network.
        target: restrict to attention before this tensor; None: before any output.

    Returns:
        Tensors (batch, …, queries, keys), whose rows add up to 1.
    """
    ends = tf.nest.flatten(structure.forward.output) if target is None else [target]
    path = set().union(*(before_target(end) for end in ends)) & structure.dependent
    operations = structure.forward.pixels.graph.get_operations()
    return [
        op.outputs[0]
        for op in operations
        if op.type == "Softmax" and op in path and _of_products(op, structure)
    ]


def _of_products(softmax: tf.Operation, structure: Structure) -> bool:
    """Whether its input is a product of two signals, each query with each key."""
    shape = softmax.outputs[0].shape
    if shape.rank is None or shape.rank < 3 or 1 in shape[-2:]:
        return False
    queue, visited = [softmax.inputs[0].op], set[tf.Operation]()
    while queue:
        op = queue.pop()
        if op.type in _PRODUCTS and len(structure.sources(op)) > 1:
            return True
        if op.type in _BETWEEN and op not in visited:
            visited.add(op)
            queue += [x.op for x in structure.sources(op)]
    return False
