"""The backward rules of a ReLU: the three of the thesis' Figure 18.

`gradient_override_map` changes the backward pass of an operation when the operation is made, for
fused activations, layers, nested and subclassed models alike, without a clone. `tf.gradients` obeys
it; `tf.GradientTape` does not. The rule itself is chosen when the gradient is built, so that one
forward pass can serve a guided and a plain backward pass at once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar

import tensorflow as tf

from cnnvis_widgets.backend.passes import OPEN

RULES = ("gradient", "deconvnet", "guided")

_rule: ContextVar[str] = ContextVar("rule", default="gradient")


_OVERRIDDEN = {"Relu": "CnnvisRelu", "Relu6": "CnnvisRelu6"} | {
    name: f"Cnnvis{name}" for name in ("Maximum", "Minimum")
}
_ELEMENTWISE = (
    "Add", "AddV2", "Sub", "Mul", "Neg", "RealDiv", "Maximum", "Minimum", "Expm1", "SelectV2",
)  # fmt: skip


def replaceable_gates(graph: tf.Graph) -> AbstractContextManager[None]:
    """Within this, every ReLU created in `graph` follows the rule of `backward_rule`."""
    return graph.gradient_override_map(_OVERRIDDEN)


@contextmanager
def backward_rule(rule: str) -> Iterator[None]:
    """Within this, `tf.gradients` uses the rule (one of `RULES`, or `OPEN`) at every ReLU."""
    token = _rule.set(rule)
    try:
        yield
    finally:
        _rule.reset(token)


def bound(operation: tf.Operation) -> tuple[tf.Tensor, float] | None:
    """The tensor that an elementwise maximum or minimum clips, and its bound; else None."""
    if operation.type in ("Maximum", "Minimum"):
        one, other = operation.inputs
        for tensor, limit in ((one, other), (other, one)):
            value = tf.get_static_value(limit)
            if value is not None and value.size == 1:
                return tensor, float(value.item())
    return None


def is_gate(operation: tf.Operation) -> bool:
    """Whether an operation is a ReLU in its own right: relu, relu6, maximum(x, 0).

    Parts of another activation do not count: hard sigmoid is relu6(x + 3) / 6 with a scalar 3,
    PReLU is relu(x) - slope * relu(-x), CELU a sum of maximum(x, 0) and something of minimum(x, 0).
    """
    source = _rectified(operation)
    if source is None:
        return False
    clipped = operation.type == "Relu6" or source is not _unclipped(source)
    source = _unclipped(source)
    if operation.type == "Maximum" and clipped and source.op.type == "SelectV2":
        return False  # Keras' ReLU with a threshold jumps there: where(x > 0.5, x, 0)
    if clipped and source.op.type in ("Add", "AddV2"):
        return all(x.shape.rank != 0 for x in source.op.inputs)
    inner = _shifted(source)  # a leaky ReLU with a threshold has relu(threshold - x)
    negated = [inner.op.inputs[0]] if inner.op.type == "Neg" else []
    negated += [op.outputs[0] for op in source.consumers() if op.type == "Neg"]
    opposites = [op for x in negated for op in x.consumers() if op.type in ("Relu", "SelectV2")]
    clips = [(op, bound(op)) for op in source.consumers() if op.type == "Minimum"]
    opposites += [op for op, clip in clips if clip and clip[1] <= 0]
    # A function of -x as well means a two-sided activation; if concatenated (CReLU), two ReLUs.
    return not any(_meet_in_a_sum(operation, opposite) for opposite in opposites)


def is_upper_clip(operation: tf.Operation) -> bool:
    """Whether an operation is the upper bound of a clipped ReLU: minimum(relu(x), 4)."""
    clip = bound(operation)
    if operation.type != "Minimum" or clip is None or clip[1] <= 0:
        return False
    return any(is_gate(op) for op in (clip[0].op, *operation.outputs[0].consumers()))


def is_redundant_clip(operation: tf.Operation) -> bool:
    """Whether a maximum with 0 only repeats a ReLU: Keras clips to 0..4 after the ReLU."""
    clip = bound(operation)
    return (
        operation.type == "Maximum"
        and clip is not None
        and clip[1] <= 0
        and is_gate(_unclipped(clip[0]).op)
    )


def _rectified(operation: tf.Operation) -> tf.Tensor | None:
    """The x of relu(x), relu6(x) and maximum(x, 0), unless x cannot be negative anyway."""
    if operation.type in ("Relu", "Relu6"):
        return operation.inputs[0]
    clip = bound(operation)
    if operation.type != "Maximum" or clip is None or clip[1] != 0:
        return None
    return clip[0] if _unclipped(clip[0]).op.type not in ("Relu", "Relu6") else None


def _shifted(tensor: tf.Tensor) -> tf.Tensor:
    """The x of x + 0.5."""
    if tensor.op.type in ("Add", "AddV2"):
        for one, other in (tensor.op.inputs, tensor.op.inputs[::-1]):
            if other.shape.rank == 0:
                return one
    return tensor


def _unclipped(tensor: tf.Tensor) -> tf.Tensor:
    """The x of minimum(x, 4)."""
    clip = bound(tensor.op)
    return clip[0] if tensor.op.type == "Minimum" and clip and clip[1] > 0 else tensor


def _meet_in_a_sum(one: tf.Operation, other: tf.Operation, depth: int = 5) -> bool:
    def sums_after(operation: tf.Operation, depth_left: int) -> set[str]:
        sums = {operation.name} if operation.type in ("Add", "AddV2", "Sub") else set()
        if depth_left:
            for consumer in operation.outputs[0].consumers():
                if consumer.type in _ELEMENTWISE:
                    sums |= sums_after(consumer, depth_left - 1)
        return sums

    return bool(sums_after(one, depth) & sums_after(other, depth))


def _backward(
    operation: tf.Operation, gradient: tf.Tensor, gate: Callable[..., tf.Tensor]
) -> tf.Tensor:
    rule = _rule.get() if is_gate(operation) else "gradient"
    if rule == "deconvnet":  # Zeiler & Fergus 2014: the ReLU's own input does not matter
        return tf.nn.relu(gradient)
    if rule in ("guided", OPEN):  # Springenberg et al. 2015: both conditions
        gradient = tf.nn.relu(gradient)
    gate = tf.raw_ops.ReluGrad if rule == OPEN else gate
    return gate(gradients=gradient, features=operation.outputs[0])


@tf.RegisterGradient("CnnvisRelu")
def _relu(operation: tf.Operation, gradient: tf.Tensor) -> tf.Tensor:
    return _backward(operation, gradient, tf.raw_ops.ReluGrad)


@tf.RegisterGradient("CnnvisRelu6")
def _relu6(operation: tf.Operation, gradient: tf.Tensor) -> tf.Tensor:
    return _backward(operation, gradient, tf.raw_ops.Relu6Grad)  # zero gradient at 0 and at 6


@tf.RegisterGradient("CnnvisMaximum")
def _maximum(operation: tf.Operation, gradient: tf.Tensor) -> list[tf.Tensor]:
    one, other = operation.inputs
    if not is_gate(operation):
        return _shared_out(operation, gradient, one >= other)
    passed = _backward(operation, gradient, tf.raw_ops.ReluGrad)
    rectified = _rectified(operation)
    return [passed if x is rectified else tf.zeros_like(x) for x in (one, other)]


@tf.RegisterGradient("CnnvisMinimum")
def _minimum(operation: tf.Operation, gradient: tf.Tensor) -> list[tf.Tensor]:
    one, other = operation.inputs
    if _rule.get() in ("deconvnet", OPEN) and is_upper_clip(operation):
        clipped, _ = bound(operation)  # type: ignore[misc]  # an upper clip has a bound
        return [gradient if x is clipped else tf.zeros_like(x) for x in (one, other)]
    return _shared_out(operation, gradient, one <= other)


def _shared_out(
    operation: tf.Operation, gradient: tf.Tensor, takes_first: tf.Tensor
) -> list[tf.Tensor]:
    """The derivative of a maximum or minimum: all of it to the input that was taken."""
    one, other = (tf.shape(x) for x in operation.inputs)
    axes = tf.raw_ops.BroadcastGradientArgs(s0=one, s1=other)
    zero = tf.zeros_like(gradient)
    gradients = (tf.where(takes_first, gradient, zero), tf.where(takes_first, zero, gradient))
    return [
        tf.reshape(tf.reduce_sum(part_gradient, axis), shape)
        for part_gradient, axis, shape in zip(gradients, axes, (one, other), strict=True)
    ]
