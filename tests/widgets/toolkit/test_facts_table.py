"""The table of facts without a browser: sorting, filtering, refusals."""

from __future__ import annotations

import itertools

import pytest

import cnnvis_widgets as cnnvis
from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.widgets import FactsTable

ROWS = [
    {"name": "beta", "kind": "x", "year": 2015, "fast": True, "other": object()},
    {"name": "Alpha", "kind": "y", "year": None, "fast": False},
    {"name": "gamma", "kind": "x", "year": 1999.5, "fast": False},
]
COLUMNS = {"name": "Name", "kind": "Kind", "year": "Year", "fast": "Fast"}


@pytest.mark.parametrize(
    ("sort", "descending", "order"),
    [
        ("", False, ("beta", "Alpha", "gamma")),
        ("name", False, ("Alpha", "beta", "gamma")),
        ("name", True, ("gamma", "beta", "Alpha")),
        ("kind", False, ("beta", "gamma", "Alpha")),
        ("kind", True, ("Alpha", "beta", "gamma")),  # equal ones stay as they came
        ("year", False, ("gamma", "beta", "Alpha")),  # what is empty comes last
        ("year", True, ("beta", "gamma", "Alpha")),
        ("fast", False, ("Alpha", "gamma", "beta")),
    ],
)
def test_rows_are_sorted(sort, descending, order):
    assert FactsTable(ROWS, COLUMNS, sort=sort, descending=descending).shown == order


def test_rows_are_filtered_by_what_is_shown():
    widget = FactsTable(ROWS, COLUMNS, filters={"kind": "x"})
    assert widget.shown == ("beta", "gamma")
    widget.set_state({"filters": {"kind": "x", "fast": "no"}})
    assert widget.shown == ("gamma",)
    widget.filters = {"year": ""}
    assert widget.shown == ("Alpha",)
    widget.filters = {}
    assert len(widget.shown) == 3


def test_what_is_sent():
    widget = FactsTable(ROWS, COLUMNS, {("Alpha", "kind"): "why"})
    assert widget._table["rows"][0] == ["beta", "x", "2015", "yes"]
    assert widget._table["rows"][2] == ["gamma", "x", "1999.5", "no"]
    assert widget._table["keys"][1] == ["alpha", "y", None, 0.0]
    assert widget._table["notes"] == [[1, 1, "why"]]
    assert [c["choices"] for c in widget._table["columns"]][:2] == [[], ["x", "y"]]


def test_the_methods_can_be_shown_as_they_declare_themselves():
    facts = cnnvis.methods()
    columns = dict(itertools.islice(((k, k) for k in ("title", "resolution", "neurons")), 3))
    widget = FactsTable(facts, columns, filters={"resolution": "low"})
    assert set(widget.shown) == {f["title"] for f in facts if f["resolution"] == "low"}


@pytest.mark.parametrize(
    ("rows", "columns", "message"),
    [
        ([], COLUMNS, "there must be one"),
        (ROWS, {}, "at least one column"),
        ([ROWS[0], ROWS[0]], COLUMNS, "name of its own"),
        (ROWS, {"year": "Year"}, "name of its own"),
        ([ROWS[0], {**ROWS[1], "kind": 3}], COLUMNS, "texts and numbers"),
        (ROWS[:1], {"name": "Name", "other": "Other"}, "text, a number"),
    ],
)
def test_rows_that_make_no_table_are_refused(rows, columns, message):
    with pytest.raises(InvalidValueError, match=message):
        FactsTable(rows, columns)


def test_names_and_values_that_there_are_not_are_refused():
    widget = FactsTable(ROWS, COLUMNS)
    with pytest.raises(UnknownNameError, match="name, kind"):
        widget.sort = "size"
    with pytest.raises(InvalidValueError, match="'x', 'y'"):
        widget.filters = {"kind": "z"}
    with pytest.raises(UnknownNameError, match="name, kind"):
        widget.filters = {"size": "x"}
    with pytest.raises(UnknownNameError, match="delta"):
        FactsTable(ROWS, COLUMNS, {("delta", "kind"): "why"})
    with pytest.raises(UnknownNameError, match="kind"):
        FactsTable(ROWS, {"name": "Name", "size": "Size"})
    with pytest.raises(UnknownNameError, match="colum"):
        FactsTable(ROWS, COLUMNS, colum="x")
    widget.set_state({"sort": 3})
    assert widget.sort == "" and "kind" in widget.error
    widget.set_state({"filters": "x"})
    assert widget.filters == {} and "filters" in widget.error
