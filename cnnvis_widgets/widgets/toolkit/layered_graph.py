"""Layered layout of a network's diagram: columns by depth, with few edge crossings.

The layered drawing of Sugiyama, Tagawa & Toda (1981): each node is one column after the last of its
inputs; an edge over several columns has a dummy node in each of them; within a column, nodes are
sorted by the mean height of their neighbours.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

_SWEEPS = 6


class Arrangement(NamedTuple):
    """The layout of a graph.

    Attributes:
        places: node → (column, height); heights are symmetric about 0, in steps of 1 within a
            column.
        edges: (from, to, the points that the line passes through, both ends included).
    """

    places: dict[str, tuple[int, float]]
    edges: list[tuple[str, str, list[tuple[int, float]]]]


class Ordered(NamedTuple):
    """The order of nodes in rows, regardless of their sizes.

    Attributes:
        rows: nodes by depth, each row in its order, including the dummy nodes of edges that span
            several rows.
        neighbours: node or dummy → those that it is connected to in the rows before and after.
        chains: edges: from, to, and the nodes and dummies from end to end.
    """

    rows: list[list[str]]
    neighbours: dict[str, list[str]]
    chains: list[tuple[str, str, list[str]]]


def ordered(inputs: Mapping[str, Sequence[str]], last: Collection[str] = ()) -> Ordered:
    """Sort the nodes of an acyclic graph into rows with few edge crossings.

    Args:
        inputs: node → the nodes before it, each of which is earlier in the mapping.
        last: nodes without successors that go in the last row, whatever their depth.
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
                dummy = f"{start}\n{node}\n{depth}"
                rows[depth].append(dummy)
                neighbours[dummy] = []
                chain.append(dummy)
            chain.append(node)
            for one, other in pairwise(chain):
                neighbours[one].append(other)
                neighbours[other].append(one)
            chains.append((start, node, chain))
    _untangle(rows, neighbours)
    return Ordered(rows, neighbours, chains)


def arrange(inputs: Mapping[str, Sequence[str]]) -> Arrangement:
    """Place the nodes of an acyclic graph.

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
    """Sort each column by its neighbours' mean height, alternately from the left and the right."""
    for sweep in range(_SWEEPS):
        order = range(1, len(rows)) if sweep % 2 == 0 else range(len(rows) - 2, -1, -1)
        for column in order:
            beside = rows[column - 1 if sweep % 2 == 0 else column + 1]
            height = {node: at - (len(beside) - 1) / 2 for at, node in enumerate(beside)}
            current = {
                node: at - (len(rows[column]) - 1) / 2 for at, node in enumerate(rows[column])
            }

            def mean(
                node: str, height: dict[str, float] = height, current: dict[str, float] = current
            ) -> float:
                near = [height[n] for n in neighbours[node] if n in height]
                return sum(near) / len(near) if near else current[node]

            rows[column].sort(key=mean)
