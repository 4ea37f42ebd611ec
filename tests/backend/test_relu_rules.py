"""Saliency, DeconvNet and guided backpropagation against a NumPy backward pass of our own."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from oracles.nets import DESCRIPTIONS, SHAPE
from oracles.tape import RULES

from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.passes import INPUT, Pass

# A neuron inside each network; its ReLUs come before it.
HIDDEN = {
    "relu_layers": Neuron("r2", 0, "mean"),
    "fused": Neuron("c2", 4, position=(3, 2)),
    "relu6": Neuron("n3", 2, "max"),
    "clipped": Neuron("r2", 5),
    "every_form": Neuron("c4", 1, "max"),
    "nested_twice": Neuron("body/core/c2", 4, position=(8, 0)),
    "sequences": Neuron("outer/p", 2, "mean"),
    "shared": Neuron("twice#2/c3", 3),
    "residual": Neuron("a2", 5, "max"),
    "branched": Neuron("mixed", 6, "mean"),
    "separable": Neuron("s2", 0, position=(4, 3)),
}
BATCH = np.random.default_rng(11).normal(0, 1.5, (3, *SHAPE)).astype(np.float32)
PASSES = [Pass(INPUT, rule) for rule in RULES]


@pytest.mark.parametrize("name", DESCRIPTIONS)
@pytest.mark.parametrize("hidden", [False, True], ids=["class", "hidden"])
def test_rules_equal_the_tape(twins: Any, name: str, hidden: bool) -> None:
    twin, network = twins(name)
    neuron = HIDDEN[name] if hidden else Neuron(None, 2)
    tape = twin.tape(BATCH)
    value, seed = tape.neuron(neuron.layer, neuron.unit, neuron.aggregate, neuron.position)
    backward = network.backward(BATCH, neuron, *PASSES)

    np.testing.assert_allclose(backward.value, value, rtol=1e-4, atol=1e-4)
    expected = {rule: tape.gradient(seed, rule, neuron.layer, None)[0] for rule in RULES}
    for rule, gradient in zip(RULES, backward.gradients, strict=True):
        scale = np.abs(expected[rule]).max()
        assert scale > 0, f"{rule}: this neuron says nothing"
        np.testing.assert_allclose(
            gradient, expected[rule], rtol=1e-3, atol=1e-5 * scale, err_msg=rule
        )
    if not hidden:  # and the three differ, on every picture
        for one, other in (
            ("gradient", "guided"),
            ("gradient", "deconvnet"),
            ("guided", "deconvnet"),
        ):
            apart = np.abs(expected[one] - expected[other]).max(axis=(1, 2, 3))
            assert (apart > 0.02 * np.abs(expected[one]).max()).all(), (one, other)
    for rule in RULES:
        assert network.coverage(neuron, rule).complete, network.coverage(neuron, rule)


@pytest.mark.parametrize(("name", "top"), [("relu6", 6), ("clipped", 4)])
def test_the_clipped_networks_are_saturated(twins: Any, name: str, top: float) -> None:
    tape = twins(name)[0].tape(BATCH)
    assert tape.largest > top + 1
    clipped = tape.values["r1"].array
    assert 0.02 < (clipped == top).mean() < 0.9
    assert (clipped == 0).mean() > 0.02


@pytest.mark.parametrize("name", DESCRIPTIONS)
def test_every_layer_is_listed_and_answers_as_the_tape(twins: Any, name: str) -> None:
    twin, network = twins(name)
    tape = twin.tape(BATCH[:1])
    # A model inside the model only hands on its last layer's result, except where a keras.ops.relu
    # comes last: then the model itself stands for that result.
    containers = {"body/core", "body/relu", "outer", "outer/inner", "twice", "twice#2"}
    listed = {info.name: info for info in network.layers}
    assert set(listed) == set(tape.values) - containers
    if name != "branched":  # whose branches have no order among them
        assert list(listed) == [path for path in tape.values if path in listed]
    means = network.mean_activations(BATCH[0])
    assert list(means) == list(listed)
    for path, value in tape.values.items():
        if path in listed:
            assert listed[path].output_shape == value.array.shape[1:]
            assert listed[path].units == value.array.shape[-1]
            value = value.array[0].reshape(-1, value.array.shape[-1]).mean(axis=0)
            np.testing.assert_allclose(means[path], value, rtol=1e-4, atol=1e-4, err_msg=path)
    # One in full, and the containers, which can be asked for though they are not listed.
    for path in {list(tape.values)[-3], *containers} & set(tape.values) - {"body/relu"}:
        activations = network.activations(BATCH[0], path)
        assert activations.dtype == np.float32
        np.testing.assert_allclose(activations, tape.values[path].array[0], rtol=1e-4, atol=1e-4)
