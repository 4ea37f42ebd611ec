"""Requests about one neuron: its map, the classes it contributes to, its strongest pictures."""

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
    """The position on a picture where a unit is most active.

    Attributes:
        value: its activation there.
        place: (row, column) of its map; () if it has none.
        box: the receptive field in pixels: top, left, bottom, right, the last two exclusive. The
            whole picture if there is no position or the field is unknown.
        pixels: uint8 (rows, columns, 3), the network's input as a picture.
    """

    value: float
    place: tuple[int, ...]
    box: Box
    pixels: np.ndarray


class Push(NamedTuple):
    """How much a unit's map contributes to a class; see `backend.class_attributions`."""

    unit: int
    label: str
    value: float


class NeuronView(NamedTuple):
    """One neuron on one picture.

    Attributes:
        map: float32 (rows, columns), its activations; None for a layer without rows.
        mean: of the map; the activation itself if there is no map.
        peak: where it is most active.
        pushes: the largest positive contributions, in descending order.
        holds_back: the largest negative contributions, the most negative first.
        why: why there are no contributions, or "".
    """

    map: np.ndarray | None
    mean: float
    peak: Peak
    pushes: tuple[Push, ...]
    holds_back: tuple[Push, ...]
    why: str


@dataclass(frozen=True)
class OneNeuron:
    """Inspect one unit of a layer on a picture."""

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
        activations, peak = _activations_and_peak(network, self.image, self.layer, self.unit)
        step(1, 2)
        try:
            pushes, holds_back = self._classes(network)
            remark = "" if pushes or holds_back else "No class depends on this neuron here."
        except UnsuitableError as error:
            pushes, holds_back, remark = (), (), str(error)
        activation_map = activations if activations.ndim == 2 else None
        return NeuronView(
            activation_map, float(activations.mean()), peak, pushes, holds_back, remark
        )

    def _classes(self, network: Network) -> tuple[tuple[Push, ...], tuple[Push, ...]]:
        from cnnvis_widgets.backend.class_attributions import class_attributions

        batch = network.prepare(as_pixels(self.image)).input[None]
        values = class_attributions(network, batch, self.layer, self.unit)
        most = np.argsort(-values, kind="stable")[:SHOWN_CLASSES]
        least = np.argsort(values, kind="stable")[:SHOWN_CLASSES]
        both_ends = [
            tuple(Push(int(u), network.label(int(u)), float(values[u])) for u in units)
            for units in (most, least)
        ]
        return tuple(p for p in both_ends[0] if p.value > 0), tuple(
            p for p in both_ends[1] if p.value < 0
        )


class GalleryPicture(NamedTuple):
    """A picture of the gallery, and the position in it that activates a unit most."""

    picture: str
    peak: Peak


@dataclass(frozen=True)
class Gallery:
    """Find the pictures that activate a unit most, in descending order.

    Attributes:
        pictures: names of bundled pictures.
        top: how many to return.
    """

    network: str
    layer: str
    unit: int
    pictures: tuple[str, ...]
    top: int = SHOWN_PICTURES

    def perform(
        self, library: Library, step: Step, preview: Preview = no_preview
    ) -> tuple[GalleryPicture, ...]:
        """See `GalleryPicture`.

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
            peaks.append(
                GalleryPicture(name, _activations_and_peak(network, name, self.layer, self.unit)[1])
            )
        return tuple(sorted(peaks, key=lambda excited: -excited.peak.value)[: self.top])


def _activations_and_peak(
    network: Network, image: Image, layer: str, unit: int
) -> tuple[np.ndarray, Peak]:
    """A unit's activations on a picture, and their peak."""
    prepared = network.prepare(as_pixels(image))
    assert prepared.picture is not None, "pages show pictures, not floats"
    activations = network.activations(prepared.input, layer)[..., unit]
    rows, columns = prepared.picture.shape[:2]
    full_box = (0, 0, rows, columns)
    if activations.ndim != 2:
        return activations, Peak(float(activations.max()), (), full_box, prepared.picture)
    row, column = (int(n) for n in np.unravel_index(int(activations.argmax()), activations.shape))
    path = network.structure.call(layer).path
    field = next((layer_plan.field for layer_plan in network.plan if layer_plan.name == path), None)
    box = field.box(row, column, (rows, columns)) if field else full_box
    return activations, Peak(float(activations[row, column]), (row, column), box, prepared.picture)
