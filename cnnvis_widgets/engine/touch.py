"""What a page asks when the picture is touched: parts covered, places seen, pixels deleted."""

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


class Seen(NamedTuple):
    """What the places of a layer see of the picture.

    Attributes:
        places: rows and columns of its maps; () where it has none.
        field: None where a place sees all of it, or where that is not known.
        picture: rows and columns of the network's input.
    """

    places: tuple[int, ...]
    field: Field | None
    picture: tuple[int, int]


@dataclass(frozen=True)
class Fields:
    """What the places of a layer see."""

    network: str
    layer: str

    def perform(self, library: Library, step: Step, preview: Preview = no_preview) -> Seen:
        """See `Seen`.

        Raises:
            UnknownNameError: no such layer.
        """
        network = library.network(self.network)
        step(0, 1)
        path = network.structure.call(self.layer).path
        layer = next(one for one in network.plan if one.name == path)
        shape = layer.output_shape
        places = tuple(int(n or 0) for n in shape[:2]) if len(shape) == 3 else ()
        return Seen(places, layer.field if places else None, network.input_shape[:2])


@dataclass(frozen=True)
class Superpixels:
    """The pieces of the picture that can be switched off."""

    network: str
    image: Image = field(repr=False)

    def perform(self, library: Library, step: Step, preview: Preview = no_preview) -> np.ndarray:
        """int16 (rows, columns): the number of each pixel's piece, 0 … n - 1."""
        network = library.network(self.network)
        step(0, 1)
        return pieces_of(picture_of(network, self.image)).astype(np.int16)


class Answers(NamedTuple):
    """What the network says of a picture of which a part is covered.

    Attributes:
        predictions: of the classes that were asked for, and of the most probable one.
        value: the neuron's activation; None where no neuron was asked for.
        share: of the picture that is covered.
    """

    predictions: tuple[Prediction, ...]
    value: float | None
    share: float


@dataclass(frozen=True)
class Covered:
    """What the network says when a part of the picture is grey.

    Attributes:
        boxes: (top, left, bottom, right) in pixels of the network's input, the last two beyond.
        off: numbers of superpixels, as `Superpixels` gives them.
        units: the classes whose probabilities are wanted.
        neuron: whose activation is wanted.
    """

    network: str
    image: Image = field(repr=False)
    boxes: tuple[Box, ...] = ()
    off: tuple[int, ...] = ()
    units: tuple[int, ...] = ()
    neuron: Neuron | None = None

    def perform(self, library: Library, step: Step, preview: Preview = no_preview) -> Answers:
        """See `Answers`.

        Raises:
            InvalidValueError: a superpixel that there is not.
        """
        network = library.network(self.network)
        step(0, 1)
        picture = picture_of(network, self.image)
        hidden = self._hidden(picture)
        picture[hidden] = GREY
        predictions: tuple[Prediction, ...] = ()
        if not network.several_outputs:
            every = network.predict(picture, network.units)
            predictions = tuple(p for n, p in enumerate(every) if n == 0 or p.unit in self.units)
        value = None
        if self.neuron is not None:
            neuron = network.neuron(self.neuron)
            value = float(network.values(network.prepare(picture).input[None], neuron)[0])
        return Answers(predictions, value, float(hidden.mean()))

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
    """How the answer falls while pixels turn grey.

    Attributes:
        shares: which share of the pixels is grey, 0 to 1.
        values: the answer, those with the map's largest values being taken first.
        chance: the same in an order that is drawn.
        areas: under the two curves.
        of: "probability" or "activation" (a share of that on the whole picture); "" where the
            neuron is not above zero, and there is no curve.
    """

    shares: tuple[float, ...]
    values: tuple[float, ...]
    chance: tuple[float, ...]
    areas: tuple[float, float]
    of: str


@dataclass(frozen=True)
class DeletionCurve(Explain):
    """What would change: the answer while the pixels go in the map's order, and in any order."""

    def perform(  # type: ignore[override]
        self, library: Library, step: Step, preview: Preview = no_preview
    ) -> Deletion:
        """See `Deletion`.

        Raises:
            InvalidValueError: a method that makes a picture, or a map that gives no order.
        """
        explanation = library.remembered(self) or self.explanation(library, step)
        network = library.network(self.network)
        if explanation.attribution is None or np.ptp(heatmap := explanation.heatmap()) == 0:
            raise InvalidValueError(
                "A map with an order of its pixels is needed, and there is none."
            )
        start, end = network.prepare(as_pixels(self.image)).input, network.plain(GREY)
        by_chance = np.random.default_rng(self.seed).permutation(heatmap.size)
        curves = []
        for number, order in enumerate((falling(heatmap, self.seed), by_chance)):

            def progress(done: int, total: int, before: int = number) -> None:
                step(before * total + done, 2 * total)

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
        mine, other = curves
        areas = area(mine.values), area(other.values)
        return Deletion(tuple(mine.shares), tuple(mine.values), tuple(other.values), areas, mine.of)


def picture_of(network: Network, image: Image) -> np.ndarray:
    """uint8 (rows, columns, 3), the crop that the network sees; the caller's to be changed."""
    picture = network.prepare(as_pixels(image)).picture
    assert picture is not None, "pages show pictures, not floats"
    return np.array(picture)


def pieces_of(picture: np.ndarray) -> np.ndarray:
    """The superpixels of a picture, uint8 (rows, columns, 3); quick once they are known."""
    from cnnvis_widgets.methods.superpixels import superpixels

    return superpixels(picture, SEGMENTATION, PIECES)
