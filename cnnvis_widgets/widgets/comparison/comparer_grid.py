"""A grid of maps: a picture's neurons down, methods across, one network at a time."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import traitlets

from cnnvis_widgets.widgets.toolkit.control import Control
from cnnvis_widgets.widgets.toolkit.traits import FLAG, NAME, TEXT, Offered, Place, Records


class ComparerGrid(Control, from_page="network selected"):
    """Small maps in rows and columns, which appear one by one and may be chosen.

    Pictures go to the page as messages with buffers; a page that is opened later asks for all.

    Args:
        on_cancel: called when the visitor stops the work.
        on_continue: called when the visitor lets it go on.
        kwargs: the attributes.

    Attributes:
        networks: records of name, title, available and why (not).
        network: the chosen one's name.
        methods: records of name and title, the columns.
        rows: records of key, picture, neuron (the rule in a word) and label (the neuron itself).
        selected: [row, column] of the chosen cell, or None.
        done: how many cells are there.
        working: what is under way, or "".

    Raises:
        UnknownNameError: `network` is none of `networks`.
        UnsuitableError: it is one that is not at hand.
        InvalidValueError: `selected` is no place of the grid.
    """

    label = traitlets.Unicode("Network").tag(sync=True)
    networks = Records("network", name=NAME, title=TEXT, available=FLAG, why=TEXT).tag(sync=True)
    network = Offered("network", lambda grid: grid.networks, "available").tag(sync=True)
    methods = Records("method", name=NAME, title=TEXT).tag(sync=True)
    rows = Records("row", key=NAME, picture=TEXT, neuron=TEXT, label=TEXT).tag(sync=True)
    selected = Place(lambda grid: (len(grid.rows), len(grid.methods)), None, optional=True).tag(
        sync=True
    )
    done = traitlets.Int(0).tag(sync=True)
    working = traitlets.Unicode("").tag(sync=True)

    def __init__(
        self,
        on_cancel: Callable[[], object] = lambda: None,
        on_continue: Callable[[], object] = lambda: None,
        **kwargs: Any,
    ) -> None:
        self._on_cancel, self._on_continue = on_cancel, on_continue
        self._cells: dict[tuple[int, int], tuple[dict[str, str], bytes]] = {}
        self._checks: dict[tuple[int, int], list[dict[str, str]]] = {}
        self._pictures: dict[str, bytes] = {}
        super().__init__(**kwargs)
        self.on_msg(self._receive)

    def fill(self, row: int, column: int, image: bytes, alt: str, why: str = "") -> None:
        """Show a cell.

        Args:
            row: counted from 0.
            column: counted from 0.
            image: a PNG file, or b"" where there is none.
            alt: what it shows.
            why: why there is none.
        """
        self._cells[row, column] = {"alt": alt, "why": why}, image
        self.done = len(self._cells)
        self._send_cell(row, column)

    def mark(self, row: int, column: int, checks: Sequence[dict[str, Any]]) -> None:
        """Show below a cell's map whether it can be trusted.

        Args:
            row: counted from 0.
            column: counted from 0.
            checks: records of `TrustStrip.checks`.
        """
        told = ("title", "verdict", "sentence")
        self._checks[row, column] = [{name: check[name] for name in told} for check in checks]
        self._send_checks(row, column)

    def picture(self, name: str, image: bytes) -> None:
        """Show what a picture looks like, beside its rows."""
        self._pictures[name] = image
        self._send_picture(name)

    def clear(self) -> None:
        """Take all cells away."""
        self._cells.clear()
        self._checks.clear()
        self.selected, self.done = None, 0
        self.send({"kind": "clear"})

    def _send_cell(self, row: int, column: int) -> None:
        words, image = self._cells[row, column]
        place = {"network": self.network, "row": row, "column": column}
        self.send({"kind": "cell", **place, **words}, [image])

    def _send_checks(self, row: int, column: int) -> None:
        place = {"network": self.network, "row": row, "column": column}
        self.send({"kind": "checks", **place, "checks": self._checks[row, column]})

    def _send_picture(self, name: str) -> None:
        self.send({"kind": "picture", "name": name}, [self._pictures[name]])

    def _receive(self, _widget: object, content: dict[str, Any], _buffers: object) -> None:
        kind = content.get("kind")
        if kind == "cancel":
            self._on_cancel()
        elif kind == "continue":
            self._on_continue()
        elif kind == "ready":
            for name in list(self._pictures):
                self._send_picture(name)
            for place in list(self._cells):
                self._send_cell(*place)
            for place in list(self._checks):
                self._send_checks(*place)
