"""Gradient × input against the tape, and what it adds up to where that is known."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracles.nets import SHAPE

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.engine.explain import explain

PIXELS = np.random.default_rng(59).normal(0, 1.5, SHAPE).astype(np.float32)


@pytest.mark.parametrize(
    ("name", "neuron"),
    [
        ("relu6", Neuron(None, 3)),
        ("branched", Neuron("mixed", 0, "max")),
        ("nested_twice", Neuron("body/core/c2", 2, position=(4, 1))),
    ],
)
def test_equals_the_tape(twins: Any, name: str, neuron: Neuron) -> None:
    twin, network = twins(name)
    tape = twin.tape(PIXELS[None])
    _, seed = tape.neuron(neuron.layer, neuron.unit, neuron.aggregate, neuron.position)
    slope = tape.gradient(seed, "gradient", neuron.layer, None)[0][0]
    wanted = np.zeros(SHAPE)
    for place in np.ndindex(SHAPE):
        wanted[place] = slope[place] * float(PIXELS[place])
    explanation = explain(network, PIXELS, method="gradient_input", neuron=neuron)
    scale = np.abs(wanted).max()
    assert scale > 0
    np.testing.assert_allclose(explanation.attribution, wanted, rtol=1e-3, atol=1e-5 * scale)
    heatmap = wanted[..., 0] + wanted[..., 1] + wanted[..., 2]
    assert heatmap.min() < 0 < heatmap.max()
    np.testing.assert_allclose(explanation.heatmap(), heatmap, rtol=1e-3, atol=1e-4 * scale)


def test_adds_up_to_the_value_of_a_network_without_biases() -> None:
    import keras

    layers = keras.layers
    model = keras.Sequential(
        [
            keras.Input(SHAPE),
            layers.Conv2D(5, (3, 2), activation="relu", use_bias=False),
            layers.MaxPooling2D(2),
            layers.Flatten(),
            layers.Dense(4, use_bias=False),
        ]
    )
    explanation = explain(Network(model), PIXELS, method="gradient_input", neuron=2)
    assert abs(explanation.value) > 1e-3
    assert explanation.attribution.sum(dtype=np.float64) == pytest.approx(
        explanation.value, rel=1e-4
    )
