"""Choose a neuron of a layer: from the most active ones, or by number."""

from __future__ import annotations

import operator
from typing import Any

import traitlets

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.widgets.toolkit.control import Control
from cnnvis_widgets.widgets.toolkit.traits import (
    NUMBER,
    PICTURE,
    TEXT,
    Field,
    OneOf,
    Records,
    checked,
    plain,
)

AGGREGATES = ("sum", "mean", "max")


class NeuronPicker(Control, from_page="value aggregate position"):
    """Thumbnails of the most active neurons, a field for any number, and the map's aggregate.

    Attributes:
        neurons: records of unit, value (its activation; `None` if unknown), label ("tabby"), and
            thumbnail (its activation map as a small picture: bytes, base64, data URL or "").
        sheet: a PNG file with the maps of all `neurons`, for those without a thumbnail: cells of
            one size in reading order, ⌈√n⌉ of n in a row. One picture replaces hundreds.
        units: how many units the layer has; 0 while there is no layer.
        value: the chosen unit, 0 … units - 1, or `None`. Becomes `None` if it is out of range for
            new `units`.
        aggregate: how the unit's map becomes one number: "sum", "mean" or "max".
        positions: [rows, columns] of the layer's maps; [] for none, which hides the positions.
        position: [row, column] of one activation instead of an aggregate; [] for the whole map.

    Raises:
        UnknownNameError: `value` is not a unit of the layer, or an unknown `aggregate`.
        InvalidValueError: `position` is outside `positions`.
    """

    label = traitlets.Unicode("Neuron").tag(sync=True)
    neurons = Records(
        "neuron", unit=Field((int,)), value=NUMBER, label=TEXT, thumbnail=PICTURE
    ).tag(sync=True)
    sheet = traitlets.Bytes(b"").tag(sync=True)
    units = traitlets.Int(0, min=0).tag(sync=True)

    aggregate = OneOf("aggregate", AGGREGATES, "sum").tag(sync=True)

    @checked()
    def value(self, unit: Any) -> int | None:
        if unit is None:
            return None
        try:
            number = operator.index(unit)
        except TypeError:
            raise InvalidValueError(f"A unit is a whole number from 0; got {unit!r}.") from None
        if not 0 <= number < self.units:
            units = f"0 to {self.units - 1}" if self.units else "none, for there is no layer"
            raise UnknownNameError(f"There is no unit {number} in this layer. There are: {units}.")
        return number

    @checked([], first=True)
    def positions(self, positions: Any) -> list[int]:
        sizes = _two_numbers(positions, "positions are [rows, columns]")
        if sizes and min(sizes) < 1:
            raise InvalidValueError(f"positions are [rows, columns], both 1 or more; got {sizes}.")
        return sizes

    @checked([])
    def position(self, position: Any) -> list[int]:
        coordinates = _two_numbers(position, "position is [row, column]")
        if not coordinates:
            return []
        if not self.positions:
            raise InvalidValueError(
                f"This layer has no rows and columns; got position {coordinates}."
            )
        if not all(0 <= p < size for p, size in zip(coordinates, self.positions, strict=True)):
            rows, columns = self.positions
            raise InvalidValueError(
                f"position is [row 0 … {rows - 1}, column 0 … {columns - 1}]; got {coordinates}."
            )
        return coordinates

    @traitlets.observe("units")
    def _fit_value(self, _change: object) -> None:
        if self.value is not None and self.value >= self.units:
            self.value = None

    @traitlets.observe("positions")
    def _fit_position(self, _change: object) -> None:
        inside = zip(self.position, self.positions, strict=False)
        if self.position and not (self.positions and all(p < size for p, size in inside)):
            self.position = []


def _two_numbers(value: Any, expected: str) -> list[int]:
    """Two integers, or [] for None or an empty list."""
    value = [] if value is None else plain(value)
    all_integers = isinstance(value, list) and all(type(v) is int for v in value)
    if not all_integers or len(value) not in (0, 2):
        raise InvalidValueError(f"{expected}, two whole numbers, or []; got {value!r}.")
    return list(value)
