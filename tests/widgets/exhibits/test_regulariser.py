"""The regulariser without a browser: it trains as `train` does, and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from cnnvis_widgets.course.models.mlp_training import train
from cnnvis_widgets.course.models.optimizers import Optimizer
from cnnvis_widgets.course.models.small_network import SmallNetwork
from cnnvis_widgets.course.models.toy_data import scattered_points
from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.widgets import Regulariser

SMALL = {"units": 6, "epochs": 30}


def test_it_trains_as_school_does():
    widget = Regulariser(**SMALL, l2=0.003, dropout=0.2, batch=8, optimizer="momentum", rate=0.05)
    points = scattered_points("moons", 40)
    other = SmallNetwork((2, 6, 6, 1), "relu", 0)
    done = train(
        other,
        (points[:, :2], points[:, 2]),
        optimizer=Optimizer("momentum", 0.05),
        epochs=30,
        batch=8,
        l2=0.003,
        dropout=0.2,
    )
    assert done.steps == widget.history.steps == 150
    np.testing.assert_allclose(widget.network.parameters, other.parameters, rtol=1e-12)
    assert widget._result["training"][-1] == pytest.approx(done.training[-1], rel=1e-4)
    assert widget.right["training"] == (other.classes(points[:, :2]) == points[:, 2]).mean()
    plane = np.array(widget._result["plane"]).reshape(48, 48)
    corner = other.probabilities([[1 - 1 / 48, 1 - 1 / 48]])[0]  # above on the right
    assert plane[0, -1] == pytest.approx(corner, abs=6e-4)


def test_each_setting_trains_anew():
    widget = Regulariser(**SMALL)
    changes = {"l1": 0.01, "l2": 0.01, "dropout": 0.5, "batch": 4, "optimizer": "SGD", "rate": 0.1}
    for name, value in {**changes, "seed": 1, "epochs": 40, "units": 5}.items():
        before = widget._result
        setattr(widget, name, value)
        assert widget._result != before, name
    assert widget._result["steps"] == 400
    assert not widget.busy


def test_without_a_charge_it_learns_by_heart():
    """The lesson's claim, over four first weights."""
    free, penalized = [], []
    for seed in range(4):
        free.append(Regulariser(seed=seed)._result)
        penalized.append(Regulariser(seed=seed, l2=0.003)._result)
    assert max(r["training"][-1] for r in free) < 0.02
    assert min(r["validation"][-1] for r in free) > 2 * max(r["validation"][-1] for r in penalized)


def test_own_points_and_what_runs_away():
    own = [(-0.5, 0, 0), (0.5, 0, 1), (0.25, -1, 1)]
    widget = Regulariser(own, own[:2], **SMALL)
    assert widget.batch == 3
    assert widget.right["validation"] == 1
    wild = Regulariser(optimizer="momentum", rate=3.0, l2=0.1, epochs=300)
    json.dumps([wild._result, wild._points], allow_nan=False)
    assert wild.history.away == wild._result["away"]


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({"l1": -1}, InvalidValueError, "l1 is a number from 0 to 0.1"),
        ({"l2": 1}, InvalidValueError, "0 to 0.1"),
        ({"dropout": 1}, InvalidValueError, "0 to 0.9"),
        ({"batch": 41}, InvalidValueError, "1 to 40"),
        ({"batch": 0.5}, InvalidValueError, "1 to 40"),
        ({"optimizer": "adam"}, UnknownNameError, "Adam"),
        ({"rate": float("inf")}, InvalidValueError, "rate"),
        ({"epochs": 0}, InvalidValueError, "1 to 1000"),
        ({"units": 65}, InvalidValueError, "1 to 64"),
        ({"seed": True}, InvalidValueError, "seed"),
        ({"training": [(0, 0)]}, InvalidValueError, "x, y, class"),
        ({"validation": [(0, 2, 1)]}, InvalidValueError, "from -1 to 1"),
        ({"l3": 1}, UnknownNameError, "l2"),
    ],
)
def test_what_is_refused(given, error, says):
    with pytest.raises(error, match=says):
        Regulariser(**given)


def test_a_refused_choice_of_the_page_is_said_and_put_back():
    widget = Regulariser(**SMALL)
    widget.set_state({"batch": 99})
    assert widget.batch == 40
    assert "1 to 40" in widget.error
