"""Custom and stopped gradients, which differ from the derivative of the computed function.

`tf.custom_gradient` and `tf.stop_gradient` replace a derivative for training: a gradient reversal,
a clipped gradient, frozen features. A map shows how the neuron depends on the picture, so both are
overridden by the derivative of the operations themselves. One exception: rounding has a derivative
of zero. There (quantised layers, "straight-through" estimators) the declared derivative is kept,
and `coverage` reports it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import tensorflow as tf

from cnnvis_widgets.backend.graph.function_inlining import CALLS, THROUGH
from cnnvis_widgets.backend.graph.grouped_convolution import GRADIENT, in_groups

ROUNDING = frozenset(
    [
        *("Round", "Rint", "Floor", "Ceil", "FloorDiv", "Sign", "ArgMax", "ArgMin", "Bucketize"),
        *("QuantizeV2", "QuantizeAndDequantizeV4", "QuantizeAndDequantizeV3"),
        *("FakeQuantWithMinMaxVars", "FakeQuantWithMinMaxArgs"),
        *("FakeQuantWithMinMaxVarsPerChannel", "TopKV2", "UniqueV2"),
    ]
)
_FAKE = "FakeQuant"
PYTHON = ("PyFunc", "PyFuncStateless", "EagerPyFunc")
WEIGHTED = (
    *("Conv2D", "DepthwiseConv2dNative", "Conv2DBackpropInput", "MatMul"),
    *("BatchMatMulV2", "BatchMatMulV3", "Einsum", "Conv3D", "XlaDotV2", "XlaConvV2"),
)
_SEARCH_LIMIT = 200  # operations searched at most


@tf.RegisterGradient(THROUGH)
def _identity_gradient(operation: tf.Operation, *gradients: Any) -> Any:
    return gradients[0] if len(gradients) == 1 else list(gradients)


def override_custom_gradients(operations: Iterable[tf.Operation], always: bool = False) -> None:
    """Make `tf.gradients` pass custom and stopped gradients as described above.

    Args:
        operations: those of a traced forward pass, not of the caller's own graph or model.
        always: also for rounding operations.
    """
    for operation in operations:
        if not always and in_groups(operation):
            operation._set_attr("_gradient_op_type", tf.compat.v1.AttrValue(s=GRADIENT.encode()))
        if _declares(operation) and (always or not _rounds_before(operation)):
            operation._set_attr("_gradient_op_type", tf.compat.v1.AttrValue(s=THROUGH.encode()))


def stops(operation: tf.Operation, dependent: set[tf.Operation]) -> str:
    """Why an operation's derivative is not that of the computed function; empty if it is.

    Args:
        operation: one that the neuron depends on.
        dependent: the operations that depend on the picture.
    """
    if not any(x.op in dependent for x in operation.inputs):
        return ""
    kind = operation.type
    if kind in PYTHON:
        return "a Python function computes here, and no derivative passes it"
    if kind.startswith(_FAKE):
        return "it rounds to few levels; the derivative is taken as if it did not"
    if _declares(operation):
        if _declared(operation):
            return "it rounds; the derivative is the one that the layer declares instead"
        return "the derivative stops here: it comes after a rounding" if _stopped(operation) else ""
    if kind in ROUNDING or (kind == "Cast" and _casts_to_integers(operation)):
        return f"the derivative stops here: it rounds or picks ({kind})"
    return ""


def declared(operations: Iterable[tf.Operation]) -> set[tf.Operation]:
    """The operations that a declared derivative bypasses."""
    operations = set(operations)
    bypassed: set[tf.Operation] = set()
    for operation in operations:
        if not _declared(operation):
            continue
        arguments = {x.ref() for x in _arguments(operation)}
        queue = [x for x in operation.inputs if x.ref() not in arguments]
        while queue:
            tensor = queue.pop()
            if tensor.ref() not in arguments and tensor.op not in bypassed:
                bypassed.add(tensor.op)
                queue.extend(tensor.op.inputs)
    return bypassed & operations


def _declares(operation: tf.Operation) -> bool:
    """Whether it marks a custom or stopped gradient of the caller's."""
    return operation.type == "StopGradient" or (
        operation.type == "IdentityN" and _gradient(operation) is not None
    )


def _declared(operation: tf.Operation) -> bool:
    name = _gradient(operation)
    return operation.type == "IdentityN" and name is not None and name != THROUGH


def _stopped(operation: tf.Operation) -> bool:
    return operation.type == "StopGradient" and _gradient(operation) != THROUGH


def _gradient(operation: tf.Operation) -> str | None:
    try:
        return operation.get_attr("_gradient_op_type").decode()
    except ValueError:
        return None


def _casts_to_integers(operation: tf.Operation) -> bool:
    """Whether a cast turns floating-point numbers into integers."""
    to = operation.outputs[0].dtype
    return operation.inputs[0].dtype.is_floating and not (to.is_floating or to.is_bool)


def _rounds_before(operation: tf.Operation) -> bool:
    """Whether anything before it rounds, back to the next weighted layer."""
    custom = operation.type == "IdentityN"
    arguments = {x.ref() for x in _arguments(operation)} if custom else set()
    queue = [x for x in operation.inputs if x.ref() not in arguments]
    visited: set[tf.Operation] = set()
    while queue and len(visited) < _SEARCH_LIMIT:
        tensor = queue.pop(0)
        op = tensor.op
        if op in visited or tensor.ref() in arguments:
            continue
        visited.add(op)
        if op.type in ROUNDING or (op.type == "Cast" and _casts_to_integers(op)):
            return True
        if op.type in (*PYTHON, *CALLS):
            return True
        if custom or op.type not in WEIGHTED:
            queue.extend(op.inputs)
    return False


def _arguments(operation: tf.Operation) -> list[tf.Tensor]:
    """The arguments of a custom gradient's function, which follow its results in the inputs."""
    used = [i for i, x in enumerate(operation.outputs) if x.consumers()]
    return list(operation.inputs)[(max(used) + 1 if used else 1) :]
