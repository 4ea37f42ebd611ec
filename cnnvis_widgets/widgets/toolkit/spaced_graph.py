"""A layered graph in pixels: boxes of any size, and lines that pass between them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from types import MappingProxyType
from typing import NamedTuple

import numpy as np

from cnnvis_widgets.widgets.toolkit.layered_graph import Ordered, ordered

Point = tuple[float, float]

GAP, BETWEEN, PASSING = 10.0, 24.0, 8.0
"""Pixels between two boxes of a row, between two rows, and the width of a passing line."""

_SWEEPS = 16
_STRAIGHT = 20  # weight of an edge between two boxes; 1 for others


class Spaced(NamedTuple):
    """The layout of a graph, from (0, 0).

    Attributes:
        corners: node → (x, y) of its box's upper left corner.
        lines: (from, to, points). Between points of equal x a line goes straight down; otherwise
            it is a curve with vertical ends.
        width: of the whole layout.
        height: of the whole layout.
    """

    corners: dict[str, Point]
    lines: list[tuple[str, str, list[Point]]]
    width: float
    height: float


def spaced(
    inputs: Mapping[str, Sequence[str]],
    sizes: Mapping[str, Point],
    last: Collection[str] = (),
    shifts: Mapping[tuple[str, str], Point] = MappingProxyType({}),
    aligned: Collection[tuple[str, str]] = (),
) -> Spaced:
    """Place boxes from top to bottom without overlaps, and lines that cross no box.

    Args:
        inputs: node → the nodes before it, each of which is earlier in the mapping.
        sizes: node → (width, height) of its box.
        last: nodes for the last row; see `ordered`.
        shifts: (from, to) → how far right of the middles a line leaves and arrives.
        aligned: pairs of nodes to be placed below each other.

    Examples:
        >>> spaced({"a": [], "b": ["a"]}, {"a": (20, 8), "b": (30, 9)}).corners
        {'a': (5.0, 0.0), 'b': (0.0, 32.0)}
    """
    graph = ordered(inputs, last)
    rows = graph.rows
    widths = {node: sizes[node][0] if node in sizes else PASSING for row in rows for node in row}
    middles = _middles(graph, widths, set(sizes), shifts, aligned)
    left = min((middles[n] - width / 2 for n, width in widths.items()), default=0.0)
    right = max((middles[n] + width / 2 for n, width in widths.items()), default=0.0)
    middles = {node: x - left for node, x in middles.items()}
    ends: dict[str, Point] = {}  # node or dummy → the top and the bottom of its row
    bottom = -BETWEEN
    for row in rows:
        top = bottom + BETWEEN
        bottom = top + max((sizes[node][1] for node in row if node in sizes), default=0.0)
        ends |= dict.fromkeys(row, (top, bottom))
    corners = {node: (middles[node] - widths[node] / 2, ends[node][0]) for node in inputs}
    lines = []
    for start, end, (_, *through, _) in graph.chains:
        leaves, arrives = shifts.get((start, end), (0.0, 0.0))
        points = [
            (middles[start] + leaves, ends[start][0] + sizes[start][1]),
            (middles[start] + leaves, ends[start][1]),
            *((middles[dummy], y) for dummy in through for y in ends[dummy]),
            (middles[end] + arrives, ends[end][0]),
        ]
        lines.append((start, end, points))
    return Spaced(corners, lines, right - left, max(bottom, 0.0))


def _middles(
    graph: Ordered,
    widths: Mapping[str, float],
    boxes: set[str],
    shifts: Mapping[tuple[str, str], Point],
    aligned: Collection[tuple[str, str]],
) -> dict[str, float]:
    """The middle x of each node and dummy, near its neighbours, in the order of its row."""
    middles: dict[str, float] = {}
    for row in graph.rows:
        packed = _offsets([widths[node] for node in row])
        middles |= {node: x - packed[-1] / 2 for node, x in zip(row, packed, strict=True)}

    # Node or dummy → what pulls it: a neighbour, the weight, and the offset from that neighbour.
    pulls: dict[str, list[tuple[str, int, float]]] = {node: [] for node in graph.neighbours}
    for start, end, chain in graph.chains:
        leaves, arrives = shifts.get((start, end), (0.0, 0.0))
        for above, below in pairwise(chain):
            weight = _STRAIGHT if above in boxes and below in boxes else 1
            aside = (leaves if above == start else 0.0) - (arrives if below == end else 0.0)
            pulls[below].append((above, weight, aside))
            pulls[above].append((below, weight, -aside))
    for above, below in aligned:
        pulls[above].append((below, 10 * _STRAIGHT, 0.0))
        pulls[below].append((above, 10 * _STRAIGHT, 0.0))

    def target(node: str) -> float:
        """The weighted mean of the neighbours; boxes count more, which keeps chains straight."""
        total = sum(weight for _, weight, _ in pulls[node])
        pulled = sum(weight * (middles[near] + aside) for near, weight, aside in pulls[node])
        return pulled / total if total else middles[node]

    for sweep in range(_SWEEPS):
        for row in graph.rows if sweep % 2 == 0 else reversed(graph.rows):
            apart = _apart([target(node) for node in row], [widths[node] for node in row])
            middles |= dict(zip(row, apart, strict=True))
    # Least squares spread a bend over a whole chain; move it to the chain's end.
    before = _straight_after(graph, boxes, {node for pair in aligned for node in pair})
    for row in graph.rows:
        targets = []
        for node in row:
            above = before.get(node, node)
            leaves, arrives = shifts.get((above, node), (0.0, 0.0))
            targets.append(middles[above] + leaves - arrives)
        apart = _apart(targets, [widths[node] for node in row])
        middles |= dict(zip(row, apart, strict=True))
    return middles


def _straight_after(graph: Ordered, boxes: set[str], fixed: set[str]) -> dict[str, str]:
    """Node or dummy → its only predecessor, if that has no other successor.

    Fixed nodes are left out.
    """
    lines = [(a, b) for _, _, chain in graph.chains for a, b in pairwise(chain)]
    steps = [(a, b) for a, b in lines if a in boxes and b in boxes]
    firsts, seconds = Counter(a for a, _ in steps), Counter(b for _, b in steps)
    alone = [(a, b) for a, b in steps if firsts[a] == seconds[b] == 1 and b not in fixed]
    passing = [(a, b) for a, b in lines if a not in boxes and b not in boxes]
    return {b: a for a, b in (*alone, *passing)}


def _offsets(widths: Sequence[float]) -> list[float]:
    """The middles of boxes in a row, packed closely; the first at 0."""
    steps = [(a + b) / 2 + GAP for a, b in pairwise(widths)]
    return [0.0, *np.cumsum(steps).tolist()]


def _apart(targets: Sequence[float], widths: Sequence[float]) -> list[float]:
    """The middles closest to the targets, by least squares, at which boxes do not overlap."""
    if len(targets) == 1:
        return list(targets)
    from scipy.optimize import isotonic_regression  # SciPy is slow to import

    offsets = np.array(_offsets(widths))
    return (isotonic_regression(np.array(targets) - offsets).x + offsets).tolist()
