"""How one weighted layer hands relevance to its inputs: z⁺, zᴮ, ε and αβ, as small functions.

z⁺ and zᴮ are those of Deep Taylor decomposition (Montavon et al., Pattern Recognition 65, 2017), ε
and αβ those of LRP (Bach et al., PLoS ONE 10(7), 2015). Nothing here knows what kind of layer it
is: that is what `Linear` says, see `weighted.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import tensorflow as tf

TINY = 1e-25  # below this a result has no contributions to share by

Part = tuple[tf.Tensor, tf.Tensor]
"""A part of the inputs and the part of the weights that it is seen through."""


@dataclass(frozen=True)
class Linear:
    """A weighted layer without its bias: the map, its transpose, and an even spread.

    Attributes:
        x: its input.
        w: its weights, what follows it (BatchNorm) folded in.
        forward: (input, weights) → result.
        back: (result, weights) → input, the transpose of `forward`.
        spread: sends each result's relevance evenly to the inputs that it sees.
        across: the axis of the weights that the inputs' channels are summed over; None where they
            are not summed, or not all of them.
    """

    x: tf.Tensor
    w: tf.Tensor
    forward: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
    back: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
    spread: Callable[[tf.Tensor], tf.Tensor]
    across: int | None


def gap(z: tf.Tensor) -> tf.Tensor:
    """1 where nothing contributes to a result (z = 0), 0 where something does; for z ≥ 0.

    Arithmetic, since a choice (`tf.where`) takes three times as long.
    """
    return tf.nn.relu(1 - z * (1 / TINY))


def in_each(values: tf.Tensor) -> tf.Tensor:
    """The sum of each picture's values (batch, …), with axes of length 1."""
    return tf.reduce_sum(values, list(range(1, values.shape.rank)), keepdims=True)


def share(relevance: tf.Tensor, z: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """R / z for z ≥ 0, and the R of those results to which nothing contributes.

    The two always make up R: s · z + lost = R.
    """
    return relevance / tf.maximum(z, TINY), relevance * gap(z)


def z_plus(layer: Linear, relevance: tf.Tensor, never_negative: bool) -> tf.Tensor:
    """R_i = Σ_j (x_i w_ij)⁺ / Σ_i' (x_i' w_i'j)⁺ R_j: equation 12 of the paper for x ≥ 0.

    Args:
        layer: the layer.
        relevance: of its result.
        never_negative: whether its input is known to be so, which saves half the work.
    """
    parts = [(layer.x, tf.nn.relu(layer.w))] if never_negative else _for_it(layer)
    return _shared(layer, parts, relevance)


def z_bounded(layer: Linear, relevance: tf.Tensor, low: tf.Tensor, high: tf.Tensor) -> tf.Tensor:
    """The zᴮ rule of the first layer, whose inputs lie between `low` and `high`: equation 15.

    x w - low w⁺ - high w⁻ is (x - low) w⁺ + (x - high) w⁻, two products that are never negative; an
    input outside its bounds (given as floats) widens them.
    """
    plus, minus = tf.nn.relu(layer.w), tf.minimum(layer.w, 0)
    above, below = tf.nn.relu(layer.x - low), tf.minimum(layer.x - high, 0)
    return _shared(layer, [(above, plus), (below, minus)], relevance)


def epsilon(layer: Linear, relevance: tf.Tensor, z: tf.Tensor, value: tf.Tensor) -> tf.Tensor:
    """LRP-ε: R_i = Σ_j x_i w_ij / (z_j + ε sign z_j) R_j, with z_j the biased result."""
    sign = tf.where(z >= 0, 1.0, -1.0)
    return layer.x * layer.back(relevance / (z + value * sign), layer.w)


def alpha_beta(layer: Linear, relevance: tf.Tensor, alpha: tf.Tensor) -> tf.Tensor:
    """LRP-αβ: α times the positive contributions' share, minus β = α - 1 times the negative ones'.

    A result with positive contributions only shares R among them (not αR), and one without any
    shares it evenly, as z⁺ does: so nothing is lost and nothing made.
    """
    plus, minus = tf.nn.relu(layer.w), tf.minimum(layer.w, 0)
    up, down = tf.nn.relu(layer.x), tf.minimum(layer.x, 0)
    for_it, against = [(up, plus), (down, minus)], [(up, -minus), (-down, plus)]
    positive, negative = _contributions(layer, for_it), _contributions(layer, against)
    beta, supported = alpha - 1, 1 - gap(positive)
    s, _ = share(relevance * (1 + beta * (1 - gap(negative))), positive)
    t, _ = share(relevance * beta * supported, negative)
    sent = _sent(layer, for_it, s) - _sent(layer, against, t)
    return sent + layer.spread(relevance * gap(positive))


def _for_it(layer: Linear) -> list[Part]:
    """The contributions x_i w_ij that are positive."""
    return [
        (tf.nn.relu(layer.x), tf.nn.relu(layer.w)),
        (tf.minimum(layer.x, 0), tf.minimum(layer.w, 0)),
    ]


def _shared(layer: Linear, parts: Sequence[Part], relevance: tf.Tensor) -> tf.Tensor:
    """R shared in proportion to contributions that are never negative."""
    s, lost = share(relevance, _contributions(layer, parts))
    return _sent(layer, parts, s) + layer.spread(lost)


def _contributions(layer: Linear, parts: Sequence[Part]) -> tf.Tensor:
    """Σ_i of the parts' contributions to each result."""
    return _added(layer.forward(a, p) for a, p in _together(layer, parts))


def _sent(layer: Linear, parts: Sequence[Part], s: tf.Tensor) -> tf.Tensor:
    """Σ_j of the parts' contributions times s_j."""
    sent = [a * layer.back(s, p) for a, p in _together(layer, parts)]
    return _added(sent if len(sent) == len(parts) else tf.split(sent[0], len(parts), -1))


def _together(layer: Linear, parts: Sequence[Part]) -> Sequence[Part]:
    """The parts as one, side by side, where the layer sums them itself: one product and not two."""
    if len(parts) == 1 or layer.across is None:
        return parts
    inputs, weights = zip(*parts, strict=True)
    return [(tf.concat(inputs, -1), tf.concat(weights, layer.across))]


def _added(tensors: Iterable[tf.Tensor]) -> tf.Tensor:
    first, *more = tensors
    return tf.add_n([first, *more]) if more else first
