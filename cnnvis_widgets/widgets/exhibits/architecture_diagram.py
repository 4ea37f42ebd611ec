"""A network as a diagram: a box for each layer, with its shape and inputs."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

import traitlets

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.widgets.toolkit.control import Control
from cnnvis_widgets.widgets.toolkit.layer_kinds import sort_of
from cnnvis_widgets.widgets.toolkit.layered_graph import arrange
from cnnvis_widgets.widgets.toolkit.traits import OneOf

PICTURE = "picture"  # the box at the start
# With `fold`, these kinds are folded into the box of the layer before them.
FOLDED = ("BatchNorm", "ReLU", "Relu", "Activation", "ZeroPad", "Dropout", "Flatten", "Softmax",
          "InputLayer", "Rescaling", "Normalization")  # fmt: skip


class Box(NamedTuple):
    """A box of the diagram: one layer, and those folded into it.

    Attributes:
        name: the layer's name.
        kind: its class.
        sort: "convolution", "depthwise", "pooling", "dense", "join" or "other".
        shape: (rows, columns, units) or (units,).
        parameters: its own and those of the layers folded into it.
        inputs: the boxes before it.
        window: "3 × 3, stride 2, same" or "".
        then: the kinds folded into it.
        field: "sees 7 × 7 pixels" or "".
        members: the layers folded into it.
    """

    name: str
    kind: str
    sort: str
    shape: tuple[int | None, ...]
    parameters: int
    inputs: tuple[str, ...]
    window: str
    then: tuple[str, ...]
    field: str
    members: tuple[str, ...]


class ArchitectureDiagram(Control, from_page="value"):
    """The layers of a network from the picture on the left to the output on the right.

    A box's height shows the size of its map (in logarithmic steps), its colour the sort of layer;
    it has the shape as text, and below a bar with its share of the parameters. Choosing one, by
    mouse or with the arrow keys, shows all its details.

    Args:
        layers: records with name, kind, output_shape, parameters, inputs, kernel, strides, padding
            and field: `network.plan`, or `load_plan("vgg16")`. Records without inputs, as those of
            `network.layers`, form a chain.
        fold: whether layers that only rectify, normalise, pad or reshape are folded into the box
            before them.
        first, last: show only the layers between these two (a block); "" for the ends.
        kwargs: the attributes.

    Attributes:
        value: the name of the chosen box; "" for none.
        alt: alt text of the diagram.

    Raises:
        InvalidValueError: no layers, or none to draw.
        UnknownNameError: `first`, `last` or `value` is not a layer.
    """

    label = traitlets.Unicode("").tag(sync=True)
    value = OneOf(
        "layer in this diagram", lambda diagram: ["", *(b.name for b in diagram.boxes)]
    ).tag(sync=True)
    alt = traitlets.Unicode("").tag(sync=True)
    _data = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        layers: Iterable[Any],
        fold: bool = True,
        first: str = "",
        last: str = "",
        **kwargs: Any,
    ) -> None:
        self.boxes = boxes(layers, fold, first, last)
        super().__init__(**kwargs)
        names = {box.name for box in self.boxes}
        inputs = {PICTURE: ()} | {
            box.name: [name if name in names else PICTURE for name in box.inputs]
            for box in self.boxes
        }
        places, edges = arrange(inputs)
        self._data = {
            "boxes": [box._asdict() | {"place": places[box.name]} for box in self.boxes],
            "start": {"name": PICTURE, "place": places[PICTURE], "inside": bool(first)},
            "edges": [[list(point) for point in line] for _, _, line in edges],
            "total": self.parameters,
        }

    @property
    def parameters(self) -> int:
        """The number of parameters of all layers shown."""
        return sum(box.parameters for box in self.boxes)


def boxes(layers: Iterable[Any], fold: bool, first: str, last: str) -> list[Box]:
    """The boxes of the layers from `first` to `last`, which may be folded layers."""
    records = list(layers)
    if not records:
        raise InvalidValueError("A diagram needs at least one layer; none was given.")
    names = [record.name for record in records]
    for name in (first, last):
        if name and name not in names:
            raise UnknownNameError.of("layer", name, names)
    begin = names.index(first) if first else 0
    end = names.index(last) + 1 if last else len(names)
    if begin >= end:
        raise InvalidValueError(f"Layer {first!r} comes after {last!r}; nothing is between them.")
    inputs = _inputs(records)
    box_of: dict[str, str] = {}  # a folded layer → its box
    drawn: dict[str, Box] = {}
    followers = [name for before in inputs.values() for name in before]
    for record in records[begin:end]:
        before = tuple(dict.fromkeys(box_of.get(name, name) for name in inputs[record.name]))
        host = drawn.get(before[0]) if len(before) == 1 else None
        folds = fold and record.kind.startswith(FOLDED)
        # Nothing is folded onto a layer whose own result has other users.
        if folds and host and followers.count(_end(host)) == 1:
            box_of[record.name] = host.name
            drawn[host.name] = host._replace(
                then=(*host.then, record.kind),
                # Flattening keeps the map's positions and units.
                shape=host.shape if record.kind == "Flatten" else tuple(record.output_shape),
                parameters=host.parameters + getattr(record, "parameters", 0),
                members=(*host.members, record.name),
            )
        elif folds and not host and len(before) == 1 and begin == 0 and before[0] == "":
            box_of[record.name] = ""  # it rescales or pads the picture
        else:
            drawn[record.name] = _box(record, before)
    if not drawn:
        raise InvalidValueError(f"Between {first!r} and {last!r} there is no layer to be drawn.")
    return list(drawn.values())


def _end(box: Box) -> str:
    return (box.members or (box.name,))[-1]


def _inputs(records: Sequence[Any]) -> dict[str, tuple[str, ...]]:
    row = ["", *(record.name for record in records)]
    return {
        record.name: tuple(getattr(record, "inputs", (before,)))
        for record, before in zip(records, row, strict=False)
    }


def _box(record: Any, before: tuple[str, ...]) -> Box:
    kind = record.kind
    window, field = "", ""
    if getattr(record, "kernel", None):
        stride = " × ".join(map(str, dict.fromkeys(record.strides)))
        window = f"{_times(record.kernel)}, stride {stride}, {record.padding}"
    if getattr(record, "field", None):
        field = f"a place sees {_times(record.field.size)} pixels"
    return Box(
        record.name,
        kind,
        sort_of(kind),
        tuple(record.output_shape),
        getattr(record, "parameters", 0),
        before,
        window,
        (),
        field,
        (),
    )


def _times(numbers: Iterable[Any]) -> str:
    return " × ".join("?" if n is None else str(n) for n in numbers)
