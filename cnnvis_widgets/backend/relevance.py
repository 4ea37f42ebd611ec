"""Layer-wise relevance: what each kind of operation does with the relevance of its result.

Deep Taylor decomposition (Montavon et al., Pattern Recognition 65, 2017) and LRP (Bach et al., PLoS
ONE 10(7), 2015) send a neuron's value down to the picture. The rules below are small functions from
an operation and the relevance R of its result to the relevance of its inputs; `RULES` says which
one goes on which kind of operation. They are used through `gradient_override_map`, so TensorFlow
itself walks the graph and adds up what comes back where a tensor is used twice. Whatever only moves
numbers about (concatenate, pad, reshape, max-pooling) keeps its own derivative, which does that.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any

import tensorflow as tf

TINY = 1e-30  # below this a denominator counts as zero


@dataclass
class Setting:
    """What the rules must know besides the operation.

    Attributes:
        dependent: the operations that depend on the picture; all others are weights.
        bounds: the input of a black and of a white picture, (1, rows, columns, channels) each.
        pixels: the picture's placeholder.
        rule: "z_plus" (Deep Taylor), "epsilon" or "alpha_beta" for weighted layers.
        value: ε, or α (β is α - 1).
    """

    dependent: set[tf.Operation]
    bounds: tuple[tf.Tensor, tf.Tensor]
    pixels: tf.Tensor
    rule: str = "z_plus"
    value: float = 0.0
    folded: set[tf.Operation] = field(default_factory=set)


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


# Weighted layers: convolution, depthwise convolution, dense


@dataclass(frozen=True)
class Linear:
    """A weighted layer without its bias: the map, its transpose, and an even spread.

    Attributes:
        x: its input.
        w: its weights, what follows it (BatchNorm) folded in.
        forward: (input, weights) → result.
        back: (result, weights) → input, the transpose of `forward`.
        spread: sends each result's relevance evenly to the inputs that it sees.
    """

    x: tf.Tensor
    w: tf.Tensor
    forward: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
    back: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
    spread: Callable[[tf.Tensor], tf.Tensor]


def _share(relevance: tf.Tensor, z: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """R / z, and the R of those results to which no input contributes (only their bias does)."""
    empty = tf.abs(z) < TINY
    safe = tf.where(empty, tf.ones_like(z), z)
    return tf.where(empty, 0.0, relevance / safe), tf.where(empty, relevance, 0.0)


def z_plus(layer: Linear, relevance: tf.Tensor) -> tf.Tensor:
    """R_i = Σ_j (x_i w_ij)⁺ / Σ_i' (x_i' w_i'j)⁺ R_j: equation 12 of the paper for x ≥ 0."""
    plus, minus = tf.nn.relu(layer.w), -tf.nn.relu(-layer.w)
    if _never_negative(layer.x):
        s, lost = _share(relevance, layer.forward(layer.x, plus))
        return layer.x * layer.back(s, plus) + layer.spread(lost)
    up, down = tf.nn.relu(layer.x), -tf.nn.relu(-layer.x)
    s, lost = _share(relevance, layer.forward(up, plus) + layer.forward(down, minus))
    return up * layer.back(s, plus) + down * layer.back(s, minus) + layer.spread(lost)


def z_bounded(layer: Linear, relevance: tf.Tensor, low: tf.Tensor, high: tf.Tensor) -> tf.Tensor:
    """The zᴮ rule of the first layer, whose inputs lie between `low` and `high`: equation 15."""
    plus, minus = tf.nn.relu(layer.w), -tf.nn.relu(-layer.w)
    x, w = layer.x, layer.w
    z = layer.forward(x, w) - layer.forward(low, plus) - layer.forward(high, minus)
    s, lost = _share(relevance, z)
    sent = x * layer.back(s, w) - low * layer.back(s, plus) - high * layer.back(s, minus)
    return sent + layer.spread(lost)


def epsilon(layer: Linear, relevance: tf.Tensor, z: tf.Tensor, value: float) -> tf.Tensor:
    """LRP-ε: R_i = Σ_j x_i w_ij / (z_j + ε sign z_j) R_j, with z_j the biased result."""
    sign = tf.where(z >= 0, 1.0, -1.0)
    return layer.x * layer.back(relevance / (z + value * sign), layer.w)


