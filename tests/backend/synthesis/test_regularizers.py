"""The α-norm and the total variation against loops over places, and against differences."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest

from cnnvis_widgets.backend.synthesis import regularizers

SHAPE = (2, 5, 4, 3)
X = np.random.default_rng(3).normal(0, 1.5, SHAPE)


def alpha_by_hand(x: np.ndarray, alpha: float) -> np.ndarray:
    batch, rows, columns, _ = x.shape
    penalties = np.zeros(batch)
    for b, i, j in itertools.product(range(batch), range(rows), range(columns)):
        penalties[b] += np.linalg.norm(x[b, i, j]) ** alpha / (rows * columns)
    return penalties


def variation_by_hand(x: np.ndarray, beta: float) -> np.ndarray:
    batch, rows, columns, channels = x.shape
    penalties = np.zeros(batch)
    for b, i, j, k in np.ndindex(batch, rows, columns, channels):
        down = x[b, i + 1, j, k] - x[b, i, j, k] if i + 1 < rows else 0.0
        right = x[b, i, j + 1, k] - x[b, i, j, k] if j + 1 < columns else 0.0
        penalties[b] += np.hypot(down, right) ** beta / (rows * columns)
    return penalties


CASES = [("alpha_norm", alpha_by_hand, power) for power in (1.0, 2.0, 6.0)] + [
    ("total_variation", variation_by_hand, power) for power in (1.0, 1.5, 2.0)
]


@pytest.mark.parametrize(("name", "by_hand", "power"), CASES)
def test_values_and_derivatives(name: str, by_hand: Any, power: float) -> None:
    import tensorflow as tf

    penalty, slope = getattr(regularizers, name)(tf.constant(X, tf.float32), power)
    np.testing.assert_allclose(penalty, by_hand(X, power), rtol=1e-5)
    assert slope.shape == SHAPE
    for place in [(0, 0, 0, 0), (0, 4, 3, 2), (1, 2, 3, 1), (1, 4, 0, 0), (0, 1, 2, 2)]:
        nudge = np.zeros(SHAPE)
        nudge[place] = 1e-5
        change = by_hand(X + nudge, power) - by_hand(X - nudge, power)
        assert float(slope[place]) == pytest.approx(change.sum() / 2e-5, rel=1e-3, abs=1e-5)


@pytest.mark.parametrize("name", ["alpha_norm", "total_variation"])
def test_a_plain_picture_costs_nothing_and_pulls_nowhere(name: str) -> None:
    import tensorflow as tf

    penalty, slope = getattr(regularizers, name)(
        tf.zeros((1, 3, 4, 1)), 1.0
    )  # |x| has no derivative at 0
    assert float(penalty[0]) == pytest.approx(0, abs=1e-5)
    np.testing.assert_array_equal(slope, 0)
