"""Stored answers of Captum on PyTorch (`oracles/make_captum.py`), on the same weights.

Where the two differ the published rule decides; there is one such place, ReLU6:
Captum replaces the backward pass of `torch.nn.ReLU` modules only, and ReLU6 is none, so under the
names of DeconvNet and guided backpropagation it returns the plain gradient. Springenberg et al.
2015 let a gradient pass where the unit's activation let the signal pass and the gradient is
positive; a ReLU6 lets the signal pass between 0 and 6. The NumPy tape computes that.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from oracles.tape import (
    Value,
    backward,
    convolution,
    dense,
    global_average,
    max_pool,
    relu,
)

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.engine.explain import explain
from cnnvis_widgets.methods import all_methods

STORED = np.load(Path(__file__).parents[1] / "oracles" / "captum.npz")
METHODS = ("saliency", "deconvnet", "guided_backprop", "grad_cam", "guided_grad_cam")


def weights(gate: str) -> list[np.ndarray]:
    kinds = [(n, kind) for n in (0, 3, 5, 9) for kind in ("kernel", "bias")]
    return [STORED[f"{gate} {kind} {n}"] for n, kind in kinds]


@pytest.fixture(scope="module")
def networks() -> dict[str, Network]:
    import keras

    made = {}
    for gate, top in (("relu", None), ("relu6", 6.0)):
        layers = keras.layers
        model = keras.Sequential(
            [
                keras.Input((19, 15, 3)),
                layers.Conv2D(6, 3, padding="same"),
                layers.ReLU(top),
                layers.MaxPooling2D(2),
                layers.Conv2D(8, (3, 2)),
                layers.ReLU(top),
                layers.Conv2D(10, 3),
                layers.ReLU(top, name="last"),
                layers.GlobalAveragePooling2D(),
                layers.Dense(5),
            ]
        )
        model.set_weights(weights(gate))
        made[gate] = Network(model)
    return made


@pytest.mark.parametrize("gate", ["relu", "relu6"])
def test_the_networks_are_the_same(networks: dict[str, Network], gate: str) -> None:
    logits = networks[gate].outputs(STORED["pixels"])[0]
    np.testing.assert_allclose(logits, STORED[f"{gate} logits"], rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("unit", [0, 3])
@pytest.mark.parametrize("method", METHODS)
def test_relu_networks(networks: dict[str, Network], method: str, unit: int) -> None:
    expected = STORED[f"relu {method} {unit}"]
    for pixels, wanted in zip(STORED["pixels"], expected, strict=True):
        explanation = explain(networks["relu"], pixels, method=method, neuron=unit)
        scale = np.abs(wanted).max()
        assert explanation.attribution is not None
        np.testing.assert_allclose(explanation.attribution, wanted, rtol=1e-3, atol=1e-5 * scale)
        assert (explanation.layer == "last") == ("cam" in method)


@pytest.mark.parametrize("gate", ["relu", "relu6"])
@pytest.mark.parametrize(
    ("method", "options"),
    [
        ("integrated_gradients", {"steps": 6}),
        ("occlusion", {"patch": 3, "stride": 2, "colour": "black"}),
        ("smoothgrad", {"samples": 4, "noise": 0.3, "seed": 7}),
    ],
)
def test_methods_of_many_passes(
    networks: dict[str, Network], method: str, options: dict[str, Any], gate: str
) -> None:
    """The midpoint rule, patches that fit evenly, and the same noise."""
    for unit in (0, 3):
        expected = STORED[f"{gate} {method} {unit}"]
        for pixels, wanted in zip(STORED["pixels"], expected, strict=True):
            explanation = explain(networks[gate], pixels, method=method, neuron=unit, **options)
            scale = np.abs(wanted).max()
            np.testing.assert_allclose(
                explanation.attribution, wanted, rtol=1e-3, atol=2e-5 * scale
            )


@pytest.mark.parametrize("unit", [0, 3])
@pytest.mark.parametrize("method", ["saliency", "grad_cam"])
def test_relu6_networks(networks: dict[str, Network], method: str, unit: int) -> None:
    expected = STORED[f"relu6 {method} {unit}"]
    for pixels, wanted in zip(STORED["pixels"], expected, strict=True):
        attribution = explain(networks["relu6"], pixels, method=method, neuron=unit).attribution
        np.testing.assert_allclose(attribution, wanted, rtol=1e-3, atol=1e-5 * np.abs(wanted).max())


@pytest.mark.parametrize("unit", [0, 3])
@pytest.mark.parametrize(
    ("method", "rule"), [("deconvnet", "deconvnet"), ("guided_backprop", "guided")]
)
def test_relu6_is_a_relu_here_and_none_there(
    networks: dict[str, Network], method: str, rule: str, unit: int
) -> None:
    theirs = STORED[f"relu6 {method} {unit}"]
    np.testing.assert_array_equal(theirs, STORED[f"relu6 saliency {unit}"])  # the plain gradient
    first, b1, second, b2, third, b3, last, b4 = weights("relu6")
    pixels = Value(STORED["pixels"])
    before = convolution(pixels, first, b1)
    assert (before.array > 6).mean() > 0.02  # saturated somewhere
    x = max_pool(relu(before, 6), 2, 2)
    x = relu(convolution(x, second, b2, padding="valid"), 6)
    x = relu(convolution(x, third, b3, padding="valid"), 6)
    seed = np.eye(5)[unit]
    wanted = backward(dense(global_average(x), last, b4), seed, rule, pixels)[0]
    network = networks["relu6"]
    for n in range(2):
        ours = explain(network, STORED["pixels"][n], method=method, neuron=unit).attribution
        scale = np.abs(wanted[n]).max()
        np.testing.assert_allclose(ours, wanted[n], rtol=1e-3, atol=1e-5 * scale)
        assert np.abs(ours - theirs[n]).max() > 0.1 * scale


def test_the_heatmaps_are_what_the_papers_draw(networks: dict[str, Network]) -> None:
    network, pixels = networks["relu"], STORED["pixels"][1]
    for method in ("saliency", "deconvnet", "guided_backprop", "guided_grad_cam"):
        explanation: Any = explain(network, pixels, method=method, neuron=Neuron(None, 3))
        raw = STORED[f"relu {method} 3"][1]
        wanted = np.array([[max(abs(v) for v in place) for place in row] for row in raw])
        np.testing.assert_allclose(explanation.heatmap(), wanted, rtol=1e-3, atol=1e-7)
    assert set(METHODS) <= set(all_methods())
