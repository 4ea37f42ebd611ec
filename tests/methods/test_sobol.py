"""Sobol's total indices against their closed form on additive and multiplicative neurons."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from oracles.nets import SHAPE

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.engine.explain import explain
from cnnvis_widgets.methods.sobol import masks, one_design, total_indices

PICTURE = np.random.default_rng(8).uniform(0, 255, SHAPE).astype(np.float32)  # (9, 7, 3)


def cell(row: int, column: int, grid: int) -> tuple[int, int]:
    """9 and 7 pixels in so many cells."""
    return row * grid // 9, column * grid // 7


def test_an_additive_neuron_in_closed_form() -> None:
    """Σ b_i m_i with m_i even in 0..1 has Var = Σ b_i² / 12, and cell i's share is b_i² / Σ b²."""
    import keras

    flat = keras.layers.Flatten(), keras.layers.Dense(2)
    network = Network(keras.Sequential([keras.Input(SHAPE), *flat]))
    kernel = network.model.get_weights()[0][:, 1].reshape(SHAPE)
    adds = np.zeros((3, 3))
    for row, column in product(range(9), range(7)):
        adds[cell(row, column, 3)] += (kernel * PICTURE)[row, column].sum()
    wanted = adds**2 / (adds**2).sum()
    explanation = explain(network, PICTURE, "sobol", 1, grid=3, designs=1024, colour="black")
    np.testing.assert_allclose(explanation.attribution[..., 0], wanted, rtol=0.05, atol=0.005)
    assert explanation.details["sum"] == pytest.approx(1, abs=0.03)


def test_a_product_in_closed_form() -> None:
    """x y with both even in 0..1: Var = 1/9 - 1/16; without x's own part it is (1/3) (1/12)."""
    drawn = masks(4096, 3, seed=2).astype(float)
    values = np.array([[row[0] * row[2] for row in one_design(*pair)] for pair in drawn])
    share = (1 / 36) / (1 / 9 - 1 / 16)
    np.testing.assert_allclose(total_indices(values), [share, 0, share], rtol=0.02, atol=1e-12)


def test_equals_a_loop_on_the_tape(twins: Any) -> None:
    """One design after the other, one cell after the other, one pixel after the other."""
    twin, network = twins("branched")
    squares, both = np.zeros((4, 5)), []
    for number, (one, other) in enumerate(masks(5, 4, seed=9).astype(float)):
        values = []
        for again in (None, 0, 1, 2, 3, "all"):
            seen = np.empty(SHAPE)
            for row, column in product(range(9), range(7)):
                r, c = cell(row, column, 2)
                share = (other if again in (2 * r + c, "all") else one)[2 * r + c]
                seen[row, column] = share * PICTURE[row, column] + (1 - share) * 128
            values.append(twin.tape(seen[None]).neuron("mixed", 0, "max")[0][0])
        squares[:, number] = [(values[0] - changed) ** 2 for changed in values[1:5]]
        both += [values[0], values[5]]
    wanted = squares.sum(1) / 5 / 2 / (sum((v - sum(both) / 10) ** 2 for v in both) / 10)
    explanation = explain(
        network, PICTURE, "sobol", Neuron("mixed", 0, "max"), seed=9, grid=2, designs=5
    )
    np.testing.assert_allclose(
        explanation.attribution[..., 0].ravel(), wanted, rtol=2e-3, atol=1e-4 * wanted.max()
    )


def test_what_covering_does_not_change_gets_exactly_nothing(twins: Any) -> None:
    network = twins("residual")[1]
    half = np.full(SHAPE, 128, np.float32)
    half[6:] = PICTURE[6:]
    explanation = explain(network, half, "sobol", 1, grid=3, designs=4)
    np.testing.assert_array_equal(explanation.attribution[:2], 0)
    assert explanation.attribution[2].all()
    assert "3 cells that covering changes, of 9" in explanation.notes[-1]
    grey = explain(network, np.full(SHAPE, 128, np.float32), "sobol", 1, designs=4)
    np.testing.assert_array_equal(grey.attribution, 0)
    assert any("covering it changes nothing" in note for note in grey.notes)


def test_rounding_is_no_variance() -> None:
    values = 300 + np.random.default_rng(0).normal(0, 1e-4, (8, 6))
    np.testing.assert_array_equal(total_indices(values), np.zeros(4))
