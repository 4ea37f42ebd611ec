"""Layout of a network's layers as boxes in pixels: blocks folded or open, branches side by side."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from itertools import groupby
from typing import Any, NamedTuple

from cnnvis_widgets.widgets.toolkit.layer_kinds import sort_of
from cnnvis_widgets.widgets.toolkit.spaced_graph import Point, Spaced, spaced

WIDE, TALL = 148.0, 38.0
"""Pixels of a box: a name in two words, and its kind and shape below."""

HEAD, EDGE = 26.0, 8.0
"""Pixels of an open block's head, and around its layers."""

MARGIN = 6.0
PORT = (4.0, 0.0)  # where a line enters or leaves an open block

Record = Mapping[str, Any]


class Unit(NamedTuple):
    """A block, or a layer that is in no block.

    Attributes:
        name: the block's, or the layer's.
        layers: their records; one where a layer is in no block.
    """

    name: str
    layers: tuple[Record, ...]

    @property
    def key(self) -> str:
        """Its first layer's name, which is unique."""
        return str(self.layers[0]["name"])

    @property
    def folds(self) -> bool:
        """Whether it is a block."""
        return len(self.layers) > 1


class _Measured(NamedTuple):
    """The size and ports of a unit.

    Attributes:
        size: width and height.
        inner: the layout of an open block's layers, else None.
        entries: layer outside → where its line enters, pixels from the left edge.
        exits: layer inside → where its line leaves; others leave in the middle.
    """

    size: Point
    inner: Spaced | None
    entries: dict[str, float]
    exits: dict[str, float]

    def aside(self, name: str) -> float:
        """How far right of the middle the line of a layer enters or leaves."""
        port = self.entries.get(name, self.exits.get(name))
        return 0.0 if port is None else port - self.size[0] / 2


def units_of(records: Sequence[Record]) -> list[Unit]:
    """The blocks and the layers between them, in topological order.

    Args:
        records: of a `LayerPicker`. A layer with later layers as inputs (the output, which is
            listed first) comes last.
    """
    index = {record["name"]: number for number, record in enumerate(records)}
    late = [
        record
        for number, record in enumerate(records)
        if any(index.get(name, -1) > number for name in record["inputs"] or ())
    ]
    early = [record for record in records if not any(record is late_record for late_record in late)]
    units = []
    for group, members in groupby([*early, *late], key=lambda record: record["group"]):
        layers = tuple(members)
        if group and len(layers) > 1:
            units.append(Unit(group, layers))
        else:
            units += [Unit(layer["name"], (layer,)) for layer in layers]
    return units


def layer_diagram(records: Sequence[Record], unfolded: Collection[str]) -> dict[str, Any]:
    """The diagram that a page draws.

    Args:
        records: of a `LayerPicker`; layers without given inputs form a chain.
        unfolded: the keys of the open blocks.

    Returns:
        width and height; `boxes`, in reading order: key, name, x, y, width, height, level (1, or 2
        within a block), `open` (None for a layer); for a layer its kind, sort, shape, window and
        inputs; for a block the number of its layers, its last shape and how many branches join in
        it; `lines`, lists of points [x, y].
    """
    units = units_of(records)
    inputs = _inputs(units)
    home = {layer["name"]: unit.key for unit in units for layer in unit.layers}
    taken = {
        unit.key: list(
            dict.fromkeys(
                name
                for layer in unit.layers
                for name in inputs[layer["name"]]
                if home[name] != unit.key
            )
        )
        for unit in units
    }
    leaving = {name for names in taken.values() for name in names}
    measured_units = {
        unit.key: _opened(unit, inputs, leaving)
        if unit.folds and unit.key in unfolded
        else _Measured((WIDE, TALL), None, {}, {})
        for unit in units
    }
    before = {key: list(dict.fromkeys(home[n] for n in names)) for key, names in taken.items()}
    shifts = {
        (home[name], key): (measured_units[home[name]].aside(name), measured_units[key].aside(name))
        for key, names in taken.items()
        for name in reversed(names)  # if several lines join two units, the first counts
    }
    outer = spaced(
        before, {key: measured.size for key, measured in measured_units.items()}, shifts=shifts
    )
    boxes: list[dict[str, Any]] = []
    lines: list[list[Point]] = []
    for unit in units:
        x, y = outer.corners[unit.key]
        measured = measured_units[unit.key]
        if not unit.folds:
            boxes.append(_layer(unit, unit.layers[0], (x, y), inputs))
            continue
        boxes.append(_block(unit, (x, y), measured, inputs))
        if measured.inner is not None:
            at = (x + EDGE, y + HEAD)
            for layer in unit.layers:
                corner = measured.inner.corners[layer["name"]]
                boxes.append(_layer(unit, layer, (at[0] + corner[0], at[1] + corner[1]), inputs))
            lines += [_moved(points, at) for _, _, points in measured.inner.lines]
    for start, end, points in outer.lines:
        for name in taken[end]:
            if home[name] == start:
                lines.append(_joined(points, name, start, end, outer, measured_units))
    return {
        "width": outer.width + 2 * MARGIN,
        "height": outer.height + 2 * MARGIN,
        "boxes": [box | {"x": box["x"] + MARGIN, "y": box["y"] + MARGIN} for box in boxes],
        "lines": [_moved(points, (MARGIN, MARGIN)) for points in lines],
    }


