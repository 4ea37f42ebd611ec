"""The three rules without a browser: against loops, against the real backward pass, refusals."""

from __future__ import annotations

import keras
import numpy as np
import pytest

from cnnvis_widgets.backend.network import Network
from cnnvis_widgets.backend.passes import INPUT, Pass
from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.widgets import ReluGates

VALUES = np.array([[1.5, -2, 7, 0], [-1, 6, 3, 0.5], [2, -3, -4, 8]])
GRADIENT = np.array([[-1, 2, 3, 4], [0, 5, -6, 7], [-0.5, -8, 9, -1]], float)


def by_loops(gate: str, rule: str) -> np.ndarray:
    top = {"relu": np.inf, "relu6": 6}[gate]
    passed = np.zeros(VALUES.shape)
    for cell in np.ndindex(*VALUES.shape):
        value, gradient = VALUES[cell], GRADIENT[cell]
        shut = value <= 0 or value >= top
        if rule != "gradient" and gradient < 0:
            continue
        if rule != "deconvnet" and shut:
            continue
        passed[cell] = gradient
    return passed


@pytest.mark.parametrize("rule", ["gradient", "deconvnet", "guided"])
@pytest.mark.parametrize("gate", ["relu", "relu6"])
def test_the_rules_are_those_of_the_loops_and_of_the_real_backward_pass(gate, rule):
    widget = ReluGates(VALUES, GRADIENT, gate=gate)
    np.testing.assert_array_equal(widget.result(rule), by_loops(gate, rule))

    inputs = keras.Input((3, 4, 1))
    opened = keras.layers.ReLU(max_value=6 if gate == "relu6" else None)(inputs)
    dense = keras.layers.Dense(1, use_bias=False)
    model = keras.Model(inputs, dense(keras.layers.Flatten()(opened)))
    dense.set_weights([GRADIENT.reshape(-1, 1)])
    network = Network(model)
    batch = VALUES.astype(np.float32).reshape(1, 3, 4, 1)
    backward = network.backward(batch, network.neuron(0), Pass(INPUT, rule))
    np.testing.assert_allclose(backward.gradients[0][0, :, :, 0], widget.result(rule), atol=1e-6)


def test_what_goes_up_is_clipped_where_the_gate_says():
    widget = ReluGates(VALUES, GRADIENT)
    np.testing.assert_array_equal(widget.forward()[0], [1.5, 0, 7, 0])
    widget.gate = "relu6"
    np.testing.assert_array_equal(widget.forward(), [[1.5, 0, 6, 0], [0, 6, 3, 0.5], [2, 0, 0, 6]])


def test_what_is_typed_arrives_as_a_table():
    widget = ReluGates(VALUES, GRADIENT)
    typed = VALUES.tolist()
    typed[0][1] = 2.5
    widget.set_state({"values": typed})
    assert widget.result("guided")[0, 1] == 2


@pytest.mark.parametrize("name", ["values", "gradient"])
@pytest.mark.parametrize(
    ("table", "message"),
    [
        (VALUES.T, "3 × 4.*got 4 × 3"),
        (VALUES[0], r"\(4,\)"),
        ([[1, 2], [3]], "table of numbers"),
        ([["a"]], "table of numbers"),
        (np.full((3, 4), np.nan), "finite"),
        (np.zeros((3, 13)), r"1 to 12.*\(3, 13\)"),
        (None, "None"),
    ],
)
def test_tables_that_do_not_fit_are_refused(name, table, message):
    widget = ReluGates(VALUES, GRADIENT)
    with pytest.raises(InvalidValueError, match=message):
        setattr(widget, name, table)
    assert np.array_equal(getattr(widget, name), VALUES if name == "values" else GRADIENT)


def test_other_refusals():
    widget = ReluGates(VALUES, GRADIENT)
    with pytest.raises(UnknownNameError, match="relu, relu6"):
        widget.gate = "elu"
    with pytest.raises(UnknownNameError, match="guided"):
        widget.result("guidd")
    with pytest.raises(InvalidValueError, match="3 × 4"):
        ReluGates(VALUES, GRADIENT[:2])
    with pytest.raises(UnknownNameError, match="gats"):
        ReluGates(VALUES, GRADIENT, gats="relu")
