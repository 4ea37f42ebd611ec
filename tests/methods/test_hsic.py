"""HSIC against its definition in sums over pairs, and where dependence is known."""

from __future__ import annotations

from itertools import product
from typing import Any

import numpy as np
import pytest
from oracles.nets import SHAPE

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.engine.explain import explain
from cnnvis_widgets.methods.hsic import chance_level, dependences

PICTURE = np.random.default_rng(8).uniform(0, 255, SHAPE).astype(np.float32)  # (9, 7, 3)
RNG = np.random.default_rng(6)


def by_definition(mask: np.ndarray, values: np.ndarray) -> float:
    """Gretton et al. 2005: means of k l over pairs, over two pairs, and over three of a chain."""
    n = len(values)
    apart = sorted(abs(a - b) for a, b in product(values, values) if a != b)
    width = np.median(apart)
    k = np.array([[float(a == b) for b in mask] for a in mask])
    ell = np.array([[np.exp(-((a - b) ** 2) / (2 * width**2)) for b in values] for a in values])
    pairs = sum(k[i, j] * ell[i, j] for i, j in product(range(n), repeat=2)) / n**2
    apart_ = k.sum() * ell.sum() / n**4
    chains = sum(k[i].sum() * ell[i].sum() for i in range(n)) / n**3
    return pairs + apart_ - 2 * chains


def test_equals_the_definition_on_the_tape(twins: Any) -> None:
    twin, network = twins("branched")
    shown = np.random.default_rng(9).random((23, 4)) < 0.5
    values = []
    for marks in shown:
        seen = PICTURE.astype(float)
        for row, column in product(range(9), range(7)):
            if not marks[row * 2 // 9 * 2 + column * 2 // 7]:
                seen[row, column] = 128
        values.append(twin.tape(seen[None]).neuron("mixed", 0, "max")[0][0])
    wanted = [by_definition(shown[:, cell], np.array(values)) for cell in range(4)]
    np.testing.assert_allclose(dependences(shown, np.array(values)), wanted, rtol=0, atol=1e-12)
    neuron = Neuron("mixed", 0, "max")
    explanation = explain(network, PICTURE, "hsic", neuron, seed=9, grid=2, samples=23)
    np.testing.assert_allclose(explanation.attribution.ravel(), wanted, rtol=2e-3, atol=1e-5)


def test_an_interaction_without_any_mean_is_seen() -> None:
    """The value is whether two cells agree: neither alone moves its mean, a third does nothing."""
    shown = RNG.random((1500, 3)) < 0.5
    agree = (shown[:, 0] == shown[:, 1]) * 1.0
    noise = RNG.normal(0, 1, 1500)
    both = dependences(np.stack([agree > 0, shown[:, 2]], 1), agree + 0.1 * noise)
    assert both[0] > 50 * both[1]
    spread = np.where(shown[:, 0], 3.0, 0.3) * noise  # its spread and not its mean depends on it
    dependence = dependences(shown, spread)
    assert dependence[0] > 10 * max(dependence[1:])


def test_what_chance_leaves_is_what_the_note_says() -> None:
    values = RNG.normal(0, 2, 200)
    free = [dependences(RNG.random((200, 30)) < 0.5, values).mean() for _ in range(5)]
    assert np.mean(free) == pytest.approx(chance_level(values), rel=0.15)


def test_a_linear_neuron_depends_on_the_cells_that_it_reads() -> None:
    import keras

    flat = keras.layers.Flatten(), keras.layers.Dense(1, use_bias=False)
    network = Network(keras.Sequential([keras.Input((6, 8, 1)), *flat]))
    reads = np.zeros((6, 8, 1), np.float32)
    reads[:3, :4], reads[3:, 4:] = 1, -2
    network.model.set_weights([reads.reshape(-1, 1)])
    picture = np.ones((6, 8, 1), np.float32)
    explanation = explain(network, picture, "hsic", 0, grid=2, samples=400, colour="black")
    (one, none), (other, two) = explanation.attribution[..., 0]
    chance = explanation.details["chance"]
    assert two > one > 10 * chance and max(none, other) < 6 * chance


def test_what_covering_does_not_change_gets_exactly_nothing(twins: Any) -> None:
    network = twins("residual")[1]
    half = np.full(SHAPE, 128, np.float32)
    half[6:] = PICTURE[6:]
    explanation = explain(network, half, "hsic", 1, grid=3, samples=30)
    np.testing.assert_array_equal(explanation.attribution[:2], 0)
    assert explanation.attribution[2].all()
    grey = explain(network, np.full(SHAPE, 128, np.float32), "hsic", 1, samples=30)
    np.testing.assert_array_equal(grey.attribution, 0)
    assert any("covering it changes nothing" in note for note in grey.notes)
