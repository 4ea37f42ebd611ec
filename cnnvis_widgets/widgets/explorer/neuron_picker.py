"""Choose a neuron of a layer: the most active first, or any by its number."""

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
    """A wall of neurons, the most active first, a field for any number, what is taken of a map.

    Attributes:
        neurons: records of unit, value (its activation; `None` where it is not known), label
            ("tabby"), and thumbnail (its activation map as a small picture: bytes, base64, data URL
            or "").
        sheet: a PNG file with the maps of all `neurons`, for those without a thumbnail: cells of
            one size in reading order, ⌈√n⌉ of n in a row. Hundreds of maps are one picture so.
        units: how many units the layer has; 0 while there is no layer.
        value: the chosen unit, 0 … units - 1, or `None`. Falls back to `None` when `units` changes
            and leaves it out.
        aggregate: how the unit's map becomes one number: "sum", "mean" or "max".
        positions: [rows, columns] of the layer's maps; [] where it has none, and nothing of
            positions is shown.
        position: [row, column] of one activation instead of an aggregate; [] for the whole map.

    Raises:
        UnknownNameError: `value` is not a unit of the layer, `aggregate` is none of the three.
        InvalidValueError: `position` is not in `positions`.
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
            there = f"0 to {self.units - 1}" if self.units else "none, for there is no layer"
            raise UnknownNameError(f"There is no unit {number} in this layer. There are: {there}.")
        return number

    @checked([], first=True)
    def positions(self, positions: Any) -> list[int]:
        sizes = _two_numbers(positions, "positions are [rows, columns]")
        if sizes and min(sizes) < 1:
            raise InvalidValueError(f"positions are [rows, columns], both 1 or more; got {sizes}.")
        return sizes

    @checked([])
    def position(self, position: Any) -> list[int]:
        place = _two_numbers(position, "position is [row, column]")
        if not place:
            return []
        if not self.positions:
            raise InvalidValueError(f"This layer has no rows and columns; got position {place}.")
        if not all(0 <= p < size for p, size in zip(place, self.positions, strict=True)):
            rows, columns = self.positions
            raise InvalidValueError(
                f"position is [row 0 … {rows - 1}, column 0 … {columns - 1}]; got {place}."
            )
        return place

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
    """[] for nothing, else two whole numbers."""
    value = [] if value is None else plain(value)
    whole = isinstance(value, list) and all(type(v) is int for v in value)
    if not whole or len(value) not in (0, 2):
        raise InvalidValueError(f"{expected}, two whole numbers, or []; got {value!r}.")
    return list(value)