def alpha_beta(layer: Linear, relevance: tf.Tensor, alpha: float) -> tf.Tensor:
    """LRP-αβ: α times the positive contributions' share, minus (α - 1) times the negative ones'."""
    plus, minus = tf.nn.relu(layer.w), -tf.nn.relu(-layer.w)
    up, down = tf.nn.relu(layer.x), -tf.nn.relu(-layer.x)
    s, lost = _share(relevance, layer.forward(up, plus) + layer.forward(down, minus))
    for_it = up * layer.back(s, plus) + down * layer.back(s, minus) + layer.spread(lost)
    if alpha == 1:
        return for_it
    s, lost = _share(relevance, layer.forward(up, minus) + layer.forward(down, plus))
    against = up * layer.back(s, minus) + down * layer.back(s, plus) + layer.spread(lost)
    return alpha * for_it - (alpha - 1) * against


def _weighted(operation: tf.Operation, relevance: tf.Tensor, layer: Linear) -> tf.Tensor:
    setting = _setting.get()
    if setting.rule == "epsilon":
        return epsilon(layer, relevance, _following(operation)[-1], setting.value)
    if setting.rule == "alpha_beta":
        return alpha_beta(layer, relevance, setting.value)
    bounds = _bounds(layer.x, setting)
    return z_plus(layer, relevance) if bounds is None else z_bounded(layer, relevance, *bounds)


