"""Gradient descent without a browser: on a parabola every step is known on paper."""

from __future__ import annotations

import pytest

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.widgets import Descent

PARABOLA = (1, -4, 2)  # J = 2 (θ - 1)² - 1, J′ = 4 (θ - 1)


def test_on_a_parabola_the_distance_shrinks_by_the_same_share():
    widget = Descent(PARABOLA, domain=(-3, 4), start=3, rate=0.1, steps=5)
    assert widget.path == pytest.approx([1 + 2 * (1 - 0.4) ** k for k in range(6)])


def test_a_rate_of_one_over_the_curvature_is_there_in_one_step_and_twice_that_goes_round():
    assert Descent(PARABOLA, start=3, rate=0.25, steps=2).path == pytest.approx([3, 1, 1])
    assert Descent(PARABOLA, start=3, rate=0.5, steps=3).path == pytest.approx([3, -1, 3, -1])


def test_beyond_it_runs_away_and_the_path_ends():
    path = Descent(PARABOLA, start=3, rate=1, steps=200).path
    assert len(path) < 20
    assert 1e6 < abs(path[-1]) < 1e8


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"start": 5}, "start is a number from -3 to 3; got 5"),
        ({"rate": 0}, "rate is a number above 0"),
        ({"rate": 1.5}, "above 0 and at most 1"),
        ({"rate": True}, "rate is a number"),
        ({"steps": 201}, "0 to 200"),
        ({"steps": 0.5}, "0 to 200"),
        ({"domain": (2, 1)}, "domain is a pair of rising"),
    ],
)
def test_numbers_out_of_range_are_refused(given, says):
    with pytest.raises(InvalidValueError, match=says):
        Descent(PARABOLA, **given)


def test_a_constant_is_no_curve():
    with pytest.raises(InvalidValueError, match="two finite coefficients"):
        Descent([3])


def test_the_rate_stays_below_its_largest():
    widget = Descent(PARABOLA, largest_rate=2, rate=1.5)
    widget.largest_rate = 0.5
    assert widget.rate == 0.5
