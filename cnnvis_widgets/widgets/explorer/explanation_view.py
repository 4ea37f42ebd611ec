"""One explanation, drawn in the browser from raw values, so that its look changes at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import traitlets
from numpy.typing import ArrayLike

from cnnvis_widgets import checks
from cnnvis_widgets.rendering.scales import Kind
from cnnvis_widgets.widgets.explorer.explanation_state import (
    heatmap_state,
    image_state,
    labelled_ticks,
)
from cnnvis_widgets.widgets.toolkit.base import Component
from cnnvis_widgets.widgets.toolkit.traits import OneOf, Real, checked

MODES = ("overlay", "split", "side_by_side", "heatmap", "contour", "picture")
"""Ways to show a heatmap with its picture."""

BLENDS = ("uniform", "value")
"""Ways to blend an overlay, see `cnnvis_widgets.rendering.overlay`."""

MOST_ZOOM = 32.0


class ExplanationView(Component, from_page="mode opacity blend threshold gray_picture split zoom"):
    """The network's input picture, and the heatmap or picture that a method made.

    Fill it with `show`, `show_image`, `waiting` and `fail`, which may be called from any thread.
    What a visitor chooses (mode, opacity, zoom …) stays when the next result comes.

    Attributes:
        picture: PNG or JPEG file; the network's input.
        heatmap: float32, little-endian, row after row: the raw values, never rescaled.
        shape: rows and columns of the heatmap.
        lookup: uint8 (256, 3), the colours from low to high.
        low: raw value at the lower end of the scale: `-high` (diverging) or 0 (sequential).
        high: raw value at its upper end; 0 for a map of zeros.
        kind: "sequential" or "diverging".
        ticks: values and labels on the colour bar; follow from the scale.
        clipped: a note on the scale ("clipped at 0.02 …"); may be empty.
        unit: of the values, in words.
        image: PNG or JPEG file that the method made instead of a heatmap.
        title: above the picture.
        alt: alt text.
        notes: sentences below the picture.
        warnings: the notes to be emphasised.
        code: a script that computes the same result.
        filename: of downloads, without a suffix.
        mode: one of `MODES`. Over an `image`, "heatmap" shows it alone.
        opacity: of the overlay, 0 to 1.
        blend: "uniform", or "value": small values cover less.
        threshold: share of the pixels that an overlay leaves out, those with the smallest absolute
            values, 0 to 1.
        gray_picture: whether the picture is grey under the map.
        split: where the divider is, 0 (map only) to 1 (picture only).
        zoom: 1 (all of it) to 32.
        progress: share of the work that is finished, 0 to 1; -1 if unknown or idle.
        progress_text: what is under way.
    """

    picture = traitlets.Bytes(b"").tag(sync=True)
    heatmap = traitlets.Bytes(b"").tag(sync=True)
    shape = traitlets.List(traitlets.Int(), [0, 0]).tag(sync=True)
    lookup = traitlets.Bytes(b"").tag(sync=True)
    low = traitlets.Float(0.0).tag(sync=True)
    high = traitlets.Float(0.0).tag(sync=True)
    kind = OneOf("kind of scale", ("sequential", "diverging"), "sequential").tag(sync=True)
    ticks = traitlets.List().tag(sync=True)
    clipped = traitlets.Unicode("").tag(sync=True)
    unit = traitlets.Unicode("").tag(sync=True)
    image = traitlets.Bytes(b"").tag(sync=True)
    title = traitlets.Unicode("").tag(sync=True)
    alt = traitlets.Unicode("").tag(sync=True)
    notes = traitlets.List(traitlets.Unicode()).tag(sync=True)
    warnings = traitlets.List(traitlets.Unicode()).tag(sync=True)
    code = traitlets.Unicode("").tag(sync=True)
    filename = traitlets.Unicode("explanation").tag(sync=True)
    mode = OneOf("mode", MODES, "overlay").tag(sync=True)
    opacity = Real(0, 1, 0.6).tag(sync=True)
    blend = OneOf("way to blend", BLENDS, "uniform").tag(sync=True)
    threshold = Real(0, 1, 0.0).tag(sync=True)
    gray_picture = traitlets.Bool(True).tag(sync=True)
    split = Real(0, 1, 0.5).tag(sync=True)
    zoom = Real(1, MOST_ZOOM, 1.0).tag(sync=True)

    progress_text = traitlets.Unicode("").tag(sync=True)

    @checked(-1.0)
    def progress(self, value: object) -> float:
        return -1.0 if value == -1 else checks.number("progress (where it is not -1)", value, 0, 1)

    def show(
        self,
        picture: ArrayLike,
        heatmap: ArrayLike,
        lookup: ArrayLike,
        low: float,
        high: float,
        kind: Kind,
        *,
        title: str = "",
        alt: str = "",
        notes: Sequence[str] = (),
        warnings: Sequence[str] = (),
        unit: str = "",
        code: str = "",
        filename: str = "explanation",
        clipped: str | None = None,
        unfinished: bool = False,
    ) -> None:
        """Show a heatmap; picture, values and texts change in one message.

        Args:
            picture: uint8 (rows, columns, 3), the network's input crop.
            heatmap: real numbers (r, c) of the picture's proportions, raw.
            lookup: uint8 (256, 3), the colours from `low` to `high`.
            low: raw value at the scale's lower end: `-high` (diverging) or 0 (sequential).
            high: raw value at its upper end.
            kind: "sequential" or "diverging".
            title: see the attributes, as the following.
            alt: see there.
            notes: see there.
            warnings: notes to be emphasised; may be in `notes` too.
            unit: see there.
            code: see there.
            filename: see there.
            clipped: None for the note that follows from the scale and the largest value.
            unfinished: whether the result still improves; the progress text then stays.

        Raises:
            InvalidValueError: a wrong shape or dtype, proportions of another crop, values that are
                NaN or infinite, or a scale that does not fit them.
        """
        state = heatmap_state(picture, heatmap, lookup, low, high, kind, clipped=clipped)
        words = {"title": title, "alt": alt, "notes": list(notes), "warnings": list(warnings)}
        self.put({**state, **words, "unit": unit, "code": code, "filename": filename}, unfinished)

    def show_image(
        self,
        image: ArrayLike,
        *,
        picture: ArrayLike | None = None,
        title: str = "",
        alt: str = "",
        notes: Sequence[str] = (),
        warnings: Sequence[str] = (),
        code: str = "",
        filename: str = "explanation",
        unfinished: bool = False,
    ) -> None:
        """Show a picture that a method made; may be called again while it improves.

        Args:
            image: uint8 (rows, columns, 3).
            picture: uint8 (rows, columns, 3), the network's input for comparison.
            title: see the attributes, as the following.
            alt: see there.
            notes: see there.
            warnings: see `show`.
            code: see the attributes.
            filename: see there.
            unfinished: see `show`.

        Raises:
            InvalidValueError: a wrong shape or dtype.
        """
        words = {"title": title, "alt": alt, "notes": list(notes), "warnings": list(warnings)}
        state = image_state(image, picture)
        self.put({**state, **words, "code": code, "filename": filename}, unfinished)

    def waiting(self, text: str) -> None:
        """Show work under way over the last result; "" once it has ended."""
        with self.hold_sync():
            self.busy = bool(text)
            self.progress = -1.0
            self.progress_text = text
            if text:
                self.error = ""

    def fail(self, message: str) -> None:
        """Show an error; the last result stays visible, marked as the last one."""
        with self.hold_sync():
            self.waiting("")
            self.error = message

    def put(self, state: Mapping[str, Any], unfinished: bool = False) -> None:
        """Show a result in one message, so that the page never mixes two.

        Args:
            state: a view state, see `explanation_state.py`.
            unfinished: see `show`.
        """
        with self.hold_sync():
            if not unfinished:
                self.waiting("")
            self.error = ""
            for name, value in state.items():
                setattr(self, name, value)

    @traitlets.observe("low", "high", "kind")
    def _scale_changed(self, _change: object = None) -> None:
        self.ticks = labelled_ticks(self.low, self.high, self.kind)

    @traitlets.default("ticks")
    def _first_ticks(self) -> list[Any]:
        return [[0.0, "0"]]
