"""Layer-wise relevance propagation: a rule for each type of operation.

Deep Taylor decomposition (Montavon et al., Pattern Recognition 65, 2017) and LRP (Bach et al., PLoS
ONE 10(7), 2015) propagate a neuron's value to the picture. `RULES` maps types of operations to
functions; the rules of weighted layers are in `rules.py`. They are used through
`gradient_override_map`, so TensorFlow itself walks the graph and adds up the relevances of a tensor
that is used twice. Operations that only route numbers (`ROUTING`: concatenate, reshape,
max-pooling) keep their own derivative, which conserves relevance.
"""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

import tensorflow as tf

from cnnvis_widgets.backend.graph.input_bounds import bounds
from cnnvis_widgets.backend.lrp.canonizers import RESHAPING, canonized_result, never_negative
from cnnvis_widgets.backend.lrp.linear_layers import KINDS, operands
from cnnvis_widgets.backend.lrp.rules import (
    alpha_beta,
    epsilon,
    per_picture_sum,
    share,
    z_bounded,
    z_plus,
)

InputRelevances = list[tf.Tensor | None]
"""The relevance of each of an operation's inputs."""


@dataclass(frozen=True)
class Setting:
    """The context of the rules.

    Attributes:
        dependent: the operations between picture and neuron; their other inputs are weights.
        bounds: the input of a black and of a white picture, (1, rows, columns, channels) each.
        pixels: the picture's placeholder.
        rule: "z_plus" (Deep Taylor), "epsilon" or "alpha_beta" for weighted layers.
        value: ε, or α (β is α - 1), a float32 scalar.
        mixed: names of operations that would mix the pictures of a batch; filled in by the rules.
    """

    dependent: set[tf.Operation]
    bounds: tuple[tf.Tensor, tf.Tensor]
    pixels: tf.Tensor
    rule: str
    value: tf.Tensor
    mixed: list[str]


_setting: ContextVar[Setting] = ContextVar("relevance")


def replaceable_rules(graph: Any) -> AbstractContextManager[None]:
    """Within this, every operation created in `graph` follows its rule, if it has one."""
    names = {kind: f"CnnvisRelevance{kind}" for kind in RULES}
    return graph.gradient_override_map(names)


@contextmanager
def relevance_rules(setting: Setting) -> Iterator[None]:
    """Within this, `tf.gradients` propagates relevance instead of derivatives."""
    token = _setting.set(setting)
    try:
        yield
    finally:
        _setting.reset(token)


# Weighted layers: the chosen rule


def _weighted(operation: tf.Operation, relevance: tf.Tensor) -> InputRelevances:
    setting = _setting.get()
    layer_operands = operands(operation, setting.dependent)
    if layer_operands is None:
        return _evenly(operation, relevance)
    x, w = layer_operands
    result, scale = canonized_result(operation, setting.dependent)
    layer = KINDS[operation.type](operation, _full(x), _full(w), scale)
    if setting.rule == "epsilon":
        input_relevance = epsilon(layer, relevance, _full(result), setting.value)
    elif setting.rule == "alpha_beta":
        input_relevance = alpha_beta(layer, relevance, setting.value)
    else:
        interval = bounds(x, setting.pixels, setting.bounds, setting.dependent)
        if interval is None:
            input_relevance = z_plus(layer, relevance, never_negative(x, setting.dependent))
        else:
            input_relevance = z_bounded(layer, relevance, *map(_full, interval))
    return [input_relevance if t is x else None for t in operation.inputs]


def _evenly(operation: tf.Operation, relevance: tf.Tensor) -> InputRelevances:
    """A product in an unsupported order: relevance is shared evenly, and coverage reports it."""
    chosen = [_depends(x) for x in operation.inputs].index(True)
    x = operation.inputs[chosen]
    _setting.get().mixed.append(operation.name)  # the batch's axis is not known
    value = tf.reduce_sum(relevance) / tf.cast(tf.size(x), tf.float32)
    relevances: InputRelevances = [None] * len(operation.inputs)
    relevances[chosen] = tf.zeros_like(x) + value
    return relevances


# Sums and means: in proportion to the contributions of the result's sign


def _same_sign(x: tf.Tensor, result: tf.Tensor, sign: int = 1) -> tf.Tensor:
    """What a summand (times `sign`) adds to its result's absolute value; 0 if it lowers it."""
    setting = _setting.get()
    if sign == 1 and all(never_negative(t, setting.dependent) for t in (x, result)):
        return _full(x)
    signed = sign * _full(x) * tf.sign(_full(result))
    return signed if setting.rule == "epsilon" else tf.nn.relu(signed)  # in LRP-ε they cancel


