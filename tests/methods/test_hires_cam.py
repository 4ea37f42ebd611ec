"""HiResCAM against the tape, and where it adds up to the neuron."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracles.nets import SHAPE

from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.engine.explain import explain

PIXELS = np.random.default_rng(53).normal(0, 1.5, SHAPE).astype(np.float32)


@pytest.mark.parametrize(
    ("name", "layer", "neuron"),
    [
        ("branched", "mixed", Neuron(None, 4)),
        ("relu_layers", "c1", Neuron("c2", 0, "mean")),
        ("nested_twice", "body", Neuron(None, 1)),
    ],
)
def test_equals_the_tape(twins: Any, name: str, layer: str, neuron: Neuron) -> None:
    twin, network = twins(name)
    tape = twin.tape(PIXELS[None])
    _, seed = tape.neuron(neuron.layer, neuron.unit, neuron.aggregate)
    slope = tape.gradient(seed, "gradient", neuron.layer, layer)[0][0]
    maps = tape.values[layer].array[0]
    wanted = np.zeros(maps.shape[:2])
    for row, column, k in np.ndindex(maps.shape):
        wanted[row, column] += slope[row, column, k] * maps[row, column, k]
    explanation = explain(network, PIXELS, "hires_cam", neuron, layer=layer)
    scale = np.abs(wanted).max()
    assert scale > 0
    np.testing.assert_allclose(
        explanation.details["before_relu"], wanted, rtol=1e-3, atol=1e-5 * scale
    )
    np.testing.assert_allclose(
        explanation.attribution[..., 0], np.maximum(wanted, 0), rtol=1e-3, atol=1e-5 * scale
    )


def test_adds_up_to_the_neuron_where_one_dense_layer_follows(twins: Any) -> None:
    twin, network = twins("branched")  # a max-pooling of the maps, then the dense layer
    explanation = explain(network, PIXELS, "hires_cam", 4, layer="mixed")
    bias = twin.weights["d"][1][4]
    assert explanation.details["before_relu"].sum() == pytest.approx(
        explanation.value - bias, rel=1e-4
    )
