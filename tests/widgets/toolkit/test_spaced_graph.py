"""Boxes of unequal sizes in rows: apart from each other, and past the lines."""

from __future__ import annotations

import pytest

from cnnvis_widgets.widgets.toolkit.layered_graph import ordered
from cnnvis_widgets.widgets.toolkit.spaced_graph import BETWEEN, GAP, spaced

RESIDUAL = {"in": [], "a": ["in"], "b": ["a"], "sum": ["b", "in"]}
SIZES = {"in": (20.0, 9.0), "a": (60.0, 14.0), "b": (31.0, 8.0), "sum": (44.0, 10.0)}


def test_rows_follow_one_another_below_their_highest_box() -> None:
    inputs = {"in": [], "low": ["in"], "high": ["in"], "join": ["low", "high"]}
    sizes = {"in": (20.0, 9.0), "low": (30.0, 5.0), "high": (50.0, 17.0), "join": (40.0, 11.0)}
    made = spaced(inputs, sizes)
    tops = {name: y for name, (_, y) in made.corners.items()}
    assert tops == {"in": 0, "low": 9 + BETWEEN, "high": 9 + BETWEEN, "join": 26 + 2 * BETWEEN}
    assert made.height == 26 + 2 * BETWEEN + 11
    (low, high) = sorted(
        (made.corners[n][0], made.corners[n][0] + sizes[n][0]) for n in ("low", "high")
    )
    assert high[0] - low[1] == pytest.approx(GAP)  # as near as they may be, being drawn together
    assert made.width == pytest.approx(30 + 50 + GAP)
    assert min(x for x, _ in made.corners.values()) == pytest.approx(0)


def test_a_shortcut_goes_past_the_boxes_between_its_ends() -> None:
    made = spaced(RESIDUAL, SIZES)
    line = next(points for start, end, points in made.lines if (start, end) == ("in", "sum"))
    assert len(line) == 2 + 2 * 2 + 1  # out of a row, down two rows, into a row
    assert line[0] == (made.corners["in"][0] + 10, 9)
    assert line[-1] == (made.corners["sum"][0] + 22, made.corners["sum"][1])
    for name, (top, bottom) in zip("ab", (line[2:4], line[4:6]), strict=True):
        x, y = made.corners[name]
        assert top[0] == bottom[0]
        assert (top[1], bottom[1]) == (y, y + SIZES[name][1])
        assert not x - GAP / 2 < top[0] < x + SIZES[name][0] + GAP / 2


def test_a_chain_is_straight() -> None:
    made = spaced({"a": [], "b": ["a"], "c": ["b"]}, {"a": (20, 8), "b": (30, 9), "c": (10, 5)})
    assert made.corners == {"a": (5, 0), "b": (0, 32), "c": (10, 65)}
    assert [{x for x, _ in points} for _, _, points in made.lines] == [{15}, {15}]


def test_what_is_to_be_last_stands_in_the_last_row() -> None:
    inputs = {"in": [], "side": ["in"], "a": ["in"], "b": ["a"], "c": ["b"]}
    assert ordered(inputs).rows[1:] != [["a"], ["b"], ["c", "side"]]
    rows = ordered(inputs, last=["side"]).rows
    assert {*rows[3]} == {"c", "side"}
    assert spaced({}, {}) == ({}, [], 0.0, 0.0)


def test_lines_may_leave_and_arrive_beside_the_middles() -> None:
    made = spaced({"a": [], "b": ["a"]}, {"a": (20, 8), "b": (30, 9)}, shifts={("a", "b"): (5, -3)})
    (_, _, points) = made.lines[0]
    assert [x for x, _ in points] == pytest.approx([points[0][0]] * 3)  # straight all the same
    assert points[0][0] == pytest.approx(made.corners["a"][0] + 10 + 5)
    assert points[0][0] == pytest.approx(made.corners["b"][0] + 15 - 3)


def test_aligned_nodes_stand_below_each_other_whatever_is_between() -> None:
    inputs = {"in": [], "left": ["in"], "right": ["in"], "out": ["right"]}
    sizes = dict.fromkeys(inputs, (40.0, 10.0))

    def between(aligned: list[tuple[str, str]]) -> float:
        corners = spaced(inputs, sizes, aligned=aligned).corners
        return abs(corners["in"][0] - corners["out"][0])

    assert between([]) > 15
    assert between([("in", "out")]) < 5