def _sum(operation: tf.Operation, relevance: tf.Tensor) -> InputRelevances:
    signals = [x for x in operation.inputs if _depends(x)]
    if len(signals) == 1:  # a bias: it gets nothing
        return _pass(operation, relevance)
    signs = [-1 if operation.type == "Sub" and i == 1 else 1 for i in range(len(signals))]
    result = operation.outputs[0]
    contributions = [_same_sign(x, result, sign) for x, sign in zip(signals, signs, strict=True)]
    s, unassigned = share(relevance, functools.reduce(tf.add, contributions))
    shares = iter(
        [contribution * s + unassigned / len(contributions) for contribution in contributions]
    )
    return [_unbroadcast(next(shares), x) if _depends(x) else None for x in operation.inputs]


def _average_pool(operation: tf.Operation, relevance: tf.Tensor) -> InputRelevances:
    x = operation.inputs[0]
    attributes = {n: operation.get_attr(n) for n in ("ksize", "strides", "padding", "data_format")}

    def back(values: tf.Tensor) -> tf.Tensor:
        return tf.raw_ops.AvgPoolGrad(orig_input_shape=tf.shape(x), grad=values, **attributes)

    def pooled(values: tf.Tensor) -> tf.Tensor:
        return tf.raw_ops.AvgPool(value=values, **attributes)

    return [_averaged(operation, relevance, pooled, back)]


def _resize(operation: tf.Operation, relevance: tf.Tensor) -> InputRelevances:
    """A bilinear resizing is a mean with weights."""
    x, size = operation.inputs
    attributes = {n: operation.get_attr(n) for n in ("align_corners", "half_pixel_centers")}

    def back(values: tf.Tensor) -> tf.Tensor:
        return tf.raw_ops.ResizeBilinearGrad(grads=values, original_image=_full(x), **attributes)

    def resized(values: tf.Tensor) -> tf.Tensor:
        return tf.raw_ops.ResizeBilinear(images=values, size=size, **attributes)

    return [_averaged(operation, relevance, resized, back), None]


def _averaged(
    operation: tf.Operation,
    relevance: tf.Tensor,
    forward: Callable[[tf.Tensor], tf.Tensor],
    back: Callable[[tf.Tensor], tf.Tensor],
) -> tf.Tensor:
    """A mean with nonnegative weights that add up to 1 for each result.

    Args:
        operation: the operation of the mean.
        relevance: of its result.
        forward: the mean of any input.
        back: its transpose.
    """
    x, result = operation.inputs[0], operation.outputs[0]
    full, mean = _full(x), _full(result)
    if never_negative(x, _setting.get().dependent):
        s, unassigned = share(relevance, mean)
        return full * back(s) + back(unassigned)
    if _setting.get().rule == "epsilon":
        s, unassigned = share(relevance, tf.abs(mean))
        return full * back(s * tf.sign(mean)) + back(unassigned)
    input_relevance, unassigned = tf.zeros_like(full), tf.zeros_like(mean)
    for sign in (1, -1):
        positive = tf.nn.relu(sign * full)
        same_sign = tf.cast(mean >= 0 if sign == 1 else mean < 0, tf.float32)
        s, unassigned_here = share(relevance * same_sign, forward(positive))
        input_relevance = input_relevance + positive * back(s)
        unassigned = unassigned + unassigned_here
    return input_relevance + back(unassigned)


def _reduction(operation: tf.Operation, relevance: tf.Tensor) -> InputRelevances:
    """A mean or a sum over axes."""
    x, axes = operation.inputs
    result = operation.outputs[0]
    kept_shape = tf.shape(tf.reduce_sum(x, axes, keepdims=True))
    result, relevance = tf.reshape(result, kept_shape), tf.reshape(relevance, kept_shape)
    contribution = _same_sign(x, result)
    s, unassigned = share(relevance, tf.reduce_sum(contribution, axes, keepdims=True))
    count = tf.cast(tf.size(x) / tf.size(result), tf.float32)
    return [contribution * s + unassigned / count, None]


# Operations with one signal: it gets all relevance


