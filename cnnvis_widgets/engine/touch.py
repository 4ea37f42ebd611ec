"""Requests about parts of a picture: occlusion, receptive fields and deletion curves."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from cnnvis_widgets.backend.neuron import Neuron
from cnnvis_widgets.backend.records import Field, Prediction
from cnnvis_widgets.engine.deletion import answers, area, falling
from cnnvis_widgets.engine.requests import (
    Explain,
    Image,
    Library,
    Preview,
    Step,
    as_pixels,
    no_preview,
)
from cnnvis_widgets.errors import InvalidValueError

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network

GREY = 128
"""The value of the pixels that are covered."""

SEGMENTATION, PIECES = "quickshift", 24
STEPS = 28
"""Of a deletion curve: RISE deletes 8 rows of 224 at a time."""

Box = tuple[int, int, int, int]


class ReceptiveFields(NamedTuple):
    """The receptive fields of a layer.

    Attributes:
        places: rows and columns of its maps; () if it has none.
        field: None if a position sees the whole picture, or if the field is unknown.
        picture: rows and columns of the network's input.
    """

    places: tuple[int, ...]
    field: Field | None
    picture: tuple[int, int]


@dataclass(frozen=True)
class Fields:
    """Find the receptive fields of a layer."""

    network: str
    layer: str

    def perform(
        self, library: Library, step: Step, preview: Preview = no_preview
    ) -> ReceptiveFields:
        """See `ReceptiveFields`.

        Raises:
            UnknownNameError: no such layer.
        """
        network = library.network(self.network)
        step(0, 1)
        path = network.structure.call(self.layer).path
        layer = next(planned for planned in network.plan if planned.name == path)
        shape = layer.output_shape
        places = tuple(int(n or 0) for n in shape[:2]) if len(shape) == 3 else ()
        return ReceptiveFields(places, layer.field if places else None, network.input_shape[:2])


@dataclass(frozen=True)
class Superpixels:
    """Segment a picture into superpixels that can be switched off."""

    network: str
    image: Image = field(repr=False)

    def perform(self, library: Library, step: Step, preview: Preview = no_preview) -> np.ndarray:
        """int16 (rows, columns): the number of each pixel's superpixel, 0 … n - 1."""
        network = library.network(self.network)
        step(0, 1)
        return pieces_of(picture_of(network, self.image)).astype(np.int16)


class OcclusionResult(NamedTuple):
    """A network's response to a picture with covered parts.

    Attributes:
        predictions: for the requested classes and the most probable one.
        value: the neuron's activation; None if no neuron was requested.
        share: the covered share of the picture.
    """

    predictions: tuple[Prediction, ...]
    value: float | None
    share: float


@dataclass(frozen=True)
class Occlude:
    """Evaluate a network on a picture with grey parts.

    Attributes:
        boxes: (top, left, bottom, right) in pixels of the network's input, the last two exclusive.
        off: numbers of superpixels, as in `Superpixels`.
        units: classes whose probabilities to return.
        neuron: the neuron whose activation to return.
    """

    network: str
    image: Image = field(repr=False)
    boxes: tuple[Box, ...] = ()
    off: tuple[int, ...] = ()
    units: tuple[int, ...] = ()
    neuron: Neuron | None = None

    def perform(
        self, library: Library, step: Step, preview: Preview = no_preview
    ) -> OcclusionResult:
        """See `OcclusionResult`.

        Raises:
            InvalidValueError: no such superpixel.
        """
        network = library.network(self.network)
        step(0, 1)
        picture = picture_of(network, self.image)
        hidden = self._hidden(picture)
        picture[hidden] = GREY
        predictions: tuple[Prediction, ...] = ()
        if not network.several_outputs:
            all_predictions = network.predict(picture, network.units)
            predictions = tuple(
                p for n, p in enumerate(all_predictions) if n == 0 or p.unit in self.units
            )
        value = None
        if self.neuron is not None:
            neuron = network.neuron(self.neuron)
            value = float(network.values(network.prepare(picture).input[None], neuron)[0])
        return OcclusionResult(predictions, value, float(hidden.mean()))

    def _hidden(self, picture: np.ndarray) -> np.ndarray:
        hidden = np.zeros(picture.shape[:2], bool)
        for top, left, bottom, right in self.boxes:
            hidden[max(0, top) : max(0, bottom), max(0, left) : max(0, right)] = True
        if self.off:
            pieces = pieces_of(picture)
            if not 0 <= min(self.off) <= max(self.off) <= pieces.max():
                raise InvalidValueError(
                    f"Superpixels are numbered 0 to {pieces.max()}; got {sorted(self.off)}."
                )
            hidden |= np.isin(pieces, self.off)
        return hidden


class Deletion(NamedTuple):
    """A deletion curve: the network's response while pixels are turned grey.

    Attributes:
        shares: of grey pixels, 0 to 1.
        values: the response in descending order of the map's values.
        chance: the response in random order.
        areas: under the two curves.
        of: "probability" or "activation" (relative to that on the whole picture); "" without a
            curve, if the neuron's activation is not above zero.
    """

    shares: tuple[float, ...]
    values: tuple[float, ...]
    chance: tuple[float, ...]
    areas: tuple[float, float]
    of: str


@dataclass(frozen=True)
class DeletionCurve(Explain):
    """Compute a deletion curve in the map's order, and one in random order."""

    def perform(  # type: ignore[override]
        self, library: Library, step: Step, preview: Preview = no_preview
    ) -> Deletion:
        """See `Deletion`.

        Raises:
            InvalidValueError: a method that synthesises a picture, or a constant map.
        """
        explanation = library.cached_explanation(self) or self.explanation(library, step)
        network = library.network(self.network)
        if explanation.attribution is None or np.ptp(heatmap := explanation.heatmap()) == 0:
            raise InvalidValueError(
                "A map with an order of its pixels is needed, and there is none."
            )
        start, end = network.prepare(as_pixels(self.image)).input, network.plain(GREY)
        by_chance = np.random.default_rng(self.seed).permutation(heatmap.size)
        curves = []
        for number, order in enumerate((falling(heatmap, self.seed), by_chance)):

            def progress(done: int, total: int, curve_index: int = number) -> None:
                step(curve_index * total + done, 2 * total)

            curve = answers(
                *(network, explanation.neuron, start, end, order),
                steps=STEPS,
                untouched=start,
                likely=True,
                progress=progress,
            )
            if curve is None:
                return Deletion((), (), (), (0.0, 0.0), "")
            curves.append(curve)
        by_map, by_chance_curve = curves
        areas = area(by_map.values), area(by_chance_curve.values)
        return Deletion(
            tuple(by_map.shares),
            tuple(by_map.values),
            tuple(by_chance_curve.values),
            areas,
            by_map.of,
        )


def picture_of(network: Network, image: Image) -> np.ndarray:
    """The network's input as a picture, uint8 (rows, columns, 3); a copy."""
    picture = network.prepare(as_pixels(image)).picture
    assert picture is not None, "pages show pictures, not floats"
    return np.array(picture)


def pieces_of(picture: np.ndarray) -> np.ndarray:
    """The superpixels of a picture, uint8 (rows, columns, 3); cached."""
    from cnnvis_widgets.methods.superpixels import superpixels

    return superpixels(picture, SEGMENTATION, PIECES)
