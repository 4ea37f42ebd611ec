"""What components share that show small tables of numbers to be changed by hand: `cells.js`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.widgets.toolkit.control import Control

MOST = 12  # rows or columns: more numbers than that are not looked at one by one


class Cells(Control):
    """A control whose values are small tables, each cell of which can be typed into."""


def table(name: str, value: Any, most: int = MOST) -> list[list[float]]:
    """A table of numbers as plain lists, checked.

    Args:
        name: what it is, for the error.
        value: (rows, columns), anything that NumPy takes for an array.
        most: rows or columns.

    Raises:
        InvalidValueError: no table of 1 to `most` rows and columns, or numbers that are not finite.
    """
    try:
        array = np.asarray(value, np.float64)
    except (TypeError, ValueError):
        array = np.zeros(0)
    if array.ndim != 2 or not 0 < min(array.shape) <= max(array.shape) <= most:
        raise InvalidValueError(
            f"{name} is a table of numbers with 1 to {most} rows and columns; got "
            f"{_in_words(value)}."
        )
    if not np.isfinite(array).all():
        raise InvalidValueError(f"The numbers of {name} are finite; got {value!r}.")
    return array.tolist()


def same_shape(name: str, value: list[list[float]], other: NDArray[np.float64]) -> None:
    """Refuse a table that has not as many rows and columns as another.

    Raises:
        InvalidValueError: it has not.
    """
    got = (len(value), len(value[0]))
    if got != other.shape:
        raise InvalidValueError(
            f"{name} has {other.shape[0]} × {other.shape[1]} numbers here; got {got[0]} × {got[1]}."
        )


def _in_words(value: Any) -> str:
    shape = getattr(value, "shape", None)
    return f"an array of the shape {shape}" if shape is not None else repr(value)