def _pass(operation: tf.Operation, relevance: tf.Tensor) -> InputRelevances:
    """The one input that depends on the picture gets all relevance.

    If two do (a gate: signal × sigmoid), the signal gets it.
    """
    dependent_inputs = [i for i, x in enumerate(operation.inputs) if _depends(x)]
    signal = [
        i for i in dependent_inputs if operation.inputs[i].op.type not in ("Sigmoid", "Relu6")
    ]
    chosen = (signal or dependent_inputs)[0]
    relevances: InputRelevances = [None] * len(operation.inputs)
    relevances[chosen] = _unbroadcast(relevance, operation.inputs[chosen])
    return relevances


def _winner(operation: tf.Operation, relevance: tf.Tensor) -> InputRelevances:
    """A maximum or minimum: a clip passes relevance on; of two signals the winner takes all."""
    if sum(_depends(x) for x in operation.inputs) < 2:
        return _pass(operation, relevance)
    one, other = operation.inputs
    first_wins = tf.cast(one >= other if operation.type == "Maximum" else one <= other, tf.float32)
    return [
        _unbroadcast(relevance * first_wins, one),
        _unbroadcast(relevance * (1 - first_wins), other),
    ]


def _border(operation: tf.Operation, relevance: tf.Tensor) -> InputRelevances:
    """Padding: the border's relevance (a pooling's winner may be there) goes to all inputs."""
    x, sides = operation.inputs[:2]
    inside = tf.slice(relevance, tf.cast(sides[:, 0], tf.int32), tf.shape(x))
    # The border's own values: a difference of two sums could round to a negative number.
    on_border = per_picture_sum(relevance - tf.pad(inside, sides))
    relevances = [inside + on_border / tf.cast(tf.size(x[0]), tf.float32)]
    return relevances + [None] * (len(operation.inputs) - 1)


RULES: dict[str, Callable[[tf.Operation, tf.Tensor], InputRelevances]] = {
    **dict.fromkeys(KINDS, _weighted),
    **dict.fromkeys(("Add", "AddV2", "AddN", "Sub"), _sum),
    **dict.fromkeys(("Mean", "Sum"), _reduction),
    "AvgPool": _average_pool,
    "ResizeBilinear": _resize,
    **dict.fromkeys(("Pad", "PadV2"), _border),
    **dict.fromkeys(("Maximum", "Minimum"), _winner),
    "ClipByValue": _pass,
    **dict.fromkeys(("BiasAdd", "Mul", "RealDiv", "Neg", "FusedBatchNormV3"), _pass),
    **dict.fromkeys(("Relu", "Relu6", "Elu", "Selu", "LeakyRelu", "Softplus", "Tanh"), _pass),
}
"""Kind of TensorFlow operation → rule."""

ROUTING = frozenset(
    [
        *RESHAPING,
        *("MaxPool", "Max", "ConcatV2", "MirrorPad", "Slice", "Split", "SplitV", "Pack", "Unpack"),
        *(
            "GatherV2",
            "Tile",
            "BroadcastTo",
            "ResizeNearestNeighbor",
            "GatherNd",
        ),
        *("DepthToSpace", "SpaceToDepth", "ReverseV2", "Roll", "PreventGradient", "Snapshot"),
        "Placeholder",
    ]
)
"""Types of operations whose derivative conserves relevance."""


def _registered(rule: Callable[[tf.Operation, tf.Tensor], InputRelevances]) -> Any:
    def gradient(operation: tf.Operation, relevance: tf.Tensor, *_: Any) -> Any:
        # In float32: shares underflow in half precision.
        shares = rule(operation, _full(relevance))
        relevances = [
            None if r is None else tf.cast(r, x.dtype)
            for r, x in zip(shares, operation.inputs, strict=True)
        ]
        return relevances[0] if len(relevances) == 1 else relevances

    return gradient


for _kind, _rule in RULES.items():
    tf.RegisterGradient(f"CnnvisRelevance{_kind}")(_registered(_rule))


def _depends(tensor: tf.Tensor) -> bool:
    return tensor.op in _setting.get().dependent


def _full(tensor: tf.Tensor) -> tf.Tensor:
    return tf.cast(tensor, tf.float32)


def _unbroadcast(relevance: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    if relevance.shape.as_list() == x.shape.as_list():
        return relevance
    axes, _ = tf.raw_ops.BroadcastGradientArgs(s0=tf.shape(x), s1=tf.shape(relevance))
    return tf.reshape(tf.reduce_sum(relevance, axes), tf.shape(x))