def _inputs(units: Sequence[Unit]) -> dict[str, list[str]]:
    """Layer → its input layers; unknown and later layers are left out."""
    before_each: dict[str, list[str]] = {}
    last = ""
    for unit in units:
        for layer in unit.layers:
            named_inputs = layer["inputs"]
            before = ([last] if last else []) if named_inputs is None else named_inputs
            before_each[layer["name"]] = [name for name in before if name in before_each]
            last = layer["name"]
    return before_each


def _opened(unit: Unit, inputs: Mapping[str, Sequence[str]], leaving: set[str]) -> _Measured:
    """An open block: its layers, and a port for each line that enters or leaves."""
    names = [layer["name"] for layer in unit.layers]
    outside = dict.fromkeys(n for name in names for n in inputs[name] if n not in names)
    graph: dict[str, list[str]] = {f"{name}\nin": [] for name in outside}
    for name in names:
        graph[name] = [n if n in names else f"{n}\nin" for n in inputs[name]]
    exits = {f"{name}\nout": [name] for name in names if name in leaving}
    sizes = dict.fromkeys(graph, PORT) | dict.fromkeys(names, (WIDE, TALL))
    sizes |= dict.fromkeys(exits, PORT)
    # This keeps blocks below each other.
    axis = list(zip([f"{name}\nin" for name in outside], exits, strict=False))
    inner = spaced(graph | exits, sizes, last=exits, aligned=axis)

    def middle(node: str) -> float:
        return EDGE + inner.corners[node][0] + PORT[0] / 2

    return _Measured(
        (inner.width + 2 * EDGE, HEAD + inner.height + (0 if exits else EDGE)),
        inner,
        {name: middle(f"{name}\nin") for name in outside},
        {before[0]: middle(node) for node, before in exits.items()},
    )


def _joined(
    points: Sequence[Point],
    name: str,
    start: str,
    end: str,
    outer: Spaced,
    measured_units: Mapping[str, _Measured],
) -> list[Point]:
    """The line of one layer's result, from port to port."""
    (x0, y0), (_, y1), *rest = points
    *through, (x2, y2) = rest
    if name in measured_units[start].exits:
        x0 = outer.corners[start][0] + measured_units[start].exits[name]
    into: list[Point] = [(x2, y2)]
    if name in measured_units[end].entries:  # below the head, to the port
        x2 = outer.corners[end][0] + measured_units[end].entries[name]
        into = [(x2, y2), (x2, y2 + HEAD)]
    return [(x0, y0), (x0, y1), *through, *into]


def _moved(points: Sequence[Point], by: Point) -> list[Point]:
    return [(x + by[0], y + by[1]) for x, y in points]


def _layer(
    unit: Unit, record: Record, corner: Point, inputs: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    name = str(record["name"])
    # The block's frame shows the prefix that all its layers share.
    short = name.removeprefix(unit.name).lstrip("_/") if unit.folds else name
    return {
        "key": name,
        "name": short or name,
        **_box(corner, (WIDE, TALL), 2 if unit.folds else 1),
        "open": None,
        "kind": record["kind"],
        "sort": sort_of(record["kind"]),
        "shape": record["shape"],
        "window": record["window"],
        "inputs": list(inputs[name]),
    }


def _block(
    unit: Unit, corner: Point, measured: _Measured, inputs: Mapping[str, Sequence[str]]
) -> dict[str, Any]:
    return {
        "key": unit.key,
        "name": unit.name,
        **_box(corner, measured.size, 1),
        "open": measured.inner is not None,
        "layers": len(unit.layers),
        "members": [layer["name"] for layer in unit.layers],
        "shape": unit.layers[-1]["shape"],
        "branches": max(len(inputs[layer["name"]]) for layer in unit.layers),
    }


def _box(corner: Point, size: Point, level: int) -> dict[str, Any]:
    (x, y), (width, height) = corner, size
    return {"x": x, "y": y, "width": width, "height": height, "level": level}
