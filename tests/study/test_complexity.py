"""Complexity and sparseness: the ends of their scales, and their definitions by other formulas."""

from __future__ import annotations

import math

import numpy as np
import pytest

from cnnvis_widgets.study import metric
from cnnvis_widgets.study.contract import Case

ENTROPY, GINI = metric("complexity"), metric("sparseness")
RNG = np.random.default_rng(2)


def test_one_pixel_and_all_pixels() -> None:
    spike = np.zeros((5, 7))
    spike[3, 2] = -4  # its sign does not matter
    flat = np.full((5, 7), 0.2)
    assert ENTROPY.measure(Case(spike)).value == 0
    assert ENTROPY.measure(Case(flat)).value == pytest.approx(1)
    assert GINI.measure(Case(spike)).value == pytest.approx(1 - 1 / 35)
    assert GINI.measure(Case(flat)).value == pytest.approx(0, abs=1e-12)
    half = np.zeros((4, 8))
    half[:, :4] = 3
    assert ENTROPY.measure(Case(half)).value == pytest.approx(math.log(16) / math.log(32))
    assert ENTROPY.measure(Case(np.array([[2.0]]))).value == 0


def test_values_too_small_for_their_logarithm() -> None:
    heatmap = np.array([[1e300, 1e-300], [5e-324, 0.0]])
    assert ENTROPY.measure(Case(heatmap)).value == pytest.approx(0, abs=1e-12)


def test_gini_is_the_mean_difference_of_all_pairs() -> None:
    heatmap = RNG.normal(size=(6, 5))
    values = np.abs(heatmap).ravel()
    pairs = np.abs(values[:, None] - values[None]).mean()
    assert GINI.measure(Case(heatmap)).value == pytest.approx(pairs / (2 * values.mean()))
    noise = GINI.measure(Case(RNG.random((90, 70)))).value
    assert noise == pytest.approx(1 / 3, abs=0.01)


def test_entropy_by_repeated_halving() -> None:
    """Shares ½, ¼, ⅛, ⅛ have 1.75 bits."""
    heatmap = np.array([[4.0, 0, -2, 0], [1, 0, 0, -1]])
    assert ENTROPY.measure(Case(heatmap)).value == pytest.approx(1.75 / 3)
