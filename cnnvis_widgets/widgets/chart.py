"""What components that draw axes share: `chart.js`, `chart.css`."""

from __future__ import annotations

import math
from typing import Any

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.widgets.control import Control


class Chart(Control):
    """A control with one or more charts in it."""


def number_in(name: str, given: Any, low: float, high: float) -> float:
    """A finite number from `low` to `high`.

    Raises:
        InvalidValueError: it is none.
    """
    try:
        number = float(given)
    except (TypeError, ValueError):
        number = math.nan
    if isinstance(given, bool) or not low <= number <= high or not math.isfinite(number):
        raise InvalidValueError(f"{name} is a number from {low:g} to {high:g}; got {given!r}.")
    return number


def span(name: str, given: Any) -> list[float]:
    """Two finite numbers, the second one larger.

    Raises:
        InvalidValueError: they are not.
    """
    try:
        low, high = (float(end) for end in given)
    except (TypeError, ValueError):
        low = high = math.nan
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise InvalidValueError(f"{name} is a pair of rising numbers; got {given!r}.")
    return [low, high]
