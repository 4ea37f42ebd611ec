"""Kernel SHAP against Shapley values by their definition: the mean gain over all orders."""

from __future__ import annotations

from itertools import permutations
from typing import Any

import numpy as np
import pytest
from oracles.nets import SHAPE

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.engine.explain import explain
from cnnvis_widgets.methods.kernel_shap import coalitions, shares

PICTURE = np.random.default_rng(8).integers(0, 256, SHAPE, dtype=np.uint8)  # (9, 7, 3)
RNG = np.random.default_rng(12)


def by_definition(game: Any, players: int) -> np.ndarray:
    """What each adds to those before it, in the mean over all orders in which they may come."""
    gains, orders = np.zeros(players), list(permutations(range(players)))
    for order in orders:
        there: frozenset[int] = frozenset()
        for one in order:
            gains[one] += game(there | {one}) - game(there)
            there |= {one}
    return gains / len(orders)


@pytest.mark.parametrize(
    ("name", "neuron", "colour"),
    [
        ("fused", Neuron(None, 4), "grey"),
        ("branched", Neuron("mixed", 0, "max"), "mean"),
        ("residual", Neuron("a2", 5, position=(3, 2)), "black"),
    ],
)
def test_equals_the_definition(twins: Any, name: str, neuron: Neuron, colour: str) -> None:
    twin, network = twins(name)
    explanation = explain(network, PICTURE, "kernel_shap", neuron, pieces=6, colour=colour)
    segments = explanation.details["segments"]
    known: dict[frozenset[int], float] = {}

    def game(there: frozenset[int]) -> float:
        if there not in known:
            seen = PICTURE.astype(float)
            for piece in set(range(segments.max() + 1)) - there:
                inside = segments == piece
                mean = PICTURE[inside].astype(float).mean(0)
                seen[inside] = {"grey": 128, "black": 0, "mean": mean}[colour]
            tape = twin.tape(seen[None])
            values = tape.neuron(neuron.layer, neuron.unit, neuron.aggregate, neuron.position)
            known[there] = float(values[0][0])
        return known[there]

    wanted = by_definition(game, segments.max() + 1)
    scale = np.abs(wanted).max()
    assert scale > 0 and explanation.details["exact"]
    np.testing.assert_allclose(explanation.details["weights"], wanted, rtol=2e-3, atol=1e-4 * scale)
    np.testing.assert_allclose(
        explanation.attribution[..., 0], wanted[segments], rtol=2e-3, atol=1e-4 * scale
    )


def test_the_regression_over_all_coalitions_is_the_shapley_value() -> None:
    """Random games, in double precision."""
    for players in (2, 3, 5, 6):
        worth = RNG.normal(size=2**players)
        worth[0] = 0.7

        def game(there: frozenset[int], worth: np.ndarray = worth) -> float:
            return float(worth[sum(2**one for one in there)])

        kept, importance, exact = coalitions(players, 2**players - 2, RNG)
        assert exact and len(kept) == 2**players - 2
        gains = np.array([game(frozenset(np.flatnonzero(row))) for row in kept]) - worth[0]
        values = shares(kept, importance, gains, worth[-1] - worth[0])
        np.testing.assert_allclose(values, by_definition(game, players), rtol=0, atol=1e-10)


def test_drawn_coalitions_come_near_the_exact_values(twins: Any) -> None:
    """8 superpixels, of whose 254 coalitions 200 draws take but a part; within four times the
    spread that is told, and the sum is exact all the same."""
    network = twins("branched")[1]
    asked: dict[str, Any] = {"neuron": 1, "pieces": 8}
    exact = explain(network, PICTURE, "kernel_shap", samples=254, **asked)
    drawn = explain(network, PICTURE, "kernel_shap", samples=200, seed=3, **asked)
    assert exact.details["exact"] and not drawn.details["exact"]
    away = np.abs(drawn.details["weights"] - exact.details["weights"])
    assert 0 < away.max() < 4 * drawn.details["spread"]
    assert drawn.details["spread"] < 0.3 * np.abs(exact.details["weights"]).max()
    whole = drawn.value - drawn.details["base"]
    assert drawn.details["weights"].sum() == pytest.approx(whole, rel=1e-5)


def test_a_linear_neuron_is_exact_however_few_are_drawn() -> None:
    import keras

    flat = keras.layers.Flatten(), keras.layers.Dense(3)
    network = Network(keras.Sequential([keras.Input(SHAPE), *flat]))
    explanation = explain(network, PICTURE, "kernel_shap", 2, samples=40, pieces=12)
    kernel = network.model.get_weights()[0][:, 2].reshape(SHAPE)
    parts = (kernel * (PICTURE - 128.0)).sum(-1)
    pieces = explanation.details["segments"]
    wanted = np.array([parts[pieces == n].sum() for n in range(pieces.max() + 1)])
    scale = np.abs(wanted).max()
    np.testing.assert_allclose(explanation.details["weights"], wanted, rtol=1e-3, atol=1e-4 * scale)


def test_what_hiding_does_not_change_gets_exactly_nothing(twins: Any) -> None:
    network = twins("residual")[1]
    half = np.full(SHAPE, 128, np.uint8)
    half[5:, :3], half[5:, 3:] = (200, 10, 20), (10, 20, 220)
    explanation = explain(network, half, "kernel_shap", 1, samples=30, pieces=4)
    segments, shares_ = explanation.details["segments"], explanation.details["weights"]
    plain = [n for n in range(segments.max() + 1) if (half[segments == n] == 128).all()]
    assert 0 < len(plain) < len(shares_)
    for n, share in enumerate(shares_):
        assert (share == 0) == (n in plain)
    assert any(f"Hiding {len(plain)} of them changes nothing" in note for note in explanation.notes)
    grey = np.full(SHAPE, 128, np.uint8)
    nothing = explain(network, grey, "kernel_shap", 1, samples=30)
    np.testing.assert_array_equal(nothing.attribution, 0)
    assert any("covering it changes nothing" in note for note in nothing.notes)


def test_fewer_draws_are_the_first_of_more() -> None:
    few, many = (coalitions(11, n, np.random.default_rng(5))[0] for n in (31, 77))
    np.testing.assert_array_equal(few, many[:31])
    sizes = coalitions(9, 500, np.random.default_rng(1))[0].sum(1)
    shares_of_one = np.mean(np.isin(sizes, (1, 8)))  # Σ 1/(k(9-k)): (2/8) / (2/8+2/14+2/18+2/20)
    assert shares_of_one == pytest.approx(0.25 / (0.25 + 1 / 7 + 1 / 9 + 0.1), abs=0.06)
