"""Layer-wise relevance: what each kind of operation does with the relevance of its result.

Deep Taylor decomposition (Montavon et al., Pattern Recognition 65, 2017) and LRP (Bach et al., PLoS
ONE 10(7), 2015) send a neuron's value down to the picture. `RULES` says which function goes on
which kind of operation; those of weighted layers are in `shares.py`. They are used through
`gradient_override_map`, so TensorFlow itself walks the graph and adds up what comes back where a
tensor is used twice. What only moves numbers about (`MOVERS`: concatenate, reshape, max-pooling)
keeps its own derivative, which hands on all that it is given.
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
from cnnvis_widgets.backend.lrp.canonizers import MOVING, aftermath, never_negative
from cnnvis_widgets.backend.lrp.linear_layers import KINDS, operands
from cnnvis_widgets.backend.lrp.rules import alpha_beta, epsilon, in_each, share, z_bounded, z_plus

Given = list[tf.Tensor | None]
"""The relevance of each of an operation's inputs."""


@dataclass(frozen=True)
class Setting:
    """What the rules must know besides the operation.

    Attributes:
        dependent: the operations between picture and neuron; what else goes into them is weights.
        bounds: the input of a black and of a white picture, (1, rows, columns, channels) each.
        pixels: the picture's placeholder.
        rule: "z_plus" (Deep Taylor), "epsilon" or "alpha_beta" for weighted layers.
        value: ε, or α (β is α - 1), a float32 scalar.
        mixed: where the pictures of a batch would share relevance, filled in on the way.
    """

    dependent: set[tf.Operation]
    bounds: tuple[tf.Tensor, tf.Tensor]
    pixels: tf.Tensor
    rule: str
    value: tf.Tensor
    mixed: list[str]


_setting: ContextVar[Setting] = ContextVar("relevance")


def replaceable_rules(graph: Any) -> AbstractContextManager[None]:
    """Within this, every operation made in `graph` that has a rule will follow it."""
    names = {kind: f"CnnvisRelevance{kind}" for kind in RULES}
    return graph.gradient_override_map(names)


@contextmanager
def relevance_rules(setting: Setting) -> Iterator[None]:
    """Within this, `tf.gradients` carries relevance instead of derivatives."""
    token = _setting.set(setting)
    try:
        yield
    finally:
        _setting.reset(token)


# Weighted layers: the rule that was asked for


def _weighted(operation: tf.Operation, relevance: tf.Tensor) -> Given:
    setting = _setting.get()
    pair = operands(operation, setting.dependent)
    if pair is None:
        return _evenly(operation, relevance)
    x, w = pair
    result, scale = aftermath(operation, setting.dependent)
    layer = KINDS[operation.type](operation, _full(x), _full(w), scale)
    if setting.rule == "epsilon":
        sent = epsilon(layer, relevance, _full(result), setting.value)
    elif setting.rule == "alpha_beta":
        sent = alpha_beta(layer, relevance, setting.value)
    else:
        ends = bounds(x, setting.pixels, setting.bounds, setting.dependent)
        if ends is None:
            sent = z_plus(layer, relevance, never_negative(x, setting.dependent))
        else:
            sent = z_bounded(layer, relevance, *map(_full, ends))
    return [sent if t is x else None for t in operation.inputs]


def _evenly(operation: tf.Operation, relevance: tf.Tensor) -> Given:
    """A product in an order that no rule knows: nothing is lost, and coverage says it."""
    chosen = [_depends(x) for x in operation.inputs].index(True)
    x = operation.inputs[chosen]
    _setting.get().mixed.append(operation.name)  # which axis is the batch's is not known
    each = tf.reduce_sum(relevance) / tf.cast(tf.size(x), tf.float32)
    given: Given = [None] * len(operation.inputs)
    given[chosen] = tf.zeros_like(x) + each
    return given


# Sums and means: in proportion to what has the result's sign


def _same_sign(x: tf.Tensor, result: tf.Tensor, sign: int = 1) -> tf.Tensor:
    """How much a summand (times `sign`) adds to its result's size; 0 where it takes from it."""
    setting = _setting.get()
    if sign == 1 and all(never_negative(t, setting.dependent) for t in (x, result)):
        return _full(x)
    signed = sign * _full(x) * tf.sign(_full(result))
    return signed if setting.rule == "epsilon" else tf.nn.relu(signed)  # in LRP-ε they cancel


def _sum(operation: tf.Operation, relevance: tf.Tensor) -> Given:
    takers = [x for x in operation.inputs if _depends(x)]
    if len(takers) == 1:  # a bias: it gets nothing
        return _pass(operation, relevance)
    signs = [-1 if operation.type == "Sub" and i == 1 else 1 for i in range(len(takers))]
    result = operation.outputs[0]
    parts = [_same_sign(x, result, sign) for x, sign in zip(takers, signs, strict=True)]
    s, lost = share(relevance, functools.reduce(tf.add, parts))
    shares = iter([part * s + lost / len(parts) for part in parts])
    return [_unbroadcast(next(shares), x) if _depends(x) else None for x in operation.inputs]


