"""Shared by components with small editable tables of numbers: `cells.js`."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from cnnvis_widgets.errors import InvalidValueError
from cnnvis_widgets.widgets.toolkit.control import Control
from cnnvis_widgets.widgets.toolkit.traits import Checked

MOST = 12  # rows or columns: more numbers than that are not read one by one


class Cells(Control):
    """A control whose values are small tables with editable cells."""


def table(name: str, value: Any, most: int = MOST) -> list[list[float]]:
    """A table of numbers as plain lists, checked.

    Args:
        name: what it is, for errors.
        value: (rows, columns), anything that NumPy accepts as an array.
        most: most rows or columns.

    Raises:
        InvalidValueError: not a table of 1 to `most` rows and columns, or not finite.
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


class Table(Checked):
    """A small table of numbers of a fixed shape, kept as plain lists.

    Args:
        shape: a function of the widget: (rows, columns).
        optional: whether None is allowed.
        first: see `Checked`.

    Raises:
        InvalidValueError: not a table, a wrong shape, or not finite.
    """

    def __init__(
        self, shape: Callable[[Any], tuple[int, ...]], optional: bool = False, first: bool = False
    ) -> None:
        def check(widget: Any, value: Any) -> list[list[float]] | None:
            if optional and value is None:
                return None
            numbers = table(self.name or "", value)
            expected, got = shape(widget), np.shape(numbers)
            if got != expected:
                raise InvalidValueError(
                    f"{self.name} has {expected[0]} × {expected[1]} numbers here; "
                    f"got {got[0]} × {got[1]}."
                )
            return numbers

        super().__init__(check, None, first)


def _in_words(value: Any) -> str:
    shape = getattr(value, "shape", None)
    return f"an array of the shape {shape}" if shape is not None else repr(value)
