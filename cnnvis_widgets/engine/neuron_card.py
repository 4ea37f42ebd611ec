"""What a page asks about one neuron: its map, the classes that it pushes, what excites it most."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.engine.requests import (
    Image,
    Library,
    Preview,
    Step,
    as_pixels,
    no_preview,
)
from cnnvis_widgets.errors import InvalidValueError, UnsuitableError

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network

SHOWN_CLASSES = 3
SHOWN_PICTURES = 4

Box = tuple[int, int, int, int]


class Peak(NamedTuple):
    """Where a unit is strongest on a picture.

    Attributes:
        value: its activation there.
        place: (row, column) of its map; () where it has none.
        box: what that place sees of the picture: top, left, bottom, right in pixels, the last two
            beyond. All of it where there is no place, or where that is not known.
        pixels: uint8 (rows, columns, 3), the crop that the network saw.
    """

    value: float
    place: tuple[int, ...]
    box: Box
    pixels: np.ndarray


class Push(NamedTuple):
    """How much a unit's map adds to a class; see `backend.class_attributions`."""

    unit: int
    label: str
    value: float


class NeuronView(NamedTuple):
    """One neuron on one picture.

    Attributes:
        map: float32 (rows, columns), its activations; None for a layer without rows.
        mean: over the map; the activation itself where there is none.
        peak: where it is strongest.
        pushes: the classes to which it adds most, the largest first.
        holds_back: the classes from which it takes most, the largest first.
        why: why no classes can be told, or "".
    """

    map: np.ndarray | None
    mean: float
    peak: Peak
    pushes: tuple[Push, ...]
    holds_back: tuple[Push, ...]
    why: str


@dataclass(frozen=True)
class OneNeuron:
    """A unit of a layer on a picture."""

    network: str
    image: Image = field(repr=False)
    layer: str
    unit: int

    def perform(self, library: Library, step: Step, preview: Preview = no_preview) -> NeuronView:
        """See `NeuronView`.

        Raises:
            UnknownNameError: no such layer or unit.
        """
        network = library.network(self.network)
        network.neuron(Neuron(self.layer, self.unit))
        step(0, 2)
        own, peak = _look(network, self.image, self.layer, self.unit)
        step(1, 2)
        try:
            pushes, holds_back = self._classes(network)
            why = "" if pushes or holds_back else "No class depends on this neuron here."
        except UnsuitableError as error:
            pushes, holds_back, why = (), (), str(error)
        shown = own if own.ndim == 2 else None
        return NeuronView(shown, float(own.mean()), peak, pushes, holds_back, why)

    def _classes(self, network: Network) -> tuple[tuple[Push, ...], tuple[Push, ...]]:
        from cnnvis_widgets.backend.class_attributions import class_attributions

        batch = network.prepare(as_pixels(self.image)).input[None]
        values = class_attributions(network, batch, self.layer, self.unit)
        order = np.argsort(-values, kind="stable")[:SHOWN_CLASSES]
        back = np.argsort(values, kind="stable")[:SHOWN_CLASSES]
        told = [
            tuple(Push(int(u), network.label(int(u)), float(values[u])) for u in units)
            for units in (order, back)
        ]
        return tuple(p for p in told[0] if p.value > 0), tuple(p for p in told[1] if p.value < 0)


class Excites(NamedTuple):
    """A picture of the gallery, and the place in it that excites a unit most."""

    picture: str
    peak: Peak


@dataclass(frozen=True)
class Gallery:
    """The pictures that excite a unit most, the strongest first.

    Attributes:
        pictures: names of pictures that come along.
        top: how many are wanted.
    """

    network: str
    layer: str
    unit: int
    pictures: tuple[str, ...]
    top: int = SHOWN_PICTURES

    def perform(
        self, library: Library, step: Step, preview: Preview = no_preview
    ) -> tuple[Excites, ...]:
        """See `Excites`.

        Raises:
            InvalidValueError: no pictures.
            UnknownNameError: no such picture, layer or unit.
        """
        if not self.pictures:
            raise InvalidValueError("A gallery needs at least one picture; none was given.")
        network = library.network(self.network)
        network.neuron(Neuron(self.layer, self.unit))
        peaks = []
        for number, name in enumerate(self.pictures):
            step(number, len(self.pictures))
            peaks.append(Excites(name, _look(network, name, self.layer, self.unit)[1]))
        return tuple(sorted(peaks, key=lambda one: -one.peak.value)[: self.top])


def _look(network: Network, image: Image, layer: str, unit: int) -> tuple[np.ndarray, Peak]:
    """A unit's activations on a picture, and where they are largest."""
    prepared = network.prepare(as_pixels(image))
    assert prepared.picture is not None, "pages show pictures, not floats"
    own = network.activations(prepared.input, layer)[..., unit]
    rows, columns = prepared.picture.shape[:2]
    whole = (0, 0, rows, columns)
    if own.ndim != 2:
        return own, Peak(float(own.max()), (), whole, prepared.picture)
    row, column = (int(n) for n in np.unravel_index(int(own.argmax()), own.shape))
    path = network.structure.call(layer).path
    seen = next((one.field for one in network.plan if one.name == path), None)
    box = seen.box(row, column, (rows, columns)) if seen else whole
    return own, Peak(float(own[row, column]), (row, column), box, prepared.picture)
