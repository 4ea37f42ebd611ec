"""LayerCAM against its equations with derivatives taken by finite differences on the tape."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracles.nets import SHAPE

from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.engine.explain import explain

PIXELS = np.random.default_rng(53).normal(0, 1.5, SHAPE).astype(np.float32)


def by_hand(twin: Any, layer: str, neuron: Neuron, step: float = 1e-6) -> np.ndarray:
    """The sum over the maps, before the ReLU, one place of one map after the other."""
    maps = twin.tape(PIXELS[None]).values[layer].array
    total = np.zeros(maps.shape[1:3])
    for row, column, k in np.ndindex(maps.shape[1:]):
        values = []
        for by in (step, -step):
            moved = maps.copy()
            moved[0, row, column, k] += by
            tape = twin.tape(PIXELS[None], {layer: moved})
            values.append(
                tape.neuron(neuron.layer, neuron.unit, neuron.aggregate, neuron.position)[0][0]
            )
        slope = (values[0] - values[1]) / (2 * step)
        if slope > 0:
            total[row, column] += slope * maps[0, row, column, k]
    return total


@pytest.mark.parametrize(
    ("name", "layer", "neuron"),
    [
        ("fused", "c2", Neuron(None, 1)),
        ("relu_layers", "r2", Neuron(None, 2)),
        ("relu_layers", "c1", Neuron("c2", 0, "mean")),  # maps of both signs
        ("separable", "r1", Neuron(None, 0)),
    ],
)
def test_the_map(twins: Any, name: str, layer: str, neuron: Neuron) -> None:
    twin, network = twins(name)
    explanation = explain(network, PIXELS, method="layer_cam", neuron=neuron, layer=layer)
    wanted = by_hand(twin, layer, neuron)
    scale = np.abs(wanted).max()
    assert scale > 0
    np.testing.assert_allclose(
        explanation.attribution[..., 0], np.maximum(wanted, 0), rtol=2e-3, atol=1e-4 * scale
    )
    np.testing.assert_allclose(
        explanation.details["before_relu"], wanted, rtol=2e-3, atol=1e-4 * scale
    )


def test_both_signs_of_maps_above_zero_are_gradient_times_activation(twins: Any) -> None:
    twin, network = twins("branched")
    explanation = explain(network, PIXELS, method="layer_cam", neuron=4, sign="both")
    tape = twin.tape(PIXELS[None])
    slope = tape.gradient(tape.neuron(None, 4)[1], "gradient", None, "mixed")[0][0]
    wanted = (slope * tape.values["mixed"].array[0]).sum(-1)
    assert wanted.min() < 0 < wanted.max()
    np.testing.assert_allclose(explanation.attribution[..., 0], wanted, rtol=1e-3, atol=1e-5)
