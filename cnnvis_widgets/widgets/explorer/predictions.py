"""The network's predictions for the picture; a click chooses the class to explain."""

from __future__ import annotations

import operator
from typing import Any

import traitlets

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.widgets.toolkit.control import Control
from cnnvis_widgets.widgets.toolkit.traits import NUMBER, TEXT, Field, Records, checked


class Predictions(Control, from_page="value"):
    """Bars of the most probable classes, and a search among all classes.

    Attributes:
        predictions: records of unit, label, score (a probability 0 … 1; `None` if the network does
            not end in probabilities, and then the logit is shown), and logit (the value before
            softmax). A `Network`'s own predictions are accepted as they are.
        labels: the names of all classes in the order of their units; [] without names.
        units: the number of classes if `labels` is empty.
        value: the chosen class's unit, or `None`. Becomes `None` if that class no longer exists.

    Raises:
        UnknownNameError: `value` is a unit that does not exist.
    """

    label = traitlets.Unicode("Predictions").tag(sync=True)
    predictions = Records(
        "prediction", unit=Field((int,)), label=TEXT, score=NUMBER, logit=NUMBER
    ).tag(sync=True)
    labels = traitlets.List(traitlets.Unicode()).tag(sync=True)
    units = traitlets.Int(0, min=0).tag(sync=True)

    @checked()
    def value(self, unit: Any) -> int | None:
        if unit is None:
            return None
        try:
            number = operator.index(unit)
        except TypeError:
            raise InvalidValueError(f"A class is a whole number from 0; got {unit!r}.") from None
        if not self._exists(number):
            count = len(self.labels) or self.units
            units = f"0 to {count - 1}" if count else [p["unit"] for p in self.predictions]
            raise UnknownNameError(f"There is no class {number}. There are: {units or 'none'}.")
        return number

    def _exists(self, unit: int) -> bool:
        listed = any(p["unit"] == unit for p in self.predictions)
        return listed or 0 <= unit < (len(self.labels) or self.units)

    @traitlets.observe("predictions", "labels", "units")
    def _fit(self, _change: object) -> None:
        if self.value is not None and not self._exists(self.value):
            self.value = None
