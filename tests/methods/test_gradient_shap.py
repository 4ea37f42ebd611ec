"""Gradient SHAP against sums on the tape with the same draws, and what is known on paper."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracles.nets import SHAPE

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.engine.explain import explain

PICTURE = np.random.default_rng(5).normal(20, 60, SHAPE).astype(np.float32)


@pytest.mark.parametrize(
    ("name", "neuron", "noise"),
    [
        ("fused", Neuron(None, 4), 0.0),
        ("residual", Neuron("a2", 5, "mean"), 0.2),
        ("branched", Neuron("mixed", 6, position=(2, 1)), 0.0),
    ],
)
def test_equals_the_mean_on_the_tape(twins: Any, name: str, neuron: Neuron, noise: float) -> None:
    twin, network = twins(name)
    rng, samples = np.random.default_rng(11), 5
    sigma = noise * float(PICTURE.max() - PICTURE.min())
    total = np.zeros(SHAPE)
    for _ in range(samples):
        start, place = float(rng.integers(256)), rng.uniform()
        end = PICTURE.astype(np.float64)
        if sigma:
            end = end + sigma * rng.standard_normal(SHAPE, np.float32)
        tape = twin.tape((start + place * (end - start))[None])
        _, seed = tape.neuron(neuron.layer, neuron.unit, neuron.aggregate, neuron.position)
        slopes = tape.gradient(seed, "gradient", neuron.layer, None)[0][0]
        total += slopes * (end - start) / samples
    explanation = explain(
        network, PICTURE, "gradient_shap", neuron, seed=11, samples=samples, noise=noise
    )
    scale = np.abs(total).max()
    assert scale > 0
    np.testing.assert_allclose(explanation.attribution, total, rtol=1e-3, atol=1e-4 * scale)
    np.testing.assert_allclose(
        explanation.heatmap(), np.abs(explanation.attribution).sum(-1), rtol=1e-6
    )


def test_a_linear_neuron_is_known_on_paper() -> None:
    """Its attribution is w · (x - the mean blank picture), and adds up without an error."""
    import keras

    flat, dense = keras.layers.Flatten(), keras.layers.Dense(2)
    model = keras.Sequential([keras.Input((5, 4, 3)), flat, dense])
    weights = np.random.default_rng(1).normal(0, 0.1, (60, 2))
    dense.set_weights([weights, np.array([0.5, -3])])
    picture = np.random.default_rng(2).uniform(0, 255, (5, 4, 3)).astype(np.float32)
    explanation = explain(Network(model), picture, "gradient_shap", 1, samples=300, seed=4)
    rng = np.random.default_rng(4)
    levels = []
    for _ in range(300):
        levels.append(rng.integers(256))
        rng.uniform()
    expected = weights[:, 1].reshape(5, 4, 3) * (picture.astype(np.float64) - np.mean(levels))
    np.testing.assert_allclose(explanation.attribution, expected, rtol=1e-4, atol=1e-4)
    assert 110 < np.mean(levels) < 145
    change = explanation.value - explanation.details["baseline_value"]
    assert explanation.details["sum"] == pytest.approx(change, rel=1e-4)


def test_its_mean_is_that_of_integrated_gradients_over_the_blank_pictures(twins: Any) -> None:
    """Squares: the expectation over the way is known, 2 b (x - b) + (x - b)²; so is its sum."""
    import keras

    inputs = keras.Input((3, 4, 1))
    model = keras.Model(inputs, keras.layers.Flatten()(inputs * inputs))
    picture = np.full((3, 4, 1), 100, np.float32)
    explanation = explain(Network(model), picture, "gradient_shap", 7, samples=2000, seed=0)
    levels = np.arange(256.0)
    expected = np.mean(100**2 - levels**2)
    spread = np.std((100 - levels) * 100) * 2 / np.sqrt(2000)
    assert explanation.attribution is not None
    assert explanation.attribution[1, 3, 0] == pytest.approx(expected, abs=6 * spread)
    assert np.count_nonzero(explanation.attribution) == 1
