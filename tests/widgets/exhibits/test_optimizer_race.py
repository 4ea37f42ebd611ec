"""The race without a browser: ways are the optimizers', and what is refused."""

from __future__ import annotations

import json

import numpy as np
import pytest

from cnnvis_widgets.course.models.loss_surfaces import SURFACES, surface
from cnnvis_widgets.course.models.optimizers import RULES
from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.widgets import OptimizerRace


def test_a_race_by_hand():
    race = OptimizerRace(start=(2, -1), rate=0.125, momentum=0.5, steps=2)
    assert list(race.paths) == ["SGD", "momentum", "RMSprop", "Adam"]
    # the slope at (x, y) is (x / 4, 5 y)
    first = [2 * (1 - 0.125 / 4), -1 * (1 - 0.625)]
    np.testing.assert_allclose(race.paths["SGD"][1], first)
    np.testing.assert_allclose(race.paths["SGD"][2], [first[0] * (1 - 0.125 / 4), -(0.375**2)])
    again = first[1] + 0.5 * (first[1] + 1) - 0.125 * 5 * first[1]
    assert race.paths["momentum"][2, 1] == pytest.approx(again)
    assert race.losses["SGD"][0] == pytest.approx(4 / 8 + 5 / 2)


def test_own_rates_decay_and_noise():
    race = OptimizerRace(rates=(0.1, 0.2, 0.01, 0.02), racers=["Adam", "SGD"], steps=30)
    assert list(race.paths) == ["SGD", "Adam"]
    step = np.abs(np.diff(race.paths["Adam"], axis=0))
    assert step[0] == pytest.approx([0.02, 0.02], rel=1e-4)
    plain = race.paths["SGD"]
    race.noise = 0.5
    noisy = race.paths["SGD"]
    assert (noisy[1:] != plain[1:]).all()
    assert (noisy == race.paths["SGD"]).all()
    race.noise, race.decay = 0, 0.1
    assert race.losses["SGD"][-1] > 0.99 * OptimizerRace(rate=0.1, steps=30).losses["SGD"][-1]


@pytest.mark.parametrize("name", SURFACES)
def test_a_new_surface_brings_its_start(name):
    race = OptimizerRace(steps=20)
    race.surface = name
    assert tuple(race.start) == surface(name).start
    assert race.steps == (20 if name == "narrow valley" else 0)
    assert tuple(OptimizerRace(surface=name).start) == surface(name).start


def test_nothing_that_json_cannot_hold_is_sent():
    race = OptimizerRace(rate=3.0, momentum=0.99, noise=3.0, steps=400, surface="banana")
    json.dumps(race.get_state(["start", "rates", "racers", "steps", "_facts"]), allow_nan=False)
    for path in race.paths.values():
        assert np.isfinite(path).all()
    assert all(np.isfinite(loss).all() for loss in race.losses.values())
    assert len(race.paths["SGD"]) < 20


@pytest.mark.parametrize(
    ("given", "error", "says"),
    [
        ({"surface": "vally"}, UnknownNameError, "narrow valley"),
        ({"start": (5, 0)}, InvalidValueError, "x of start is a number from -3 to 3"),
        ({"start": (0, float("nan"))}, InvalidValueError, "y of start"),
        ({"start": 3}, InvalidValueError, "an x and a y"),
        ({"racers": []}, InvalidValueError, "at least one"),
        ({"racers": ["adam"]}, UnknownNameError, "Adam"),
        ({"racers": 5}, UnknownNameError, "Adam"),
        ({"rates": (0.1, 0.1)}, InvalidValueError, "4 numbers"),
        ({"rates": 0.1}, InvalidValueError, "4 numbers"),
        ({"rate": 0}, InvalidValueError, "0.0001 to 3"),
        ({"rate": float("inf")}, InvalidValueError, "0.0001 to 3"),
        ({"momentum": 1}, InvalidValueError, "0 to 0.99"),
        ({"decay": -0.1}, InvalidValueError, "decay"),
        ({"noise": "much"}, InvalidValueError, "noise"),
        ({"steps": 401}, InvalidValueError, "0 to 400"),
        ({"steps": True}, InvalidValueError, "0 to 400"),
        ({"speed": 3}, UnknownNameError, "steps"),
    ],
)
def test_what_is_refused(given, error, says):
    with pytest.raises(error, match=says):
        OptimizerRace(**given)


def test_a_refused_choice_of_the_page_is_said_and_put_back():
    race = OptimizerRace()
    race.set_state({"rates": [9, 9, 9, 9]})
    assert race.rates == [0.1] * 4
    assert "0.0001 to 3" in race.error
    race.set_state({"start": [99, 0]})
    assert "x of start" in race.error
    assert race.racers == list(RULES)
