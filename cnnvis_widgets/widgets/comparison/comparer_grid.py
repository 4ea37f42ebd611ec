"""A grid of maps: pictures' neurons in rows, methods in columns, for one network."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import traitlets

from cnnvis_widgets.widgets.toolkit.control import Control
from cnnvis_widgets.widgets.toolkit.traits import FLAG, NAME, TEXT, Offered, Place, Records


class ComparerGrid(Control, from_page="network selected"):
    """Small maps in rows and columns, which appear one by one and can be chosen.

    Pictures are sent to the page in messages with buffers; a page that opens later requests them
    all.

    Args:
        on_cancel: called when the visitor stops the work.
        on_continue: called when the visitor continues it.
        kwargs: the attributes.

    Attributes:
        networks: records of name, title, available and why (not).
        network: the chosen network's name.
        methods: records of name and title, for the columns.
        rows: records of key, picture, neuron (the rule in a word) and label (the neuron itself).
        selected: [row, column] of the chosen cell, or None.
        done: the number of finished cells.
        working: what is under way, or "".

    Raises:
        UnknownNameError: `network` is not in `networks`.
        UnsuitableError: `network` is not available.
        InvalidValueError: `selected` is outside the grid.
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
            image: a PNG file, or b"" for none.
            alt: alt text.
            why: the reason for none.
        """
        self._cells[row, column] = {"alt": alt, "why": why}, image
        self.done = len(self._cells)
        self._send_cell(row, column)

    def mark(self, row: int, column: int, checks: Sequence[dict[str, Any]]) -> None:
        """Show the checks of a cell's map below it.

        Args:
            row: counted from 0.
            column: counted from 0.
            checks: records of `TrustStrip.checks`.
        """
        fields = ("title", "verdict", "sentence")
        self._checks[row, column] = [{name: check[name] for name in fields} for check in checks]
        self._send_checks(row, column)

    def picture(self, name: str, image: bytes) -> None:
        """Show a picture, a PNG file, beside its rows."""
        self._pictures[name] = image
        self._send_picture(name)

    def clear(self) -> None:
        """Remove all cells."""
        self._cells.clear()
        self._checks.clear()
        self.selected, self.done = None, 0
        self.send({"kind": "clear"})

    def _send_cell(self, row: int, column: int) -> None:
        words, image = self._cells[row, column]
        position = {"network": self.network, "row": row, "column": column}
        self.send({"kind": "cell", **position, **words}, [image])

    def _send_checks(self, row: int, column: int) -> None:
        position = {"network": self.network, "row": row, "column": column}
        self.send({"kind": "checks", **position, "checks": self._checks[row, column]})

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
            for position in list(self._cells):
                self._send_cell(*position)
            for position in list(self._checks):
                self._send_checks(*position)
