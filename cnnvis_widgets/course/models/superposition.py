"""The smallest network that stores more features than it has units (Elhage et al. 2022)."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from cnnvis_widgets import checks
from cnnvis_widgets.course.models.optimizers import Optimizer

Array = NDArray[np.float64]

RATE, BATCH, STEPS = 0.01, 256, 3000
FALLING = 0.9  # ratio of a feature's importance to the one before


def superposed(absent: Sequence[float], features: int = 5, units: int = 2, seed: int = 0) -> Array:
    """Train x ↦ ReLU(Wᵀ W x + b) to give its input back, once for each share of absent features.

    A feature is absent with that probability, and else uniform between 0 and 1. The error of
    feature i has weight 0.9ⁱ, so that the first features are kept if not all can be.

    Args:
        absent: probabilities, from 0 to below 1.
        features: the number of inputs, at least 1.
        units: the number of hidden units, at least 1.
        seed: of the initial weights and of the examples.

    Returns:
        float64 (len(absent), units, features): W of each. A column's length is 0 where its feature
        is dropped, and about 1 where it is kept.

    Raises:
        InvalidValueError: a number out of its range.

    Source:
        Elhage et al., Toy Models of Superposition, Transformer Circuits Thread 2022,
        arXiv:2209.10652.

    Example:
        >>> superposed([0, 0.95]).shape
        (2, 2, 5)
    """
    for probability in absent:
        checks.number("absent", probability, 0, 0.999)
    checks.whole("features", features, 1)
    checks.whole("units", units, 1)
    random = np.random.default_rng(seed)
    weights = np.repeat(random.normal(0, 0.5, (1, units, features)), len(absent), 0)
    bias = np.zeros((len(absent), 1, features))
    rules = Optimizer("Adam", RATE), Optimizer("Adam", RATE)
    present = 1 - np.asarray(absent, np.float64)[:, None, None]
    for _ in range(STEPS):
        x = random.random((BATCH, features)) * (random.random((BATCH, features)) < present)
        _, slope, bias_slope = loss_and_gradients(x, weights, bias)
        weights = rules[0].step(weights, slope)
        bias = rules[1].step(bias, bias_slope)
    return weights


def loss_and_gradients(x: Array, weights: Array, bias: Array) -> tuple[Array, Array, Array]:
    """The error of each network, and its derivatives.

    Args:
        x: float64 (networks, examples, features), the examples.
        weights: float64 (networks, units, features).
        bias: float64 (networks, 1, features).

    Returns:
        The error, float64 (networks,): the mean over examples of the features' squared errors, each
        times its importance; its derivatives, in the shapes of `weights` and `bias`.
    """
    importance = FALLING ** np.arange(x.shape[-1])
    hidden = x @ weights.swapaxes(1, 2)
    preactivation = hidden @ weights + bias
    error = np.maximum(preactivation, 0) - x
    loss = (importance * error**2).sum(-1).mean(-1)
    slope = 2 * importance * error * (preactivation > 0) / x.shape[1]
    into_hidden = slope @ weights.swapaxes(1, 2)
    weight_slope = hidden.swapaxes(1, 2) @ slope + into_hidden.swapaxes(1, 2) @ x
    return loss, weight_slope, slope.sum(1, keepdims=True)
