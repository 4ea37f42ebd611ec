"""Where boxes are: one after the other, branches apart, lines through places of their own."""

from __future__ import annotations

from cnnvis_widgets.widgets.toolkit.layered_graph import arrange

RESIDUAL = {"in": [], "a": ["in"], "b": ["a"], "sum": ["b", "in"], "out": ["sum"]}


def test_a_chain_stands_in_a_row():
    places, edges = arrange({"a": [], "b": ["a"], "c": ["b"]})
    assert places == {"a": (0, 0.0), "b": (1, 0.0), "c": (2, 0.0)}
    assert edges == [("a", "b", [(0, 0.0), (1, 0.0)]), ("b", "c", [(1, 0.0), (2, 0.0)])]


def test_a_shortcut_has_a_way_of_its_own_past_the_boxes():
    places, edges = arrange(RESIDUAL)
    assert [places[name][0] for name in RESIDUAL] == [0, 1, 2, 3, 4]
    way = next(line for start, end, line in edges if (start, end) == ("in", "sum"))
    assert len(way) == 4
    assert not set(way[1:-1]) & set(places.values())
    assert {abs(height) for _, height in way[1:-1]} == {0.5}
    # it stays on one side instead of crossing the boxes
    assert len({height > 0 for _, height in way[1:-1]}) == 1


def test_parallel_branches_do_not_cross():
    inputs = {"in": []}
    for branch in "wxyz":
        for i in range(3):
            inputs[f"{branch}{i}"] = [f"{branch}{i - 1}" if i else "in"]
    inputs["join"] = [f"{branch}2" for branch in "xzwy"]
    places, _ = arrange(inputs)
    orders = [sorted("wxyz", key=lambda branch: places[f"{branch}{i}"][1]) for i in range(3)]
    assert orders[0] == orders[1] == orders[2]
    assert len({places[f"{branch}1"] for branch in "wxyz"}) == 4


def test_no_box_stands_on_another_and_none_before_its_input():
    places, edges = arrange({**RESIDUAL, "p": ["in"], "q": ["p", "out"], "r": ["q", "a"]})
    assert len(set(places.values())) == len(places)
    assert all(places[start][0] < places[end][0] for start, end, _ in edges)
    assert len(edges) == 10


def test_nothing_is_placed_nowhere():
    assert arrange({}) == ({}, [])
