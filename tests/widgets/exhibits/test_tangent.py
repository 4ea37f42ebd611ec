"""The curve and its slopes without a browser: what is sent, what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.widgets import Tangent

PLACES = np.array([0.0, 0.5, 2.0, 3.0])
PARABOLA = (PLACES, PLACES**2, 2 * PLACES)
LINE = ([1, 2], [5, 3], [-2, -2])


def test_the_first_curve_is_shown_at_its_end():
    widget = Tangent({"parabola": PARABOLA, "line": LINE}, x="place", y="height")
    assert (widget.curve, widget.at) == ("parabola", 3)
    sent = widget._curves[0]
    assert sent == {
        "name": "parabola",
        "x": [0, 0.5, 2, 3],
        "y": [0, 0.25, 4, 9],
        "slopes": [0, 1, 4, 6],
    }
    assert widget._axes == {"x": "place", "y": "height"}


def test_a_shorter_curve_takes_the_point_back_to_its_own_end():
    widget = Tangent({"parabola": PARABOLA, "line": LINE}, at=2)
    assert widget.at == 2
    widget.curve = "line"
    assert widget.at == 1
    assert Tangent({"parabola": PARABOLA, "line": LINE}, curve="line").at == 1


@pytest.mark.parametrize(
    ("curves", "message"),
    [
        ({}, "at least one curve"),
        ({"a": LINE[:2]}, "got 2"),
        ({"a": ([1], [2], [3])}, "at least two"),
        ({"a": ([1, 2], [2, 3, 4], [3, 4])}, r"\(2,\), \(3,\)"),
        ({"a": ([2, 1], [2, 3], [3, 4])}, "rise"),
        ({"a": ([1, 2], [2, np.nan], [3, 4])}, "finite"),
    ],
)
def test_numbers_that_make_no_curve_are_refused(curves, message):
    with pytest.raises(InvalidValueError, match=message):
        Tangent(curves)


@pytest.mark.parametrize("at", [-1, 4, 1.5, None, "end"])
def test_a_point_that_is_none_is_refused(at):
    widget = Tangent({"parabola": PARABOLA}, at=1)
    with pytest.raises(InvalidValueError, match="0 to 3"):
        widget.at = at
    assert widget.at == 1


def test_names_that_are_none_are_refused_where_they_come_from_the_page_too():
    widget = Tangent({"parabola": PARABOLA, "line": LINE})
    with pytest.raises(UnknownNameError, match="parabola"):
        widget.curve = "circle"
    with pytest.raises(UnknownNameError, match="curv"):
        Tangent({"line": LINE}, curv="line")
    widget.set_state({"at": 7})
    assert widget.at == 3
    assert "0 to 3" in widget.error
