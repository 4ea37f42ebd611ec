"""Choose a layer, in the order of the network, with its shape and its place in the whole."""

from __future__ import annotations

import traitlets

from cnnvis_widgets.widgets.toolkit.control import Control
from cnnvis_widgets.widgets.toolkit.traits import (
    INTEGER,
    NAME,
    TEXT,
    Field,
    Offered,
    Records,
    still_offered,
)


class LayerPicker(Control, from_page="value"):
    """The layers of a network, first to last, grouped by block, with a filter.

    Beside each layer a small bar shows its rows (the bar's height) and its units (its width), both
    on a logarithmic scale, so that the network's funnel can be seen while scrolling.

    Attributes:
        layers: records of name, kind ("Conv2D"), shape (of its output for one picture: rows,
            columns, units, or only units; `None` where it is not fixed), units, and group (the
            block's name; layers of one group stand one after another). A `Network`'s own layer
            records are taken as they are.
        value: the chosen layer's name; "" when none is. Falls back to "" when `layers` changes and
            it is not among them.

    Raises:
        UnknownNameError: `value` is set to a name that is not in `layers`.
    """

    label = traitlets.Unicode("Layer").tag(sync=True)
    layers = Records(
        "layer",
        name=NAME,
        kind=TEXT,
        shape=Field((list,), (), alias="output_shape"),
        units=INTEGER,
        group=TEXT,
    ).tag(sync=True)
    value = Offered("layer", lambda picker: picker.layers).tag(sync=True)

    @traitlets.observe("layers")
    def _fit(self, _change: object) -> None:
        self.value = still_offered(self.value, self.layers)
