"""The card of one neuron: its map, the picture it likes best, its classes, what excites it."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
import traitlets
from numpy.typing import NDArray
from PIL import Image

from cnnvis_widgets.rendering import overlay
from cnnvis_widgets.widgets.toolkit.base import Component
from cnnvis_widgets.widgets.toolkit.traits import (
    INTEGER,
    NAME,
    NUMBER,
    PICTURE,
    TEXT,
    Field,
    Records,
    data_url,
)

if TYPE_CHECKING:
    from cnnvis_widgets.engine.neuron_card import GalleryPicture, NeuronView, Peak, Push

SIDE = 144
"""Pixels of a picture on the card."""


class NeuronCard(Component):
    """What is known of a neuron of a hidden layer; nothing is seen while none is chosen.

    The page sends ``{"kind": "maximise"}``, ``{"kind": "stop", "what": "maximum"}`` (or "gallery"),
    and ``{"kind": "picture", "name": …}`` for a picture of the gallery that is chosen.

    Attributes:
        title: which neuron.
        seen: on this picture: map (a picture), peak, mean, place, size (of the map) and box (what
            the peak sees: top, left, bottom and right as shares of the picture); {} before.
        pushes: the classes to which its map adds most: records of unit, label and value.
        holds_back: those from which it takes most.
        why: why there are none.
        gallery: the pictures that excite it most: records of name, title, value, thumbnail, patch
            (what the peak sees, alone) and box.
        maximum: a picture made for it, or "".
        words: what is to be said of that.
        progress: part → its share of the work, from 0 to 1: "seen", "gallery" and "maximum" while
            they are under way.
        errors: part → what went wrong.
        about: network, layer and unit that were asked about; not the page's.
        image: on which picture.
    """

    title = traitlets.Unicode("").tag(sync=True)
    seen = traitlets.Dict().tag(sync=True)
    pushes = Records("class", unit=INTEGER, label=TEXT, value=NUMBER).tag(sync=True)
    holds_back = Records("class", unit=INTEGER, label=TEXT, value=NUMBER).tag(sync=True)
    why = traitlets.Unicode("").tag(sync=True)
    gallery = Records(
        "picture",
        name=NAME,
        title=TEXT,
        value=NUMBER,
        thumbnail=PICTURE,
        patch=PICTURE,
        box=Field((list,), ()),
    ).tag(sync=True)
    maximum = traitlets.Unicode("").tag(sync=True)
    words = traitlets.Unicode("").tag(sync=True)
    progress = traitlets.Dict().tag(sync=True)
    errors = traitlets.Dict().tag(sync=True)
    about: tuple[str, str, int] | None = None
    image: Any = None

    def clear(self) -> None:
        """Another neuron, or none."""
        with self.hold_sync():
            self.title = self.why = self.maximum = self.words = ""
            self.seen, self.progress, self.errors = {}, {}, {}
            self.pushes, self.holds_back, self.gallery = [], [], []

    def under_way(self, part: str, share: float | None) -> None:
        """How far a part of the card is; None once it has ended."""
        others = {name: done for name, done in self.progress.items() if name != part}
        self.progress = others if share is None else {**others, part: share}

    def fail(self, part: str, said: str) -> None:
        """Say what went wrong with a part; "" takes that back."""
        self.errors = {**{n: e for n, e in self.errors.items() if n != part}, part: said}

    def show(self, view: NeuronView) -> None:
        """The neuron on the picture."""
        peak = view.peak
        shown = peak.pixels if view.map is None else overlay(peak.pixels, view.map)
        with self.hold_sync():
            self.seen = {
                "map": _small(shown),
                "peak": peak.value,
                "mean": view.mean,
                "place": list(peak.place),
                "size": [] if view.map is None else list(view.map.shape),
                "box": _shares(peak),
            }
            self.pushes, self.holds_back = _records(view.pushes), _records(view.holds_back)
            self.why = view.why

    def show_gallery(self, excites: tuple[GalleryPicture, ...], titles: dict[str, str]) -> None:
        """The pictures that excite it most; `titles` says what they are called."""
        self.gallery = [
            {
                "name": one.picture,
                "title": titles.get(one.picture, one.picture),
                "value": one.peak.value,
                "thumbnail": _small(one.peak.pixels),
                "patch": _small(patch_of(one.peak)),
                "box": _shares(one.peak),
            }
            for one in excites
        ]

    def show_maximum(self, image: NDArray[np.uint8] | None, words: str) -> None:
        """The picture that was made for it, or that is being made."""
        with self.hold_sync():
            self.maximum, self.words = "" if image is None else _small(image), words


def patch_of(peak: Peak) -> NDArray[np.uint8]:
    """What the peak sees of its picture, uint8 (rows, columns, 3)."""
    top, left, bottom, right = peak.box
    return peak.pixels[top:bottom, left:right]


def _shares(peak: Peak) -> list[float]:
    rows, columns = peak.pixels.shape[:2]
    top, left, bottom, right = peak.box
    return [top / rows, left / columns, bottom / rows, right / columns]


def _records(pushes: tuple[Push, ...]) -> list[dict[str, Any]]:
    return [push._asdict() for push in pushes]


def _small(pixels: NDArray[np.uint8]) -> str:
    """A picture as a page takes it, its longer side at most SIDE pixels."""
    image = Image.fromarray(np.ascontiguousarray(pixels))
    image.thumbnail((SIDE, SIDE))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=88)
    return str(data_url(file.getvalue()))
