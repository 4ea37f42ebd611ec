"""XGrad-CAM against its equation on the tape, and the demand that its weights meet."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracles.nets import SHAPE

from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.engine.explain import explain
from cnnvis_widgets.methods.xgrad_cam import XGradCam

PIXELS = np.random.default_rng(53).normal(0, 1.5, SHAPE).astype(np.float32)


@pytest.mark.parametrize(
    ("name", "layer", "neuron"),
    [
        ("branched", "mixed", Neuron(None, 4)),
        ("fused", "c2", Neuron(None, 1)),
        ("nested_twice", "body", Neuron(None, 1)),
    ],
)
def test_equals_the_tape(twins: Any, name: str, layer: str, neuron: Neuron) -> None:
    twin, network = twins(name)
    tape = twin.tape(PIXELS[None])
    slope = tape.gradient(tape.neuron(None, neuron.unit)[1], "gradient", None, layer)[0][0]
    maps = tape.values[layer].array[0]
    wanted = np.zeros(maps.shape[:2])
    for k in range(maps.shape[-1]):
        total, weight = maps[..., k].sum(), 0.0
        for place in np.ndindex(maps.shape[:2]):
            weight += maps[(*place, k)] / total * slope[(*place, k)] if total else 0
        wanted += weight * maps[..., k]
    explanation = explain(network, PIXELS, "xgrad_cam", neuron, layer=layer)
    scale = np.abs(wanted).max()
    assert scale > 0
    np.testing.assert_allclose(
        explanation.details["before_relu"], wanted, rtol=1e-3, atol=1e-5 * scale
    )
    np.testing.assert_allclose(
        explanation.attribution[..., 0], np.maximum(wanted, 0), rtol=1e-3, atol=1e-5 * scale
    )


def test_the_shares_add_up_to_the_value_but_for_the_bias(twins: Any) -> None:
    twin, network = twins("branched")
    explanation = explain(network, PIXELS, "xgrad_cam", 4, layer="mixed")
    bias = twin.weights["d"][1][4]
    assert explanation.details["before_relu"].sum() == pytest.approx(
        explanation.value - bias, rel=1e-4
    )


def test_a_map_that_adds_up_to_nothing_gets_no_weight() -> None:
    maps = np.float32([[[1.0, 0]], [[-1.0, 0]]])
    np.testing.assert_array_equal(XGradCam().weights(maps, np.ones_like(maps)), [0, 0])
