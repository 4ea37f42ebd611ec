"""The card of one neuron: its map, maximizing picture, classes, and exciting pictures."""

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
    """Details of a neuron of a hidden layer; hidden while none is chosen.

    The page sends ``{"kind": "maximise"}``, ``{"kind": "stop", "what": "maximum"}`` (or "gallery"),
    and ``{"kind": "picture", "name": …}`` to choose a picture of the gallery.

    Attributes:
        title: which neuron.
        activation: on this picture: map (a picture), peak, mean, place, size (of the map) and box
            (the peak's receptive field: top, left, bottom and right as shares of the picture); {}
            until known.
        pushes: the classes to which its map adds most: records of unit, label and value.
        holds_back: the classes from which it subtracts most.
        why: why there are none.
        gallery: the pictures that excite it most: records of name, title, value, thumbnail, patch
            (the peak's receptive field) and box.
        maximum: the picture that maximizes it, or "".
        words: a line about that picture.
        progress: part ("activation", "gallery" or "maximum") → share of its work that is finished,
            0 to 1, while it is under way.
        errors: part → its error.
        about: network, layer and unit of the card; not synced.
        image: the picture of the card; not synced.
    """

    title = traitlets.Unicode("").tag(sync=True)
    activation = traitlets.Dict().tag(sync=True)
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
        """Remove everything shown."""
        with self.hold_sync():
            self.title = self.why = self.maximum = self.words = ""
            self.activation, self.progress, self.errors = {}, {}, {}
            self.pushes, self.holds_back, self.gallery = [], [], []

    def under_way(self, part: str, share: float | None) -> None:
        """Set the progress of a part; None once it has ended."""
        other_parts = {name: value for name, value in self.progress.items() if name != part}
        self.progress = other_parts if share is None else {**other_parts, part: share}

    def fail(self, part: str, message: str) -> None:
        """Set the error of a part; "" clears it."""
        self.errors = {**{n: e for n, e in self.errors.items() if n != part}, part: message}

    def show(self, view: NeuronView) -> None:
        """Show the neuron's answer to the picture."""
        peak = view.peak
        pixels = peak.pixels if view.map is None else overlay(peak.pixels, view.map)
        with self.hold_sync():
            self.activation = {
                "map": _small(pixels),
                "peak": peak.value,
                "mean": view.mean,
                "place": list(peak.place),
                "size": [] if view.map is None else list(view.map.shape),
                "box": _shares(peak),
            }
            self.pushes, self.holds_back = _records(view.pushes), _records(view.holds_back)
            self.why = view.why

    def show_gallery(self, excites: tuple[GalleryPicture, ...], titles: dict[str, str]) -> None:
        """Show the pictures that excite it most; `titles` maps their names to titles."""
        self.gallery = [
            {
                "name": example.picture,
                "title": titles.get(example.picture, example.picture),
                "value": example.peak.value,
                "thumbnail": _small(example.peak.pixels),
                "patch": _small(patch_of(example.peak)),
                "box": _shares(example.peak),
            }
            for example in excites
        ]

    def show_maximum(self, image: NDArray[np.uint8] | None, words: str) -> None:
        """Show the picture that maximizes it, finished or not."""
        with self.hold_sync():
            self.maximum, self.words = "" if image is None else _small(image), words


def patch_of(peak: Peak) -> NDArray[np.uint8]:
    """The peak's receptive field in its picture, uint8 (rows, columns, 3)."""
    top, left, bottom, right = peak.box
    return peak.pixels[top:bottom, left:right]


def _shares(peak: Peak) -> list[float]:
    rows, columns = peak.pixels.shape[:2]
    top, left, bottom, right = peak.box
    return [top / rows, left / columns, bottom / rows, right / columns]


def _records(pushes: tuple[Push, ...]) -> list[dict[str, Any]]:
    return [push._asdict() for push in pushes]


def _small(pixels: NDArray[np.uint8]) -> str:
    """A picture as a data URL, its longer side at most SIDE pixels."""
    image = Image.fromarray(np.ascontiguousarray(pixels))
    image.thumbnail((SIDE, SIDE))
    file = io.BytesIO()
    image.save(file, "JPEG", quality=88)
    return str(data_url(file.getvalue()))
