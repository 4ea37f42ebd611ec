"""The box from a map without a browser: what is found and sent, what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.rendering import enlarge
from cnnvis_widgets.study.localisation import Box
from cnnvis_widgets.widgets import MapBox

PICTURE = np.random.default_rng(0).integers(0, 256, (30, 40, 3), dtype=np.uint8)
HEAT = np.array([[0, 1, 0, 0], [0, 4, 2, 0], [0, 0, 0, 0]])
MASK = np.zeros((30, 40), bool)
MASK[8:20, 9:25] = True
VIEWS = {"one": (PICTURE, HEAT, MASK), "two": (PICTURE, -HEAT, MASK)}


def test_the_box_holds_all_places_that_have_enough():
    widget = MapBox(VIEWS, percent=50)
    fine = enlarge(HEAT, 30, 40)
    rows, columns = np.nonzero(fine >= fine.max() / 2)  # one region only
    expected = Box(rows.min(), columns.min(), rows.max() + 1, columns.max() + 1)
    assert widget.box == expected and widget.true_box == Box(8, 9, 20, 25)
    assert widget.iou == expected.iou(Box(8, 9, 20, 25))
    assert widget._data["boxes"][49] == list(expected)
    assert widget._data["ious"][49] == widget.ious[49] == widget.iou
    assert len(widget._data["boxes"]) == 100


def test_another_view_brings_its_own_numbers():
    widget = MapBox(VIEWS, alts={"two": "a second one"})
    widget.set_state({"view": "two"})
    assert widget._data["alt"] == "a second one"
    assert widget.box is None and widget.iou == 0  # nowhere above zero
    assert widget._data["boxes"] == [[]] * 100


@pytest.mark.parametrize("percent", [0, 101, 1.5, None, "20"])
def test_a_percent_that_is_none_is_refused(percent):
    widget = MapBox(VIEWS)
    with pytest.raises(InvalidValueError, match="1 to 100"):
        widget.percent = percent
    widget.set_state({"percent": percent})
    assert widget.percent == 20 and "1 to 100" in widget.error


@pytest.mark.parametrize(
    ("views", "message"),
    [
        ({}, "at least one"),
        ({"a": (PICTURE, HEAT)}, "got 2"),
        ({"a": (PICTURE[:9], HEAT, MASK)}, r"\(9, 40, 3\)"),
        ({"a": (PICTURE.astype(float), HEAT, MASK)}, "uint8"),
        ({"a": (PICTURE, HEAT, np.zeros((30, 40)))}, "not empty"),
        ({"a": (PICTURE, HEAT + np.nan, MASK)}, "finite"),
        ({"a": (PICTURE, HEAT[0], MASK)}, r"\(4,\)"),
    ],
)
def test_views_that_do_not_fit_are_refused(views, message):
    with pytest.raises(InvalidValueError, match=message):
        MapBox(views)


def test_names_that_are_none_are_refused():
    with pytest.raises(UnknownNameError, match="one, two"):
        MapBox(VIEWS, view="three")
    with pytest.raises(UnknownNameError, match="percnt"):
        MapBox(VIEWS, percnt=3)
