"""Relevance on its way from the neuron down to the pixels, floor by floor (thesis Figure 19)."""

from __future__ import annotations

import operator
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
import traitlets
from numpy.typing import ArrayLike, NDArray

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.widgets.toolkit.control import Control
from cnnvis_widgets.widgets.toolkit.traits import Checked

Floor = tuple[str, NDArray[np.float32], float]


class RelevanceFlow(Control, from_page="at floor"):
    """A tower of layers, each with its map of relevance and the sum of it, to go down step by step.

    Each floor has a bar as long as its sum, so that what is lost or made on the way is seen. The
    map of the chosen floor lies over the picture in its own cells and on its own scale: a place of
    a coarse layer holds the relevance of many pixels. One place can be followed down the tower:
    below stands what the cell that holds it has.

    Args:
        floors: (layer, map, sum) each, the neuron's side first, the picture's last;
            `Network.relevance_maps` makes them. A map is (rows, columns), nowhere negative.
        picture: uint8 (rows, columns, 3), with at least as many rows and columns as any map.
        alt: what the picture shows, in words.
        kwargs: the attributes.

    Attributes:
        floor: which floor is shown, from 0 (the neuron's side).
        at: (row, column) of the pixel whose cell is read.

    Raises:
        InvalidValueError: no floor, maps that are none or have negative values, sums that are not
            finite, a picture that is none or too small, a floor or a pixel beyond the ends.
    """

    label = traitlets.Unicode("Relevance, floor by floor").tag(sync=True)
    floor = Checked("_check_floor", 0).tag(sync=True)
    at = Checked("_check_at", (0, 0)).tag(sync=True)
    _data = traitlets.Dict().tag(sync=True)

    def __init__(
        self,
        floors: Iterable[tuple[str, ArrayLike, float]],
        picture: NDArray[np.uint8],
        alt: str = "",
        **kwargs: Any,
    ) -> None:
        self.floors = [_checked(floor) for floor in floors]
        self._size = _size(picture, self.floors)
        brightest = np.unravel_index(self.floors[-1][1].argmax(), self.floors[-1][1].shape)
        shape = self.floors[-1][1].shape
        middle = [
            int((i + 0.5) * p / n) for i, n, p in zip(brightest, shape, self._size, strict=True)
        ]
        super().__init__(**{"at": middle, **kwargs})
        self._send_all(picture, alt)

    def cell(self, floor: int | None = None) -> tuple[int, int]:
        """The place of a floor's map that holds the pixel `at`.

        Args:
            floor: None for the one that is shown.
        """
        shape = self.floors[self.floor if floor is None else self._check_floor(floor)][1].shape
        row, column = (i * n // p for i, n, p in zip(self.at, shape, self._size, strict=True))
        return row, column

    def _send_all(self, picture: NDArray[np.uint8], alt: str) -> None:
        from cnnvis_widgets.rendering.colormaps import DEFAULTS, lookup  # brings Pillow along
        from cnnvis_widgets.rendering.describe import half_mass_share

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
            "picture": picture.tobytes(),
            "table": lookup(DEFAULTS["sequential"]).tobytes(),
            "alt": alt,
        }

    def _check_floor(self, value: Any) -> int:
        try:
            floor = operator.index(value)
        except TypeError:
            floor = -1
        if not 0 <= floor < len(self.floors):
            raise InvalidValueError(
                f"floor is a whole number from 0 to {len(self.floors) - 1}; got {value!r}."
            )
        return floor

    def _check_at(self, at: Any) -> list[int]:
        rows, columns = self._size
        try:
            row, column = (operator.index(i) for i in at)
        except (TypeError, ValueError):
            row, column = -1, -1
        if not (0 <= row < rows and 0 <= column < columns):
            raise InvalidValueError(
                f"at is a row from 0 to {rows - 1} and a column from 0 to {columns - 1}; "
                f"got {at!r}."
            )
        return [row, column]


def _checked(floor: tuple[str, ArrayLike, float]) -> Floor:
    try:
        layer, values, total = floor
        map_, whole = np.asarray(values, np.float32), float(total)
    except (TypeError, ValueError):
        raise InvalidValueError(
            f"A floor is a layer's name, a map and a sum; got {type(floor).__name__}."
        ) from None
    if map_.ndim != 2 or not map_.size:
        raise InvalidValueError(f"A floor's map is (rows, columns); got {map_.shape} at {layer!r}.")
    if not (np.isfinite(map_).all() and np.isfinite(whole) and map_.min() >= 0):
        raise InvalidValueError(
            f"Deep Taylor's relevance is finite and nowhere negative; the floor {layer!r} has "
            "other values."
        )
    return str(layer), map_, whole


def _size(picture: Any, floors: Sequence[Floor]) -> tuple[int, int]:
    if not floors:
        raise InvalidValueError("A flow of relevance needs at least one floor; none was given.")
    shape: Any = getattr(picture, "shape", ())
    kind = getattr(picture, "dtype", type(picture).__name__)
    most = tuple(max(map_.shape[axis] for _, map_, _ in floors) for axis in (0, 1))
    large = len(shape) == 3 and shape[2] == 3 and all(np.array(shape[:2]) >= most)
    if not large or kind != np.uint8:
        raise InvalidValueError(
            f"Expected a uint8 picture of (rows, columns, 3), at least {most[0]} × {most[1]} as "
            f"the largest map; got {kind} {tuple(shape)}."
        )
    return shape[0], shape[1]
