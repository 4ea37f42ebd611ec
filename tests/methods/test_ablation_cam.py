"""Ablation-CAM against the tape with one map at a time put to zero."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracles.nets import SHAPE
from oracles.vit import vit

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.engine.explain import explain

PIXELS = np.random.default_rng(53).normal(0, 1.5, SHAPE).astype(np.float32)


@pytest.mark.parametrize(
    ("name", "layer", "neuron"),
    [
        ("branched", "mixed", Neuron(None, 4)),
        ("fused", "c2", Neuron(None, 1)),
        ("residual", "r2", Neuron("c3", 1, "mean")),
        ("nested_twice", "body/c1", Neuron("body/core/c2", 2, "max")),
    ],
)
def test_equals_the_tape(twins: Any, name: str, layer: str, neuron: Neuron) -> None:
    twin, network = twins(name)
    clean = twin.tape(PIXELS[None])
    maps = clean.values[layer].array
    value = clean.neuron(neuron.layer, neuron.unit, neuron.aggregate)[0][0]
    total = np.zeros(maps.shape[1:3])
    for k in range(maps.shape[-1]):
        without = maps.copy()
        without[..., k] = 0
        tape = twin.tape(PIXELS[None], {layer: without})
        total += (value - tape.neuron(neuron.layer, neuron.unit, neuron.aggregate)[0][0]) * maps[
            0, ..., k
        ]
    wanted = np.maximum(total, 0)
    explanation = explain(network, PIXELS, "ablation_cam", neuron, layer=layer)
    scale = np.abs(total).max()
    assert scale > 0
    np.testing.assert_allclose(
        explanation.attribution[..., 0], wanted, rtol=1e-3, atol=1e-5 * scale
    )
    assert explanation.layer == layer and explanation.value == pytest.approx(value, rel=1e-4)


def test_tokens_are_left_out_by_unit() -> None:
    """A unit of all tokens, the class token's too, is set to zero; only patches are laid out."""
    network = Network(vit((12, 20, 3), class_token=True))
    pixels = np.random.default_rng(3).normal(0, 1, (12, 20, 3)).astype(np.float32)
    explanation = explain(network, pixels, "ablation_cam", 2)
    assert explanation.attribution.shape == (3, 4, 1) and explanation.attribution.any()
    assert "3 × 4 patches" in explanation.notes[0]
