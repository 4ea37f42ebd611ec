"""Choose a layer from a list or a diagram of the network."""

from __future__ import annotations

from typing import Any

import traitlets

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.widgets.explorer.layer_diagram import layer_diagram, units_of
from cnnvis_widgets.widgets.toolkit.control import Control
from cnnvis_widgets.widgets.toolkit.traits import (
    INTEGER,
    NAME,
    TEXT,
    Field,
    Offered,
    OneOf,
    Records,
    checked,
    still_offered,
)

FEW = 30
"""Up to this many layers, a diagram starts with its blocks open."""


class LayerPicker(Control, from_page="value view unfolded"):
    """The layers of a network, grouped by block, with a filter: as a list, or as a diagram.

    In the list a small bar beside each layer shows its rows (the bar's height) and its units (its
    width), both on a logarithmic scale. The diagram shows the layers as boxes and their inputs as
    lines; each block is folded into one box until it is opened.

    Attributes:
        layers: records of name, kind ("Conv2D"), shape (of its output for one picture: rows,
            columns, units, or only units; `None` where it is not fixed), units, and group (the
            block's name; layers of one group are consecutive), inputs (the names of its input
            layers; None for the layer before it) and window (of a convolution or pooling,
            "3 × 3"). A `Network`'s own layer records are accepted as they are.
        value: the chosen layer's name; "" for none. Becomes "" if new `layers` do not have it.
        view: "list" or "diagram".
        unfolded: the open blocks of the diagram, each by the name of its first layer.

    Raises:
        UnknownNameError: `value` is not in `layers`, or an unknown `view`.
        InvalidValueError: `unfolded` is not a list of names.
    """

    label = traitlets.Unicode("Layer").tag(sync=True)
    layers = Records(
        "layer",
        name=NAME,
        kind=TEXT,
        shape=Field((list,), (), alias="output_shape"),
        units=INTEGER,
        group=TEXT,
        inputs=Field((list, type(None)), None),
        window=TEXT,
    ).tag(sync=True)
    value = Offered("layer", lambda picker: picker.layers).tag(sync=True)
    view = OneOf("view of the layers", ("list", "diagram"), "list").tag(sync=True)
    _diagram = traitlets.Dict().tag(sync=True)

    @checked([])
    def unfolded(self, keys: Any) -> list[str]:
        if not isinstance(keys, list | tuple) or not all(isinstance(key, str) for key in keys):
            raise InvalidValueError(f"unfolded is a list of layers' names; got {keys!r}.")
        blocks = set(self._blocks().values())
        return [key for key in dict.fromkeys(keys) if key in blocks]

    def _blocks(self) -> dict[str, str]:
        """Layer in a block → the block's first layer."""
        units = [unit for unit in units_of(self.layers) if unit.folds]
        return {layer["name"]: unit.key for unit in units for layer in unit.layers}

    @traitlets.observe("layers")
    def _fit(self, _change: object) -> None:
        self.value = still_offered(self.value, self.layers)
        blocks = list(self._blocks().values())
        still_unfolded = [key for key in self.unfolded if key in blocks]
        self.unfolded = still_unfolded or (blocks if len(self.layers) <= FEW else [])

    @traitlets.observe("value", "view", "layers")
    def _open_chosen(self, _change: object) -> None:
        """Open the chosen layer's block, so that the layer is visible."""
        block = self._blocks().get(self.value) if self.view == "diagram" else None
        if block is not None and block not in self.unfolded:
            self.unfolded = [*self.unfolded, block]

    @traitlets.observe("layers", "view", "unfolded")
    def _draw(self, _change: object) -> None:
        diagram_shown = self.view == "diagram" and self.layers
        self._diagram = layer_diagram(self.layers, self.unfolded) if diagram_shown else {}
