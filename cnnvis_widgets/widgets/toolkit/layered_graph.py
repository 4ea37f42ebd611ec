"""Where the boxes of a network's diagram are: columns by depth, and edges that seldom cross.

The layered drawing of Sugiyama, Tagawa & Toda (1981): each box is one column after the last
of its inputs; an edge over several columns gets a place in each of them; within the columns, places
are sorted by the mean height of their neighbours.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

_SWEEPS = 6


class Arrangement(NamedTuple):
    """What to draw.

    Attributes:
        places: node → (column, height); heights are symmetric about 0, in steps of 1 within a
            column.
        edges: (from, to, the places that the line goes through, both ends included).
    """

    places: dict[str, tuple[int, float]]
    edges: list[tuple[str, str, list[tuple[int, float]]]]


class Ordered(NamedTuple):
    """Which nodes are side by side, before anything is known of their sizes.

    Attributes:
        rows: nodes by depth, each row in its order; among them the places that longer edges pass
            through, which are no nodes of the graph.
        neighbours: node or place → those of the rows before and after that it is connected to.
        chains: edges: from, to, and what they pass through, both ends included.
    """

    rows: list[list[str]]
    neighbours: dict[str, list[str]]
    chains: list[tuple[str, str, list[str]]]


def ordered(inputs: Mapping[str, Sequence[str]], last: Collection[str] = ()) -> Ordered:
    """Sort the nodes of a graph without circles into rows, so that its edges cross seldom.

    Args:
        inputs: node → the nodes before it, each of which is earlier in the mapping.
        last: nodes that nothing follows and that go in the last row, however near they could be.
    """
    depths: dict[str, int] = {}
    for node, before in inputs.items():
        depths[node] = 1 + max((depths[b] for b in before), default=-1)
    deepest = max(depths.values(), default=-1)
    depths |= dict.fromkeys(last, deepest)
    rows: list[list[str]] = [[] for _ in range(1 + deepest)]
    neighbours: dict[str, list[str]] = {node: [] for node in inputs}
    for node, depth in depths.items():
        rows[depth].append(node)
    chains: list[tuple[str, str, list[str]]] = []
    for node, before in inputs.items():
        for start in before:
            chain = [start]
            for depth in range(depths[start] + 1, depths[node]):
                passing = f"{start}\n{node}\n{depth}"
                rows[depth].append(passing)
                neighbours[passing] = []
                chain.append(passing)
            chain.append(node)
            for one, other in pairwise(chain):
                neighbours[one].append(other)
                neighbours[other].append(one)
            chains.append((start, node, chain))
    _untangle(rows, neighbours)
    return Ordered(rows, neighbours, chains)


def arrange(inputs: Mapping[str, Sequence[str]]) -> Arrangement:
    """Place the nodes of a graph without circles.

    Args:
        inputs: node → the nodes before it, each of which is earlier in the mapping.
    """
    rows, _, chains = ordered(inputs)
    places = {
        node: (column, at - (len(row) - 1) / 2)
        for column, row in enumerate(rows)
        for at, node in enumerate(row)
    }
    edges = [(start, end, [places[node] for node in chain]) for start, end, chain in chains]
    return Arrangement({node: places[node] for node in inputs}, edges)


def _untangle(rows: list[list[str]], neighbours: Mapping[str, list[str]]) -> None:
    """Sort each column by its neighbours' mean height, from the left and from the right in turn."""
    for sweep in range(_SWEEPS):
        order = range(1, len(rows)) if sweep % 2 == 0 else range(len(rows) - 2, -1, -1)
        for column in order:
            beside = rows[column - 1 if sweep % 2 == 0 else column + 1]
            height = {node: at - (len(beside) - 1) / 2 for at, node in enumerate(beside)}
            own = {node: at - (len(rows[column]) - 1) / 2 for at, node in enumerate(rows[column])}

            def mean(
                node: str, height: dict[str, float] = height, own: dict[str, float] = own
            ) -> float:
                near = [height[n] for n in neighbours[node] if n in height]
                return sum(near) / len(near) if near else own[node]

            rows[column].sort(key=mean)
