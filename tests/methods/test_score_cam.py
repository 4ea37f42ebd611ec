"""Score-CAM against the paper's steps, one map at a time, on a NumPy twin."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracles.nets import SHAPE
from oracles.resampling import bilinear

from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.engine.explain import explain

RNG = np.random.default_rng(37)
PIXELS = RNG.normal(0, 1.5, SHAPE).astype(np.float32)


def by_hand(twin: Any, layer: str, neuron: Neuron, most: int = 0) -> np.ndarray:
    """The weighted maps; a map counts by the neuron's value on the input seen through it."""
    maps = twin.tape(PIXELS[None]).values[layer].array[0]
    varied = sorted(range(maps.shape[-1]), key=lambda k: -maps[..., k].var())
    answers = {}
    for k in varied[: most or len(varied)]:
        if maps[..., k].max() == maps[..., k].min():
            continue
        large = bilinear(maps[..., k], *SHAPE[:2])
        mask = (large - large.min()) / (large.max() - large.min())
        tape = twin.tape((PIXELS * mask[..., None])[None])
        answers[k] = tape.neuron(neuron.layer, neuron.unit, neuron.aggregate, neuron.position)[0][0]
    total = sum(np.exp(a - max(answers.values())) for a in answers.values())
    weighed = [np.exp(a - max(answers.values())) / total * maps[..., k] for k, a in answers.items()]
    return np.maximum(sum(weighed), 0)


@pytest.mark.parametrize(
    ("name", "layer", "neuron", "most"),
    [
        ("fused", "c2", Neuron(None, 1), 0),
        ("relu_layers", "r2", Neuron(None, 2), 0),
        ("relu_layers", "r2", Neuron(None, 2), 2),
        ("separable", "r2", Neuron(None, 0), 0),
    ],
)
def test_the_map(twins: Any, name: str, layer: str, neuron: Neuron, most: int) -> None:
    twin, network = twins(name)
    explanation = explain(network, PIXELS, method="score_cam", neuron=neuron, channels=most)
    assert explanation.layer == layer
    wanted = by_hand(twin, layer, neuron, most)
    np.testing.assert_allclose(explanation.attribution[..., 0], wanted, rtol=1e-3, atol=1e-5)


def test_a_map_that_does_not_vary_gets_no_weight(twins: Any) -> None:
    black = np.zeros(SHAPE, np.float32)
    explanation = explain(twins("fused")[1], black, method="score_cam", neuron=1)
    assert np.isfinite(explanation.attribution).all()
