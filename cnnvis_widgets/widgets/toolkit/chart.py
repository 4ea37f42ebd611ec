"""The base class of components with axes: `chart.js`, `chart.css`."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.widgets.toolkit.control import Control

MOST_POINTS = 400


class Chart(Control):
    """A control with one or more charts in it."""


def labelled_points(name: str, given: Any) -> NDArray[np.float64]:
    """Points of two classes in the plane between -1 and 1.

    Args:
        name: what they are, for errors.
        given: 1 to 400 of (x, y, class), the class 0 or 1.

    Returns:
        float64 (points, 3).

    Raises:
        InvalidValueError: invalid points.
    """
    try:
        rows = np.asarray([[float(number) for number in point] for point in given], np.float64)
    except (TypeError, ValueError):
        rows = np.zeros(0)
    if rows.ndim != 2 or rows.shape[1] != 3 or not 1 <= len(rows) <= MOST_POINTS:
        raise InvalidValueError(
            f"{name} are 1 to {MOST_POINTS} of (x, y, class); got {type(given).__name__} "
            f"of shape {rows.shape}."
        )
    if not (np.abs(rows[:, :2]) <= 1).all() or not np.isin(rows[:, 2], (0, 1)).all():
        raise InvalidValueError("x and y of a point are from -1 to 1, its class is 0 or 1.")
    return rows


def span(name: str, given: Any) -> list[float]:
    """Two finite numbers in ascending order.

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