def _average_pool(operation: tf.Operation, relevance: tf.Tensor) -> Given:
    x = operation.inputs[0]
    how = {n: operation.get_attr(n) for n in ("ksize", "strides", "padding", "data_format")}

    def back(values: tf.Tensor) -> tf.Tensor:
        return tf.raw_ops.AvgPoolGrad(orig_input_shape=tf.shape(x), grad=values, **how)

    def pooled(values: tf.Tensor) -> tf.Tensor:
        return tf.raw_ops.AvgPool(value=values, **how)

    return [_averaged(operation, relevance, pooled, back)]


def _resize(operation: tf.Operation, relevance: tf.Tensor) -> Given:
    """A bilinear resizing is a mean with weights."""
    x, size = operation.inputs
    how = {n: operation.get_attr(n) for n in ("align_corners", "half_pixel_centers")}

    def back(values: tf.Tensor) -> tf.Tensor:
        return tf.raw_ops.ResizeBilinearGrad(grads=values, original_image=_full(x), **how)

    def resized(values: tf.Tensor) -> tf.Tensor:
        return tf.raw_ops.ResizeBilinear(images=values, size=size, **how)

    return [_averaged(operation, relevance, resized, back), None]


def _averaged(
    operation: tf.Operation,
    relevance: tf.Tensor,
    forward: Callable[[tf.Tensor], tf.Tensor],
    back: Callable[[tf.Tensor], tf.Tensor],
) -> tf.Tensor:
    """A mean with weights that are nowhere negative, and add up to 1 for each result.

    Args:
        operation: it.
        relevance: of its result.
        forward: the mean of any input.
        back: its transpose.
    """
    x, result = operation.inputs[0], operation.outputs[0]
    full, mean = _full(x), _full(result)
    if never_negative(x, _setting.get().dependent):
        s, lost = share(relevance, mean)
        return full * back(s) + back(lost)
    if _setting.get().rule == "epsilon":
        s, lost = share(relevance, tf.abs(mean))
        return full * back(s * tf.sign(mean)) + back(lost)
    sent, lost = tf.zeros_like(full), tf.zeros_like(mean)
    for sign in (1, -1):
        part = tf.nn.relu(sign * full)
        here = tf.cast(mean >= 0 if sign == 1 else mean < 0, tf.float32)
        s, none = share(relevance * here, forward(part))
        sent, lost = sent + part * back(s), lost + none
    return sent + back(lost)


def _reduction(operation: tf.Operation, relevance: tf.Tensor) -> Given:
    """A mean or a sum over axes."""
    x, axes = operation.inputs
    result = operation.outputs[0]
    kept = tf.shape(tf.reduce_sum(x, axes, keepdims=True))
    result, relevance = tf.reshape(result, kept), tf.reshape(relevance, kept)
    part = _same_sign(x, result)
    s, lost = share(relevance, tf.reduce_sum(part, axes, keepdims=True))
    count = tf.cast(tf.size(x) / tf.size(result), tf.float32)
    return [part * s + lost / count, None]


# What has one input that counts: all goes to it


def _pass(operation: tf.Operation, relevance: tf.Tensor) -> Given:
    """The relevance goes, as it is, to the one input that depends on the picture.

    Where two do (a gate: signal × sigmoid), the signal takes all.
    """
    takers = [i for i, x in enumerate(operation.inputs) if _depends(x)]
    signal = [i for i in takers if operation.inputs[i].op.type not in ("Sigmoid", "Relu6")]
    chosen = (signal or takers)[0]
    given: Given = [None] * len(operation.inputs)
    given[chosen] = _unbroadcast(relevance, operation.inputs[chosen])
    return given


def _winner(operation: tf.Operation, relevance: tf.Tensor) -> Given:
    """A maximum or minimum: with a number (a clip) all is passed on, of two signals one wins."""
    if sum(_depends(x) for x in operation.inputs) < 2:
        return _pass(operation, relevance)
    one, other = operation.inputs
    first = tf.cast(one >= other if operation.type == "Maximum" else one <= other, tf.float32)
    return [_unbroadcast(relevance * first, one), _unbroadcast(relevance * (1 - first), other)]


def _border(operation: tf.Operation, relevance: tf.Tensor) -> Given:
    """Padding: what fell on the border (where a pooling's winner lay) goes to all of the inside."""
    x, sides = operation.inputs[:2]
    inside = tf.slice(relevance, tf.cast(sides[:, 0], tf.int32), tf.shape(x))
    # The border's own values, not a difference of two sums: its rounding can be negative.
    fell = in_each(relevance - tf.pad(inside, sides))
    given = [inside + fell / tf.cast(tf.size(x[0]), tf.float32)]
    return given + [None] * (len(operation.inputs) - 1)


RULES: dict[str, Callable[[tf.Operation, tf.Tensor], Given]] = {
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

MOVERS = frozenset(
    [
        *MOVING,
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
"""Operations whose derivative hands on all the relevance that it is given."""


def _registered(rule: Callable[[tf.Operation, tf.Tensor], Given]) -> Any:
    def gradient(operation: tf.Operation, relevance: tf.Tensor, *_: Any) -> Any:
        # Shares are reckoned in float32: half precision has no number as small as theirs.
        shares = rule(operation, _full(relevance))
        given = [
            None if r is None else tf.cast(r, x.dtype)
            for r, x in zip(shares, operation.inputs, strict=True)
        ]
        return given[0] if len(given) == 1 else given

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
