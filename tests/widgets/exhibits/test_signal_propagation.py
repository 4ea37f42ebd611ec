"""Sizes through many layers, without a browser: what is known on paper, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.widgets import SignalPropagation
from cnnvis_widgets.widgets.exhibits.signal_propagation import PRESETS


def curves(widget):
    """Powers of ten as numbers, zeros as -inf."""
    return {
        name: np.array([-np.inf if v is None else v for v in values])
        for name, values in widget._curves.items()
    }


def test_he_keeps_what_glorot_loses_with_relus():
    he = curves(SignalPropagation(activation="relu"))
    glorot = curves(SignalPropagation(activation="relu", deviation=0.1))
    for name, at in (("signal", -1), ("slope", 1)):
        assert abs(he[name][at]) < 0.5
        # half of the variance is lost in each of 20 layers
        assert glorot[name][at] == pytest.approx(-10 * np.log10(2), abs=0.6)
    assert len(he["signal"]) == 21


def test_sigmoids_let_the_gradient_vanish_and_batch_norm_helps():
    plain = SignalPropagation(activation="sigmoid", deviation=0.1)
    assert curves(plain)["slope"][1] < -10
    plain.normalised = True
    assert curves(plain)["slope"][1] > -4


def test_the_thesis_as_printed():
    mean, deviation = PRESETS["thesis, as printed"]
    assert mean == 1
    assert deviation**2 == pytest.approx(np.sqrt(2 / 100))
    relu = curves(SignalPropagation(mean=mean, deviation=deviation))
    assert np.diff(relu["signal"])[2:] == pytest.approx(2, abs=0.05)  # 100-fold each layer
    tanh = curves(SignalPropagation(mean=mean, deviation=deviation, activation="tanh"))
    assert tanh["slope"][1] == -np.inf


@pytest.mark.parametrize("activation", ["sigmoid", "tanh", "relu"])
@pytest.mark.parametrize("normalised", [False, True])
@pytest.mark.parametrize("deviation", [0.001, 1.0])
def test_nothing_that_json_cannot_hold_is_sent(activation, normalised, deviation):
    for mean in (0, 1):
        widget = SignalPropagation(
            activation=activation, normalised=normalised, deviation=deviation, mean=mean, depth=40
        )
        json.dumps(widget._curves, allow_nan=False)


def test_each_setting_counts():
    widget = SignalPropagation(depth=5)
    for name, value in {"depth": 6, "seed": 1, "mean": 0.1, "deviation": 0.3}.items():
        before = widget._curves
        setattr(widget, name, value)
        assert widget._curves != before
    assert len(widget._curves["signal"]) == 7


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({"activation": "relu6"}, UnknownNameError, "tanh"),
        ({"mean": 2}, InvalidValueError, "mean is a number from 0 to 1"),
        ({"deviation": 0}, InvalidValueError, "0.001 to 1"),
        ({"deviation": float("nan")}, InvalidValueError, "0.001 to 1"),
        ({"depth": 1}, InvalidValueError, "2 to 40"),
        ({"depth": 2.5}, InvalidValueError, "2 to 40"),
        ({"seed": -1}, InvalidValueError, "seed"),
        ({"width": 3}, UnknownNameError, "depth"),
    ],
)
def test_what_is_refused(given, error, says):
    with pytest.raises(error, match=says):
        SignalPropagation(**given)


def test_a_refused_choice_of_the_page_is_said_and_put_back():
    widget = SignalPropagation()
    widget.set_state({"depth": 99})
    assert widget.depth == 20
    assert "2 to 40" in widget.error
