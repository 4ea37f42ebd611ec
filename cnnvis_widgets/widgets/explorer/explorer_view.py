"""The explorer's picture: an explanation with touch tools."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import traitlets

from cnnvis_widgets import checks
from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.rendering import choose_colormap, colormap_names, lookup
from cnnvis_widgets.rendering.scales import Kind
from cnnvis_widgets.widgets.explorer.explanation_view import ExplanationView
from cnnvis_widgets.widgets.toolkit.traits import NUMBER, TEXT, Field, OneOf, Records, checked

TOOLS = ("read", "position", "box", "paint", "patch", "superpixels", "deletion")
"""What a touch of the picture does: reads a value, chooses a position of the layer, measures the
map in a box, paints a mask to compare with the map, covers a patch, toggles a superpixel; the last
shows the deletion curve."""

MOST_BOXES, MOST_PIECES, FARTHEST = 4, 1000, 100_000


class ExplorerView(ExplanationView, from_page="tool touched colormap"):
    """An `ExplanationView` with a toolbar beside the picture.

    Attributes:
        tool: one of `TOOLS`.
        colormap: a name of `rendering.colormap_names()`; "" for the default, which is also used if
            the colour map does not suit the map's scale.
        colormaps: the names that suit it.
        layer: the layer whose positions can be chosen; "" for none.
        receptive_fields: those of the layer: places ([rows, columns] of the layer), and size,
            strides and start, two numbers each, which are left out where a position sees the whole
            picture; {} until known.
        pieces: int16, little-endian, row after row: the superpixel of each pixel; b"" until known.
        touched: the covered parts: boxes ([top, left, bottom, right] in pixels), off (numbers of
            superpixels) and number, which `answers` repeats.
        answers: the network's answer to it: number, share (of the picture that is covered), value
            (of a neuron below the output); its classes are in `rows`.
        rows: records of classes: unit, label, before and now (probabilities, or logits).
        deletion: shares, values, chance, areas, of, see `engine.touch.Deletion`; {} for none.
        fewest: the fewest superpixels that keep the class first: progress (tried, estimate), failed
            (a sentence), or the fields of `engine.fewest.Fewest`; {} if not requested.
        touch_error: why there is no answer; may be empty.
        state: text embedded in a saved picture, see `saved_state.py`; "" for none.
    """

    tool = OneOf("tool", TOOLS, "read").tag(sync=True)
    colormap = OneOf("colour map", ("", *colormap_names()), "").tag(sync=True)
    colormaps = traitlets.List(traitlets.Unicode()).tag(sync=True)
    layer = traitlets.Unicode("").tag(sync=True)
    receptive_fields = traitlets.Dict().tag(sync=True)
    pieces = traitlets.Bytes(b"").tag(sync=True)
    answers = traitlets.Dict().tag(sync=True)
    rows = Records("class", unit=Field((int,)), label=TEXT, before=NUMBER, now=NUMBER).tag(
        sync=True
    )
    deletion = traitlets.Dict().tag(sync=True)
    fewest = traitlets.Dict().tag(sync=True)
    touch_error = traitlets.Unicode("").tag(sync=True)
    state = traitlets.Unicode("").tag(sync=True)

    @checked({"boxes": [], "off": [], "number": 0})
    def touched(self, value: Any) -> dict[str, Any]:
        if not isinstance(value, dict) or set(value) != {"boxes", "off", "number"}:
            raise InvalidValueError(f"touched has boxes, off and number; got {value!r:.80}.")
        boxes, off = value["boxes"], value["off"]
        both_lists = isinstance(boxes, list) and isinstance(off, list)
        if not both_lists or len(boxes) > MOST_BOXES or len(off) > MOST_PIECES:
            raise InvalidValueError("touched has a few boxes and superpixels, in lists.")
        for box in boxes:
            if not isinstance(box, list) or len(box) != 4:
                raise InvalidValueError(f"A box is [top, left, bottom, right]; got {box!r:.80}.")
        return {
            "boxes": [[_integer("box", n, -FARTHEST) for n in box] for box in boxes],
            "off": [_integer("superpixel", n) for n in off],
            "number": _integer("number", value["number"], most=2**53),
        }

    @traitlets.default("colormaps")
    def _first_colormaps(self) -> list[str]:
        return list(colormap_names(self.kind))

    @traitlets.observe("kind")
    def _kind_changed(self, _change: object) -> None:
        self.colormaps = list(colormap_names(self.kind))

    @traitlets.observe("colormap")
    def _recolour(self, _change: object) -> None:
        if self.heatmap:
            self.lookup = self._table(self.kind)

    def _table(self, kind: Kind) -> bytes:
        suits = self.colormap in colormap_names(kind)
        return lookup(choose_colormap(kind, self.colormap if suits else None)).tobytes()

    def coloured(self, state: Mapping[str, Any]) -> dict[str, Any]:
        """A view state with the chosen colours if it has a heatmap."""
        table = {"lookup": self._table(state["kind"])} if state.get("heatmap") else {}
        return {**state, **table}

    def put(self, state: Mapping[str, Any], unfinished: bool = False) -> None:
        """Show a result in the chosen colours; see `ExplanationView.put`."""
        super().put(self.coloured(state) if self.colormap else state, unfinished)

    def show_pieces(self, pieces: np.ndarray) -> None:
        """Show superpixels, integers (rows, columns) of the picture's size."""
        self.pieces = np.ascontiguousarray(pieces, "<i2").tobytes()

    def forget_touch(self) -> None:
        """Drop the touch tools' results for the last map."""
        with self.hold_sync():
            self.answers, self.rows, self.deletion, self.fewest = {}, [], {}, {}
            self.touch_error = ""


def _integer(name: str, value: Any, least: int = 0, most: int = FARTHEST) -> int:
    return checks.whole(name, value, least, most)
