"""A network as a diagram: a box for each layer, with its shape and what feeds it."""

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
# With `fold`, these are said in the box of the layer that they follow.
FOLDED = ("BatchNorm", "ReLU", "Relu", "Activation", "ZeroPad", "Dropout", "Flatten", "Softmax",
          "InputLayer", "Rescaling", "Normalization")  # fmt: skip


class Box(NamedTuple):
    """What the diagram shows of one layer.

    Attributes:
        name: of the layer.
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
    """The layers of a network from the picture on the left to the answer on the right.

    A box is as high as its map (in logarithmic steps), has the colour of what the layer does, and
    says its shape; under it a bar for its share of the parameters. Choosing one, by mouse or with
    the arrow keys, tells everything that is known of it.

    Args:
        layers: records with name, kind, output_shape, parameters, inputs, kernel, strides, padding
            and field: `network.plan`, or `load_plan("vgg16")`. Records without inputs, as those of
            `network.layers`, are put in a row.
        fold: layers that only rectify, normalise, pad or reshape are said in the box before them.
        first, last: only the layers from one to another (a block); "" for the ends.
        kwargs: the attributes.

    Attributes:
        value: the name of the chosen box; "" for none.
        alt: what the diagram shows, in words.

    Raises:
        InvalidValueError: no layers, or none that is left.
        UnknownNameError: `first`, `last` or `value` is no layer.
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
        known = {box.name for box in self.boxes}
        inputs = {PICTURE: ()} | {
            box.name: [name if name in known else PICTURE for name in box.inputs]
            for box in self.boxes
        }
        places, edges = arrange(inputs)
        self._data = {
            "boxes": [box._asdict() | {"place": places[box.name]} for box in self.boxes],
            "start": {"name": PICTURE, "place": places[PICTURE], "inside": bool(first)},
            "edges": [[list(place) for place in line] for _, _, line in edges],
            "total": self.parameters,
        }

    @property
    def parameters(self) -> int:
        """How many numbers all layers that are shown hold."""
        return sum(box.parameters for box in self.boxes)


def boxes(layers: Iterable[Any], fold: bool, first: str, last: str) -> list[Box]:
    """The boxes of the layers from `first` to `last`; an end that was folded away counts too."""
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
    stands_for: dict[str, str] = {}  # a folded layer → the box that says it
    made: dict[str, Box] = {}
    followers = [name for before in inputs.values() for name in before]
    for record in records[begin:end]:
        before = tuple(dict.fromkeys(stands_for.get(name, name) for name in inputs[record.name]))
        host = made.get(before[0]) if len(before) == 1 else None
        folds = fold and record.kind.startswith(FOLDED)
        # A result that others take before it is rectified must stay visible as it is.
        if folds and host and followers.count(_end(host)) == 1:
            stands_for[record.name] = host.name
            made[host.name] = host._replace(
                then=(*host.then, record.kind),
                # The numbers of a flattened map are still its places and units.
                shape=host.shape if record.kind == "Flatten" else tuple(record.output_shape),
                parameters=host.parameters + getattr(record, "parameters", 0),
                members=(*host.members, record.name),
            )
        elif folds and not host and len(before) == 1 and begin == 0 and before[0] == "":
            stands_for[record.name] = ""  # rescales or pads the picture itself
        else:
            made[record.name] = _box(record, before)
    if not made:
        raise InvalidValueError(f"Between {first!r} and {last!r} there is no layer to be drawn.")
    return list(made.values())


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
