"""A network that learns, without a browser: what it starts from, what the page may tell."""

from __future__ import annotations

import numpy as np
import pytest

from cnnvis_widgets.course.models.small_network import SmallNetwork
from cnnvis_widgets.course.models.toy_data import plane_points
from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.widgets import DecisionBoundary


def tell(widget, **content):
    """As if the page had sent a message."""
    widget._handle_custom_msg({"key": widget._start["key"], **content}, [])


def test_it_starts_with_the_small_network_s_first_weights():
    widget = DecisionBoundary(data="ring", hidden=[4, 3], activation="relu", seed=7)
    wanted = SmallNetwork((2, 4, 3, 1), "relu", 7)
    assert (widget.network.parameters == wanted.parameters).all()
    assert widget._start["sizes"] == [2, 4, 3, 1]
    assert widget._start["points"] == plane_points("ring").tolist()
    assert widget._start["history"] == [[0, widget.loss]]
    assert widget.steps == 0


def test_training_here_is_gradient_descent():
    widget = DecisionBoundary(data="xor", hidden=[3], rate=0.5)
    wanted, points = SmallNetwork((2, 3, 1), "tanh"), plane_points("xor")
    wanted.train(points[:, :2], points[:, 2], 250, 0.5)
    before = widget._start["key"]
    widget.train(50)
    widget.train(200)
    np.testing.assert_allclose(widget.network.parameters, wanted.parameters, rtol=1e-12)
    assert widget.steps == widget._start["steps"] == widget._start["history"][-1][0] == 250
    assert widget._start["key"] > before
    assert widget.loss == widget._start["history"][-1][1]
    assert widget.right == 100
    widget.reset()
    assert widget.steps == 0
    assert (widget.network.parameters == SmallNetwork((2, 3, 1), "tanh").parameters).all()


@pytest.mark.parametrize(
    "change",
    [{"data": "moons"}, {"hidden": []}, {"activation": "relu"}, {"seed": 3}, {"deviation": 0.0}],
)
def test_another_network_or_task_begins_anew(change):
    widget = DecisionBoundary()
    widget.train(5)
    before = widget._start["key"]
    [(name, value)] = change.items()
    setattr(widget, name, value)
    assert widget.steps == 0
    assert widget._start["key"] > before
    assert widget.network.sizes == (2, *widget.hidden, 1)


def test_a_change_of_rate_does_not():
    widget = DecisionBoundary()
    widget.train(5)
    widget.rate = 1.0
    assert widget.steps == 5


def test_what_the_page_tells_is_taken_for_this_network_alone():
    widget = DecisionBoundary(hidden=[2])
    new = np.arange(9.0) / 10
    tell(widget, steps=12, parameters=new.tolist())
    assert widget.steps == 12
    assert (widget.network.parameters == new).all()
    tell(widget, key=widget._start["key"] - 1, steps=99, parameters=new.tolist())
    assert widget.steps == 12
    for wrong in (
        {"steps": 13, "parameters": [1.0]},
        {"steps": 13, "parameters": [None] * 9},
        {"steps": 13, "parameters": "none"},
        {"steps": -1, "parameters": new.tolist()},
        {"steps": 1.5, "parameters": new.tolist()},
        {},
    ):
        widget.error = ""
        tell(widget, **wrong)
        assert widget.error
        assert widget.steps == 12
    widget._handle_custom_msg("nonsense", [])


def test_points_of_one_s_own():
    own = [(-0.5, 0, 0), (0.5, 0, 1), (0.25, -1, 1)]
    widget = DecisionBoundary(own, hidden=[])
    assert widget.data == "own"
    assert widget.points.tolist() == [[-0.5, 0, 0], [0.5, 0, 1], [0.25, -1, 1]]
    widget.train(300)
    assert widget.right == 3
    widget.data = "moons"
    assert len(widget.points) == 100
    with pytest.raises(UnknownNameError, match="There are: clouds"):
        DecisionBoundary(data="own")


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({"data": "circle"}, UnknownNameError, "ring"),
        ({"hidden": [3, 3, 3, 3]}, InvalidValueError, "up to 3"),
        ({"hidden": [0]}, InvalidValueError, "1 to 32"),
        ({"hidden": 3}, InvalidValueError, "1 to 32"),
        ({"activation": "step"}, UnknownNameError, "relu6"),
        ({"rate": 0}, InvalidValueError, "0.001 to 10"),
        ({"seed": 1.5}, InvalidValueError, "whole number"),
        ({"deviation": -1}, InvalidValueError, "deviation"),
        ({"points": [(0, 0)]}, InvalidValueError, "x, y, class"),
        ({"points": [(0, 2, 1)]}, InvalidValueError, "from -1 to 1"),
        ({"points": [(0, 0, 2)]}, InvalidValueError, "0 or 1"),
        ({"points": 5}, InvalidValueError, "x, y, class"),
        ({"layers": 5}, UnknownNameError, "hidden"),
    ],
)
def test_what_is_refused(given, error, says):
    with pytest.raises(error, match=says):
        DecisionBoundary(**given)


def test_steps_are_counted_and_limited():
    widget = DecisionBoundary()
    for wrong in (-1, 2.5, 10**6, True):
        with pytest.raises(InvalidValueError, match="steps"):
            widget.train(wrong)


def test_a_refused_choice_of_the_page_is_said_and_put_back():
    widget = DecisionBoundary(hidden=[3])
    widget.set_state({"hidden": [99]})
    assert widget.hidden == [3]
    assert "1 to 32" in widget.error
