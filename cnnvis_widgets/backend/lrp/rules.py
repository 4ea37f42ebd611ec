"""The relevance rules of one weighted layer: z⁺, zᴮ, ε and αβ, as small functions.

z⁺ and zᴮ are those of Deep Taylor decomposition (Montavon et al., Pattern Recognition 65, 2017), ε
and αβ those of LRP (Bach et al., PLoS ONE 10(7), 2015). They hold for any kind of layer,
which `Linear` describes, see `linear_layers.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

import tensorflow as tf

TINY = 1e-25  # a smaller sum of contributions counts as none

Term = tuple[tf.Tensor, tf.Tensor]
"""A part of the inputs and the part of the weights that multiplies it."""


@dataclass(frozen=True)
class Linear:
    """A weighted layer without its bias: the map, its transpose, and the flat rule.

    Attributes:
        x: its input.
        w: its weights, with BatchNorm folded in.
        forward: (input, weights) → result.
        back: (result, weights) → input, the transpose of `forward`.
        flat: shares each result's relevance evenly among the inputs in its window (LRP's flat
            rule).
        across: the weights' axis of input channels; None if a result is not a sum over all of
            them.
    """

    x: tf.Tensor
    w: tf.Tensor
    forward: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
    back: Callable[[tf.Tensor, tf.Tensor], tf.Tensor]
    flat: Callable[[tf.Tensor], tf.Tensor]
    across: int | None


def no_contribution(z: tf.Tensor) -> tf.Tensor:
    """1 where nothing contributes to a result (z = 0), 0 where something does; for z ≥ 0.

    In arithmetic, since `tf.where` takes three times as long.
    """
    return tf.nn.relu(1 - z * (1 / TINY))


def per_picture_sum(values: tf.Tensor) -> tf.Tensor:
    """The sum of each picture's values (batch, …), with axes of length 1."""
    return tf.reduce_sum(values, list(range(1, values.shape.rank)), keepdims=True)


def share(relevance: tf.Tensor, z: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """R / z for z ≥ 0, and the R of those results to which nothing contributes.

    The two always make up R: s · z + unassigned = R.
    """
    return relevance / tf.maximum(z, TINY), relevance * no_contribution(z)


def z_plus(layer: Linear, relevance: tf.Tensor, never_negative: bool) -> tf.Tensor:
    """R_i = Σ_j (x_i w_ij)⁺ / Σ_i' (x_i' w_i'j)⁺ R_j: equation 12 of the paper for x ≥ 0.

    Args:
        layer: the layer.
        relevance: of its result.
        never_negative: whether its input is known to be so; this saves half the work.
    """
    terms = [(layer.x, tf.nn.relu(layer.w))] if never_negative else _positive_terms(layer)
    return _shared(layer, terms, relevance)


def z_bounded(layer: Linear, relevance: tf.Tensor, low: tf.Tensor, high: tf.Tensor) -> tf.Tensor:
    """The zᴮ rule of the first layer, whose inputs lie between `low` and `high`: equation 15.

    x w - low w⁺ - high w⁻ is (x - low) w⁺ + (x - high) w⁻, two nonnegative products; an input
    outside its bounds (given as floats) widens them.
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
    shares it evenly, as z⁺ does: relevance is conserved.
    """
    plus, minus = tf.nn.relu(layer.w), tf.minimum(layer.w, 0)
    up, down = tf.nn.relu(layer.x), tf.minimum(layer.x, 0)
    positive_terms, negative_terms = [(up, plus), (down, minus)], [(up, -minus), (-down, plus)]
    positive = _contributions(layer, positive_terms)
    negative = _contributions(layer, negative_terms)
    beta, supported = alpha - 1, 1 - no_contribution(positive)
    s, _ = share(relevance * (1 + beta * (1 - no_contribution(negative))), positive)
    t, _ = share(relevance * beta * supported, negative)
    gained = _transposed_sum(layer, positive_terms, s)
    lost = _transposed_sum(layer, negative_terms, t)
    return gained - lost + layer.flat(relevance * no_contribution(positive))


def _positive_terms(layer: Linear) -> list[Term]:
    """The positive contributions x_i w_ij."""
    return [
        (tf.nn.relu(layer.x), tf.nn.relu(layer.w)),
        (tf.minimum(layer.x, 0), tf.minimum(layer.w, 0)),
    ]


def _shared(layer: Linear, terms: Sequence[Term], relevance: tf.Tensor) -> tf.Tensor:
    """R shared in proportion to nonnegative contributions."""
    s, unassigned = share(relevance, _contributions(layer, terms))
    return _transposed_sum(layer, terms, s) + layer.flat(unassigned)


def _contributions(layer: Linear, terms: Sequence[Term]) -> tf.Tensor:
    """Σ_i of the terms' contributions to each result."""
    return _total(layer.forward(a, p) for a, p in _concatenated(layer, terms))


def _transposed_sum(layer: Linear, terms: Sequence[Term], s: tf.Tensor) -> tf.Tensor:
    """Σ_j of the terms' contributions times s_j."""
    summands = [a * layer.back(s, p) for a, p in _concatenated(layer, terms)]
    return _total(
        summands if len(summands) == len(terms) else tf.split(summands[0], len(terms), -1)
    )


def _concatenated(layer: Linear, terms: Sequence[Term]) -> Sequence[Term]:
    """The terms concatenated where the layer sums over them: one product instead of two."""
    if len(terms) == 1 or layer.across is None:
        return terms
    inputs, weights = zip(*terms, strict=True)
    return [(tf.concat(inputs, -1), tf.concat(weights, layer.across))]


def _total(tensors: Iterable[tf.Tensor]) -> tf.Tensor:
    first, *rest = tensors
    return tf.add_n([first, *rest]) if rest else first
