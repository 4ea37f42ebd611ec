"""The explorer's bar: each choice is shown on a button that opens its picker."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import traitlets

from cnnvis_widgets import checks
from cnnvis_widgets.errors import CnnvisError
from cnnvis_widgets.widgets.explorer.explorer_header import ExplorerHeader
from cnnvis_widgets.widgets.explorer.explorer_records import CLASSES, fact
from cnnvis_widgets.widgets.explorer.explorer_state import LOOKS, query
from cnnvis_widgets.widgets.explorer.explorer_trust import touch
from cnnvis_widgets.widgets.toolkit.traits import NAME, PICTURE, TEXT, Records

if TYPE_CHECKING:
    from cnnvis_widgets.widgets.explorer.explorer import Explorer


PARTS = ("network", "picture", "layer", "neuron", "method", "parameters")
"""What a link can fix, so that a visitor cannot change it."""

SIGHTS = ("title", "classes", "trust", "tools", "code")
"""What a link can hide: the picture's title, the classes beside it, the trust strip, the touch
tools, and the code."""


LONGEST_LINK = 8000
"""Characters; a dozen kept maps take about two thousand."""


class ExplorerBar(ExplorerHeader):
    """Network, picture, layer, neuron, method and parameters in one line, and the work under way.

    A button opens the explorer's panel with the class ``cnnvis-panel-NAME``; a choice in it,
    Escape, or a click elsewhere closes it.

    Attributes:
        entries: records of name (of the panel), title ("Network"), value (the choice, in words),
            thumbnail and error (of that panel, shown here while it is closed).
        link: the choices as a URL query; the page's address follows it.
        lacks: sentences on what the link does not carry and what opening it needs.
        fixed: those of `PARTS` that a visitor cannot change.
        hidden: those of `SIGHTS` that are not shown.
    """

    _explorer: Explorer | None = None

    link = traitlets.Unicode("").tag(sync=True)
    lacks = traitlets.List(traitlets.Unicode()).tag(sync=True)
    entries = Records(
        "part of the bar", name=NAME, title=TEXT, value=TEXT, thumbnail=PICTURE, error=TEXT
    ).tag(sync=True)

    fixed = traitlets.List(traitlets.Unicode()).tag(sync=True)
    hidden = traitlets.List(traitlets.Unicode()).tag(sync=True)

    def check(self, name: str, given: Sequence[str]) -> None:
        """Check names of parts to be fixed or hidden.

        Args:
            name: "fixed" or "hidden".
            given: the names.

        Raises:
            UnknownNameError: an unknown name.
        """
        for part in given:
            checks.choice(f"part that can be {name}", part, PARTS if name == "fixed" else SIGHTS)

    def follow(self, explorer: Explorer) -> None:
        """Show the choices of an explorer's pickers, now and after each change."""
        self._explorer = explorer

        def show(_: object = None) -> None:
            self.entries, self.link = entries(explorer), query(explorer)
            self.lacks = explorer.bringing.lacks()

        for part, names in (
            (explorer.networks, ["value", "networks", "error"]),
            (explorer.own, ["error"]),
            (explorer.pictures, ["value", "pictures", "_uploads", "error"]),
            (explorer.layers, ["value", "error"]),
            (explorer.predictions, ["value", "labels"]),
            (explorer.neurons, ["value", "aggregate", "position"]),
            (explorer.methods, ["value", "methods"]),
            (explorer.parameters, ["value", "parameters"]),
        ):
            part.observe(show, names)
        explorer.view.observe(show, list(LOOKS))
        explorer.kept.observe(show, ["entries", "coming"])
        self.observe(self._fix, "fixed")
        self.observe(show, ["fixed", "hidden"])
        show()

    def _fix(self, _: object) -> None:
        """Disable the pickers of fixed parts, and enable the others."""
        assert self._explorer is not None
        explorer = self._explorer
        pickers = {
            "network": [explorer.networks, explorer.own],
            "picture": [explorer.pictures],
            "layer": [explorer.layers],
            "neuron": [explorer.neurons, explorer.predictions],
            "method": [explorer.methods],
            "parameters": [explorer.parameters],
        }
        for part, controls in pickers.items():
            for control in controls:
                control.disabled = part in self.fixed

    def _receive(self, _widget: object, content: dict[str, object], _buffers: object) -> None:
        super()._receive(_widget, content, _buffers)
        if content.get("kind") == "qr":
            self._send_qr(str(content.get("address")))
        if content.get("kind") == "touched" and self._explorer is not None:
            touch(self._explorer)
        if content.get("kind") != "link" or self._explorer is None:
            return
        self.error = ""
        try:
            self._explorer.open_link(str(content.get("link"))[:LONGEST_LINK])
        except CnnvisError as error:
            self.error = f"The link cannot be followed. {error}"

    def _send_qr(self, address: str) -> None:
        from cnnvis_widgets.widgets.explorer.qr_code import qr_svg

        self.error = ""
        try:
            self.send({"kind": "qr", "svg": qr_svg(address), "address": address})
        except CnnvisError as error:
            self.error = str(error)


def entries(explorer: Explorer) -> list[dict[str, Any]]:
    """The entries of an explorer's bar."""
    networks, pictures = explorer.networks, explorer.pictures
    records = [*pictures.pictures, *pictures._uploads]
    declared = {p["name"]: p["default"] for p in explorer.parameters.parameters}
    changed = sum(declared[name] != value for name, value in explorer.parameters.value.items())
    layer = explorer.layers.value
    return [
        _entry(
            "networks",
            "Network",
            fact(networks.networks, networks.value),
            error=networks.error or explorer.own.error,
        ),
        _entry(
            "pictures",
            "Picture",
            fact(records, pictures.value),
            next((r["thumbnail"] for r in records if r["name"] == pictures.value), ""),
            pictures.error,
        ),
        _entry(
            "layers",
            "Layer",
            "output" if layer in ("", CLASSES) else layer,
            error=explorer.layers.error,
        ),
        _entry("neurons", "Neuron", _neuron(explorer)),
        _entry("methods", "Method", fact(explorer.methods.methods, explorer.methods.value)),
        _entry("parameters", "Parameters", f"{changed} changed" if changed else "as published"),
    ]


def _entry(
    name: str, title: str, value: str, thumbnail: str = "", error: str = ""
) -> dict[str, Any]:
    return {"name": name, "title": title, "value": value, "thumbnail": thumbnail, "error": error}


def _neuron(explorer: Explorer) -> str:
    if explorer.layers.value not in ("", CLASSES):
        unit = explorer.neurons.value
        position = ", ".join(map(str, explorer.neurons.position))
        return "" if unit is None else f"unit {unit}" + (f" at ({position})" if position else "")
    unit, labels = explorer.predictions.value, explorer.predictions.labels
    if unit is None:
        return "most probable class"
    return labels[unit] if unit < len(labels) else f"unit {unit}"
