"""Grad-CAM++ against the paper's equations with derivatives taken by finite differences."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracles.nets import SHAPE

from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.engine.explain import explain
from cnnvis_widgets.methods.grad_cam_plus_plus import GradCamPlusPlus

RNG = np.random.default_rng(31)
PIXELS = RNG.normal(0, 1.5, SHAPE).astype(np.float32)


def by_hand(twin: Any, layer: str, neuron: Neuron, step: float = 2e-3) -> np.ndarray:
    """Equation 19 for each place of each map, Y = exp(a - a₀) moved up and down at that place."""
    maps = twin.tape(PIXELS[None]).values[layer].array
    start = None

    def score(place: tuple[int, ...], by: float) -> float:
        nonlocal start
        moved = maps.copy()
        moved[(0, *place)] += by
        tape = twin.tape(PIXELS[None], {layer: moved})
        a = tape.neuron(neuron.layer, neuron.unit, neuron.aggregate, neuron.position)[0][0]
        start = a if start is None else start
        return float(np.exp(a - start))

    weights = np.zeros(maps.shape[-1])
    for place in np.ndindex(maps.shape[1:]):
        y = {n: score(place, n * step) for n in (0, -2, -1, 1, 2)}
        first = (y[1] - y[-1]) / (2 * step)
        second = (y[1] - 2 * y[0] + y[-1]) / step**2
        third = (y[2] - 2 * y[1] + 2 * y[-1] - y[-2]) / (2 * step**3)
        below = 2 * second + maps[0, ..., place[-1]].sum() * third
        if abs(first) > 1e-9:
            weights[place[-1]] += second / below * max(first, 0)
    return np.maximum(maps[0] @ weights, 0)


@pytest.mark.parametrize(
    ("name", "layer", "neuron"),
    [
        ("fused", "c2", Neuron(None, 1)),
        ("relu_layers", "r2", Neuron(None, 2)),
    ],
)
def test_the_map(twins: Any, name: str, layer: str, neuron: Neuron) -> None:
    twin, network = twins(name)
    explanation = explain(network, PIXELS, method="grad_cam_plus_plus", neuron=neuron)
    assert explanation.layer == layer
    wanted = by_hand(twin, layer, neuron)
    np.testing.assert_allclose(
        explanation.attribution[..., 0], wanted, rtol=2e-3, atol=1e-4 * wanted.max()
    )


def test_no_derivative_gives_no_weight_and_no_nan() -> None:
    maps, none = np.ones((3, 2, 4), np.float32), np.zeros((3, 2, 4), np.float32)
    np.testing.assert_array_equal(GradCamPlusPlus().weights(maps, none), np.zeros(4))
