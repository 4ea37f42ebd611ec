"""Checks of argument values; errors say what was expected and what was passed."""

from __future__ import annotations

import math
import numbers
import operator
from collections.abc import Container, Iterable
from typing import Any, TypeVar

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError

Name = TypeVar("Name")


def whole(name: str, value: object, low: int = 0, high: int | None = None) -> int:
    """Check for a whole number from `low` to `high`, not True or False.

    Args:
        name: of the argument, for the error.
        value: NumPy's integers are accepted, 3.0 and "3" are not.
        low: the smallest allowed value.
        high: the largest allowed value; None for no limit.

    Raises:
        InvalidValueError: not a whole number, or out of range.

    Examples:
        >>> from cnnvis_widgets import checks
        >>> checks.whole("steps", 3, 1, 10)
        3
        >>> checks.whole("steps", True, 1, 10)
        Traceback (most recent call last):
        cnnvis_widgets.errors.InvalidValueError: steps is a whole number from 1 to 10; got True.
    """
    try:
        integer = operator.index(value)  # type: ignore[arg-type]
    except TypeError:
        integer = low - 1
    if isinstance(value, bool) or integer < low or (high is not None and integer > high):
        most = "" if high is None else f" to {high}"
        raise InvalidValueError(f"{name} is a whole number from {low}{most}; got {value!r}.")
    return integer


def number(
    name: str, value: object, low: float, high: float = math.inf, *, above: bool = False
) -> float:
    """Check for a finite number from `low` to `high`, not True or False.

    Args:
        name: of the argument, for the error.
        value: NumPy's numbers are accepted, texts are not.
        low: the smallest allowed value.
        high: the largest allowed value; infinity for no limit.
        above: whether `low` itself is excluded.

    Raises:
        InvalidValueError: not a finite number, or out of range.

    Examples:
        >>> from cnnvis_widgets import checks
        >>> checks.number("opacity", 1, 0, 1)
        1.0
        >>> checks.number("rate", 0, 0, 1, above=True)
        Traceback (most recent call last):
        cnnvis_widgets.errors.InvalidValueError: rate is a number above 0 and at most 1; got 0.
    """
    is_real = isinstance(value, numbers.Real) and not isinstance(value, bool)
    converted = float(value) if is_real else math.nan  # type: ignore[arg-type]
    if math.isfinite(converted) and low <= converted <= high and not (above and converted == low):
        return converted
    if above:
        expected = f"above {low:g}" + ("" if high == math.inf else f" and at most {high:g}")
    else:
        expected = f"from {low:g}" + ("" if high == math.inf else f" to {high:g}")
    raise InvalidValueError(f"{name} is a number {expected}; got {value!r}.")


def choice(kind: str, value: Name, names: Iterable[object]) -> Name:
    """Check that a name exists.

    Args:
        kind: what the name is of, in words ("view").
        value: the name.
        names: the names that exist.

    Raises:
        UnknownNameError: it does not exist; suggests the nearest ones.

    Examples:
        >>> from cnnvis_widgets import checks
        >>> checks.choice("view", "sum", ("sum", "channels"))
        'sum'
    """
    candidates = names if isinstance(names, Container) else list(names)
    try:
        is_candidate = value in candidates
    except TypeError:  # an unhashable value
        is_candidate = False
    if not is_candidate:
        raise UnknownNameError.of(kind, value, names)
    return value


def place(name: str, value: Any, shape: tuple[int, int]) -> list[int]:
    """Check for a row and a column.

    Args:
        name: of the argument, for the error.
        value: (row, column).
        shape: (rows, columns), the valid range.

    Raises:
        InvalidValueError: not a row and a column, or out of range.

    Examples:
        >>> from cnnvis_widgets import checks
        >>> checks.place("at", (2, 0), (3, 4))
        [2, 0]
    """
    try:
        row, column = value
        return [whole(name, row, 0, shape[0] - 1), whole(name, column, 0, shape[1] - 1)]
    except (TypeError, ValueError):  # an InvalidValueError is a ValueError
        raise InvalidValueError(
            f"{name} is a row from 0 to {shape[0] - 1} and a column from 0 to {shape[1] - 1}; "
            f"got {value!r}."
        ) from None


def pair(name: str, value: Any, low: float, high: float) -> list[float]:
    """Check for two numbers in a range.

    Raises:
        InvalidValueError: not two numbers, or out of range.

    Examples:
        >>> from cnnvis_widgets import checks
        >>> checks.pair("point", (0, 0.5), -1, 1)
        [0.0, 0.5]
    """
    try:
        x, y = value
    except (TypeError, ValueError):
        raise InvalidValueError(f"{name} is two numbers; got {value!r}.") from None
    return [number(f"{name}[{i}]", coordinate, low, high) for i, coordinate in enumerate((x, y))]