def _convolution(operation: tf.Operation, relevance: tf.Tensor) -> list[tf.Tensor | None]:
    x, w = operation.inputs
    w = w * tf.reshape(_scale(operation), [1, 1, 1, -1])
    names = ("strides", "padding", "dilations", "explicit_paddings", "data_format")
    how = {name: operation.get_attr(name) for name in names}

    def back(result: tf.Tensor, weights: tf.Tensor, channels: Any = None) -> tf.Tensor:
        shape = tf.concat([tf.shape(x)[:3], [tf.shape(x)[3] if channels is None else channels]], 0)
        return tf.raw_ops.Conv2DBackpropInput(
            input_sizes=shape, filter=weights, out_backprop=result, **how
        )

    def spread(result: tf.Tensor) -> tf.Tensor:
        box = tf.ones([*w.shape[:2], 1, 1])
        present = _present(x)
        seen = tf.raw_ops.Conv2D(input=present, filter=box, **how)
        total = tf.reduce_sum(result, -1, keepdims=True) / tf.maximum(seen, 1.0)
        width = tf.cast(tf.shape(x)[-1], tf.float32)
        return tf.ones_like(x) * present * back(total, box, 1) / width

    def forward(a: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        return tf.raw_ops.Conv2D(input=a, filter=weights, **how)

    return [_weighted(operation, relevance, Linear(x, w, forward, back, spread)), None]


def _depthwise(operation: tf.Operation, relevance: tf.Tensor) -> list[tf.Tensor | None]:
    x, w = operation.inputs
    scale = _scale(operation)
    w = w * (tf.reshape(scale, w.shape[2:]) if scale.shape.num_elements() != 1 else scale)
    names = ("strides", "padding", "dilations", "explicit_paddings", "data_format")
    how = {name: operation.get_attr(name) for name in names}

    def forward(a: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        return tf.raw_ops.DepthwiseConv2dNative(input=a, filter=weights, **how)

    def back(result: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        return tf.raw_ops.DepthwiseConv2dNativeBackpropInput(
            input_sizes=tf.shape(x), filter=weights, out_backprop=result, **how
        )

    def spread(result: tf.Tensor) -> tf.Tensor:
        box, present = tf.ones_like(w), tf.ones_like(x) * _present(x)
        return present * back(result / tf.maximum(forward(present, box), 1.0), box)

    return [_weighted(operation, relevance, Linear(x, w, forward, back, spread)), None]


def _dense(operation: tf.Operation, relevance: tf.Tensor) -> list[tf.Tensor | None]:
    x, w = operation.inputs
    if operation.get_attr("transpose_b"):
        w = tf.transpose(w)
    w = w * tf.reshape(_scale(operation), [1, -1])

    def spread(result: tf.Tensor) -> tf.Tensor:
        width = tf.cast(tf.shape(x)[-1], tf.float32)
        return tf.ones_like(x) * tf.reduce_sum(result, -1, keepdims=True) / width

    def back(result: tf.Tensor, weights: tf.Tensor) -> tf.Tensor:
        return tf.matmul(result, weights, transpose_b=True)

    sent = _weighted(operation, relevance, Linear(x, w, tf.matmul, back, spread))
    return [sent, None]


# Sums and means: in proportion to what has the result's sign


def _same_sign(x: tf.Tensor, result: tf.Tensor) -> tf.Tensor:
    if _setting.get().rule == "epsilon":  # LRP-ε lets opposite signs cancel
        return x * tf.sign(result)
    return tf.nn.relu(x * tf.sign(result))


def _sum(operation: tf.Operation, relevance: tf.Tensor) -> list[tf.Tensor | None]:
    data = [_depends(x) for x in operation.inputs]
    if not all(data):  # a bias: it gets nothing
        return _pass(operation, relevance)
    result = operation.outputs[0]
    parts = [_same_sign(x, result) for x in operation.inputs]
    s, lost = _share(relevance, tf.add_n(parts))
    shares = [part * s + lost / len(parts) for part in parts]
    return [_unbroadcast(r, x) for r, x in zip(shares, operation.inputs, strict=True)]


def _average_pool(operation: tf.Operation, relevance: tf.Tensor) -> list[tf.Tensor | None]:
    x = operation.inputs[0]
    how = {n: operation.get_attr(n) for n in ("ksize", "strides", "padding", "data_format")}

    def back(result: tf.Tensor) -> tf.Tensor:
        return tf.raw_ops.AvgPoolGrad(orig_input_shape=tf.shape(x), grad=result, **how)

    result = operation.outputs[0]
    if _never_negative(x) or _setting.get().rule == "epsilon":
        s, lost = _share(relevance, result)
        return [x * back(s) + back(lost)]
    sent, lost = tf.zeros_like(x), tf.where(result == 0, relevance, 0.0)
    for part, here in ((tf.nn.relu(x), result > 0), (-tf.nn.relu(-x), result < 0)):
        s, none = _share(tf.where(here, relevance, 0.0), tf.raw_ops.AvgPool(value=part, **how))
        sent, lost = sent + part * back(s), lost + none
    return [sent + back(lost)]


def _mean(operation: tf.Operation, relevance: tf.Tensor) -> list[tf.Tensor | None]:
    x, axes = operation.inputs
    result = tf.reduce_mean(x, axes, keepdims=True)
    relevance = tf.reshape(relevance, tf.shape(result))
    part = _same_sign(x, result)
    s, lost = _share(relevance, tf.reduce_sum(part, axes, keepdims=True))
    count = tf.cast(tf.size(x), tf.float32) / tf.cast(tf.size(result), tf.float32)
    return [part * s + tf.ones_like(x) * lost / count, None]


# What has one input that counts: all goes to it


def _pass(operation: tf.Operation, relevance: tf.Tensor) -> list[tf.Tensor | None]:
    """The relevance goes, as it is, to the one input that depends on the picture.

    Where two do (a gate: signal × sigmoid), the signal takes all.
    """
    takers = [i for i, x in enumerate(operation.inputs) if _depends(x)]
    signal = [i for i in takers if operation.inputs[i].op.type not in ("Sigmoid", "Relu6")]
    chosen = (signal or takers)[0]
    given: list[tf.Tensor | None] = [None] * len(operation.inputs)
    given[chosen] = _unbroadcast(relevance, operation.inputs[chosen])
    return given


RULES: dict[str, Callable[[tf.Operation, tf.Tensor], list[tf.Tensor | None]]] = {
    "Conv2D": _convolution,
    "DepthwiseConv2dNative": _depthwise,
    "MatMul": _dense,
    "Add": _sum,
    "AddV2": _sum,
    "AvgPool": _average_pool,
    "Mean": _mean,
    **dict.fromkeys(("BiasAdd", "Sub", "Mul", "RealDiv", "Minimum", "Maximum"), _pass),
    **dict.fromkeys(("Relu", "Relu6", "Elu", "Selu", "LeakyRelu", "Softplus", "Tanh"), _pass),
}
"""Kind of TensorFlow operation → rule. All others keep their derivative."""


def _registered(rule: Callable[[tf.Operation, tf.Tensor], list[tf.Tensor | None]]) -> Any:
    def gradient(operation: tf.Operation, relevance: tf.Tensor, *_: Any) -> Any:
        given = rule(operation, relevance)
        return given[0] if len(given) == 1 else given

    return gradient


for _kind, _rule in RULES.items():
    tf.RegisterGradient(f"CnnvisRelevance{_kind}")(_registered(_rule))


# Questions to the graph


def _depends(tensor: tf.Tensor) -> bool:
    return tensor.op in _setting.get().dependent


def _following(operation: tf.Operation) -> list[tf.Tensor]:
    """The weighted layer's result, and what its bias and BatchNorm make of it."""
    chain = [operation.outputs[0]]
    while True:
        consumers = chain[-1].consumers()
        forward = [c for c in consumers if c.type in ("BiasAdd", "Add", "AddV2", "Sub", "Mul")]
        if len(consumers) != 1 or not forward:
            return chain
        others = [x for x in forward[0].inputs if x is not chain[-1]]
        if len(others) != 1 or _depends(others[0]) or forward[0].outputs[0].shape.rank is None:
            return chain
        chain.append(forward[0].outputs[0])


def _scale(operation: tf.Operation) -> tf.Tensor:
    """What the result of a weighted layer is multiplied by before anything else happens to it."""
    scale = tf.ones([1])
    chain = _following(operation)
    for before, after in itertools.pairwise(chain):
        if after.op.type == "Mul":
            factor = next(x for x in after.op.inputs if x is not before)
            scale = scale * tf.reshape(factor, [-1])
            _setting.get().folded.add(after.op)
    return scale


def _never_negative(tensor: tf.Tensor) -> bool:
    """Whether a ReLU stands before, with only what keeps the sign between."""
    keeps = ("MaxPool", "AvgPool", "Mean", "Pad", "PadV2", "Reshape", "Identity", "Squeeze")
    operation = tensor.op
    if operation.type in ("Relu", "Relu6", "Sigmoid", "Softplus"):
        return True
    if operation.type in keeps:
        return _never_negative(operation.inputs[0])
    if operation.type == "ConcatV2":
        return all(_never_negative(x) for x in operation.inputs[:-1])
    if operation.type in ("Add", "AddV2") and all(_depends(x) for x in operation.inputs):
        return all(_never_negative(x) for x in operation.inputs)
    return False


def _present(x: tf.Tensor) -> tf.Tensor:
    """1 where `x` holds the layer's own values and 0 where a layer before padded: (…, 1)."""
    if x.op.type in ("Pad", "PadV2") and x.shape.rank == 4:
        return tf.pad(_present(x.op.inputs[0]), x.op.inputs[1] * [[1], [1], [1], [0]])
    return tf.ones_like(x[..., :1])


def _bounds(tensor: tf.Tensor, setting: Setting) -> tuple[tf.Tensor, tf.Tensor] | None:
    """The least and largest values of a first layer's input; None for any later layer's."""
    if tensor is setting.pixels:
        return setting.bounds
    operation = tensor.op
    if operation.type in ("Pad", "PadV2", "Identity", "Cast"):
        inner = _bounds(operation.inputs[0], setting)
        if inner is None or operation.type in ("Identity", "Cast"):
            return inner
        low, high = (tf.pad(b, operation.inputs[1]) for b in inner)
        return low, high
    arithmetic = {"Mul": tf.multiply, "Add": tf.add, "AddV2": tf.add, "Sub": tf.subtract}
    arithmetic["RealDiv"] = tf.divide
    if operation.type in arithmetic and not all(_depends(x) for x in operation.inputs):
        x, other = operation.inputs
        if not _depends(x):
            return None
        inner = _bounds(x, setting)
        if inner is not None:
            ends = [arithmetic[operation.type](b, other) for b in inner]
            return tf.minimum(*ends), tf.maximum(*ends)
    return None


def _unbroadcast(relevance: tf.Tensor, x: tf.Tensor) -> tf.Tensor:
    if relevance.shape.as_list() == x.shape.as_list():
        return relevance
    axes, _ = tf.raw_ops.BroadcastGradientArgs(s0=tf.shape(x), s1=tf.shape(relevance))
    return tf.reshape(tf.reduce_sum(relevance, axes), tf.shape(x))
