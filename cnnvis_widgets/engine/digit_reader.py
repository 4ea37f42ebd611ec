"""LeNet-5's prediction for a drawing, and the activation maps behind it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.zoo.digits import from_drawing

if TYPE_CHECKING:
    from cnnvis_widgets.backend.network import Network


class Reading(NamedTuple):
    """A network's prediction for a drawing.

    Attributes:
        seen: uint8 (rows, columns), the network's input; 255 is ink.
        labels: names of the output units.
        scores: their probabilities.
        maps: layer → float32 (rows, columns, units).
    """

    seen: NDArray[np.uint8]
    labels: tuple[str, ...]
    scores: tuple[float, ...]
    maps: dict[str, NDArray[np.float32]]


class DigitReader:
    """Reads drawings with a network of digits: `DigitReader(load_network("lenet5"))(drawing)`.

    Args:
        network: takes grey pictures of 32 × 32 pixels, ink white on black.
        layers: the layers whose maps are returned.

    Raises:
        InvalidValueError: another input shape.
    """

    def __init__(self, network: Network, layers: Sequence[str] = ("C1", "S2", "C3", "S4")) -> None:
        if network.input_shape != (32, 32, 1):
            raise InvalidValueError(
                "A reader of digits takes pictures of (32, 32, 1); "
                f"{network.name} takes {network.input_shape}."
            )
        self.network = network
        self.layers = tuple(layers)

    def __call__(self, drawing: NDArray[np.bool_]) -> Reading:
        """Read a drawing: bool (rows, columns), true is ink."""
        pixels = from_drawing(drawing)
        picture = np.repeat(pixels[..., None], 3, axis=2)
        answers = {p.unit: p for p in self.network.predict(picture, top=self.network.units)}
        ordered = [answers[unit] for unit in sorted(answers)]
        return Reading(
            pixels,
            tuple(answer.label for answer in ordered),
            tuple(float(answer.score or 0.0) for answer in ordered),
            {layer: self.network.activations(picture, layer) for layer in self.layers},
        )
