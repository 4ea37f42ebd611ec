"""A layered graph in pixels: boxes of any size, and lines that go past them."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from cnnvis_widgets.widgets.toolkit.layered_graph import Ordered, ordered

Point = tuple[float, float]

GAP, BETWEEN, PASSING = 10.0, 24.0, 8.0
"""Pixels between two boxes of a row, between two rows, and that a passing line is wide."""

_SWEEPS = 8
_STRAIGHT = 8  # how much more a box is pulled towards boxes than towards lines


class Spaced(NamedTuple):
    """What to draw, from (0, 0).

    Attributes:
        corners: node → (x, y) of its box's upper left corner.
        lines: (from, to, points). Between two points a line goes straight down where they have one
            x, else by a curve that leaves and arrives vertically.
        width: of all.
        height: of all.
    """

    corners: dict[str, Point]
    lines: list[tuple[str, str, list[Point]]]
    width: float
    height: float


def spaced(
    inputs: Mapping[str, Sequence[str]],
    sizes: Mapping[str, Point],
    last: Collection[str] = (),
) -> Spaced:
    """Place boxes from top to bottom, so that none stands on another and no line crosses one.

    Args:
        inputs: node → the nodes before it, each of which stands earlier in the mapping.
        sizes: node → (width, height) of its box.
        last: nodes that stand in the last row; see `ordered`.

    Examples:
        >>> spaced({"a": [], "b": ["a"]}, {"a": (20, 8), "b": (30, 9)}).corners
        {'a': (5.0, 0.0), 'b': (0.0, 32.0)}
    """
    graph = ordered(inputs, last)
    rows = graph.rows
    widths = {node: sizes[node][0] if node in sizes else PASSING for row in rows for node in row}
    middles = _middles(graph, widths, set(sizes))
    left = min((middles[n] - width / 2 for n, width in widths.items()), default=0.0)
    right = max((middles[n] + width / 2 for n, width in widths.items()), default=0.0)
    middles = {node: x - left for node, x in middles.items()}
    ends: dict[str, Point] = {}  # node or place → the top and the bottom of its row
    bottom = -BETWEEN
    for row in rows:
        top = bottom + BETWEEN
        bottom = top + max((sizes[node][1] for node in row if node in sizes), default=0.0)
        ends |= dict.fromkeys(row, (top, bottom))
    corners = {node: (middles[node] - widths[node] / 2, ends[node][0]) for node in inputs}
    lines = []
    for start, end, (_, *through, _) in graph.chains:
        points = [
            (middles[start], ends[start][0] + sizes[start][1]),
            (middles[start], ends[start][1]),
            *((middles[place], y) for place in through for y in ends[place]),
            (middles[end], ends[end][0]),
        ]
        lines.append((start, end, points))
    return Spaced(corners, lines, right - left, max(bottom, 0.0))


def _middles(graph: Ordered, widths: Mapping[str, float], boxes: set[str]) -> dict[str, float]:
    """The middle of each node and place: near those it is connected to, in the order of its row."""
    middles: dict[str, float] = {}
    for row in graph.rows:
        packed = _offsets([widths[node] for node in row])
        middles |= {node: x - packed[-1] / 2 for node, x in zip(row, packed, strict=True)}

    def wanted(node: str) -> float:
        """A chain of boxes stays straight; the lines beside it give way."""
        others = graph.neighbours[node]
        weights = [_STRAIGHT if node in boxes and o in boxes else 1 for o in others]
        pulled = sum(w * middles[o] for w, o in zip(weights, others, strict=True))
        return pulled / sum(weights) if others else middles[node]

    for sweep in range(_SWEEPS):
        for row in graph.rows if sweep % 2 == 0 else reversed(graph.rows):
            apart = _apart([wanted(node) for node in row], [widths[node] for node in row])
            middles |= dict(zip(row, apart, strict=True))
    return middles


def _offsets(widths: Sequence[float]) -> list[float]:
    """The middles of boxes in a row, as near as they may be; the first at 0."""
    steps = [(a + b) / 2 + GAP for a, b in pairwise(widths)]
    return [0.0, *np.cumsum(steps).tolist()]


def _apart(wanted: Sequence[float], widths: Sequence[float]) -> list[float]:
    """The places nearest to the wanted ones, by squares, at which boxes do not touch."""
    if len(wanted) == 1:
        return list(wanted)
    from scipy.optimize import isotonic_regression  # SciPy takes its time: late

    offsets = np.array(_offsets(widths))
    return (isotonic_regression(np.array(wanted) - offsets).x + offsets).tolist()
