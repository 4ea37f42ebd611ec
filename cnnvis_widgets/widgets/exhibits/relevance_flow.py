"""Relevance from the neuron down to the pixels, layer by layer (thesis Figure 19)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import traitlets
from numpy.typing import ArrayLike, NDArray

from cnnvis_widgets import checks
from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.widgets.toolkit.control import Control
from cnnvis_widgets.widgets.toolkit.map_data import cell, over, picture_size
from cnnvis_widgets.widgets.toolkit.traits import Place, Whole

Floor = tuple[str, NDArray[np.float32], float]


class RelevanceFlow(Control, from_page="at floor"):
    """A tower of layers (floors), each with its relevance map and the sum of it.

    Each floor has a bar as long as its sum, which shows where relevance is lost or created. The map
    of the chosen floor is over the picture in its own cells and on its own scale: a cell of a
    coarse layer has the relevance of many pixels. One pixel can be followed down the tower: the
    relevance of its cell is shown below.

    Args:
        floors: (layer, map, sum) each, the neuron's side first, the picture's last;
            `Network.relevance_maps` makes them. A map is (rows, columns), not negative.
        picture: uint8 (rows, columns, 3), with at least as many rows and columns as any map.
        alt: alt text of the picture.
        kwargs: the attributes.

    Attributes:
        floor: the index of the floor that is shown, from 0 (the neuron's side).
        at: (row, column) of the pixel whose cell is shown.

    Raises:
        InvalidValueError: no floor, maps that are invalid or have negative values, sums that are
            not finite, a picture that is invalid or too small, or a floor or pixel out of range.
    """

    label = traitlets.Unicode("Relevance, floor by floor").tag(sync=True)
    floor = Whole(0, lambda flow: len(flow.floors) - 1, 0).tag(sync=True)
    at = Place(lambda flow: flow._size).tag(sync=True)
    _data = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        floors: Iterable[tuple[str, ArrayLike, float]],
        picture: NDArray[np.uint8],
        alt: str = "",
        **kwargs: Any,
    ) -> None:
        self.floors = [_checked(floor) for floor in floors]
        if not self.floors:
            raise InvalidValueError("A flow of relevance needs at least one floor; none was given.")
        self._size = picture_size(picture, (map_.shape for _, map_, _ in self.floors))
        brightest = np.unravel_index(self.floors[-1][1].argmax(), self.floors[-1][1].shape)
        shape = self.floors[-1][1].shape
        middle = [
            int((i + 0.5) * p / n) for i, n, p in zip(brightest, shape, self._size, strict=True)
        ]
        super().__init__(**{"at": middle, **kwargs})
        self._send_all(picture, alt)

    def cell(self, floor: int | None = None) -> tuple[int, int]:
        """The (row, column) of a floor's map that has the pixel `at`.

        Args:
            floor: its index; None for the floor that is shown.
        """
        number = checks.whole(
            "floor", self.floor if floor is None else floor, 0, len(self.floors) - 1
        )
        return cell(self.at, self.floors[number][1].shape, self._size)

    def _send_all(self, picture: NDArray[np.uint8], alt: str) -> None:
        from cnnvis_widgets.rendering.describe import half_mass_share  # imports Pillow

        self._data = {
            "floors": [
                {
                    "layer": layer,
                    "shape": list(map_.shape),
                    "map": map_.astype("<f4").tobytes(),
                    "sum": total,
                    "half": half_mass_share(map_),
                }
                for layer, map_, total in self.floors
            ],
            "size": list(self._size),
            **over(picture, alt),
        }


def _checked(floor: tuple[str, ArrayLike, float]) -> Floor:
    try:
        layer, values, total = floor
        map_, map_sum = np.asarray(values, np.float32), float(total)
    except (TypeError, ValueError):
        raise InvalidValueError(
            f"A floor is a layer's name, a map and a sum; got {type(floor).__name__}."
        ) from None
    if map_.ndim != 2 or not map_.size:
        raise InvalidValueError(f"A floor's map is (rows, columns); got {map_.shape} at {layer!r}.")
    if not (np.isfinite(map_).all() and np.isfinite(map_sum) and map_.min() >= 0):
        raise InvalidValueError(
            f"Deep Taylor's relevance is finite and nowhere negative; the floor {layer!r} has "
            "other values."
        )
    return str(layer), map_, map_sum
