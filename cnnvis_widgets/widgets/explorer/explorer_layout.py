"""The layout of an explorer's parts; their styles are in `explorer.css`."""

from __future__ import annotations

from typing import TYPE_CHECKING

import ipywidgets

from cnnvis_widgets.widgets.explorer.explorer_records import CLASSES

if TYPE_CHECKING:
    from cnnvis_widgets.widgets.explorer.explorer import Explorer


def lay_out(explorer: Explorer) -> list[ipywidgets.Widget]:
    """The bar, the picture with neurons and kept maps beside it, and a panel for each picker."""
    view = ipywidgets.VBox([explorer.view, explorer.trust, explorer.growth])
    beside = ipywidgets.VBox([explorer.predictions, explorer.neurons, explorer.card])
    columns = ipywidgets.Box([view, ipywidgets.VBox([beside, explorer.kept])])
    main = ipywidgets.Box([columns])
    for part, name in ((view, "view"), (columns, "columns"), (main, "main")):
        part.add_class(f"cnnvis-explorer-{name}")
    panels = {
        "networks": ipywidgets.Box([explorer.own, explorer.networks]),
        "pictures": ipywidgets.Box([explorer.pictures]),
        "layers": ipywidgets.Box([explorer.layers]),
        "neurons": beside,
        "methods": ipywidgets.Box([explorer.methods]),
        "parameters": ipywidgets.Box([explorer.parameters]),
    }
    for name, panel in panels.items():
        panel.add_class("cnnvis-panel")
        panel.add_class(f"cnnvis-panel-{name}")
    explorer.neurons.layout.display = explorer.growth.layout.display = "none"
    return [explorer.header, main, *(panel for panel in panels.values() if panel is not beside)]


def show_target(explorer: Explorer) -> None:
    """Show the classes, or the neurons of the chosen layer."""
    classes = explorer.layers.value == CLASSES
    explorer.predictions.layout.display = "" if classes else "none"
    explorer.neurons.layout.display = "none" if classes else ""
