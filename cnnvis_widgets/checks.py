"""Values from outside, checked: a refusal says what was expected and what came."""

from __future__ import annotations

import math
import numbers
import operator
from collections.abc import Container, Iterable
from typing import Any, TypeVar

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError

Name = TypeVar("Name")


def whole(name: str, given: object, low: int = 0, high: int | None = None) -> int:
    """A whole number from `low` to `high`; True and False are none.

    Args:
        name: what the number is, for the error.
        given: what came; NumPy's integers are taken, 3.0 and "3" are not.
        low: the least that is allowed.
        high: the most; None for no limit.

    Raises:
        InvalidValueError: it is no whole number, or out of the range.

    Examples:
        >>> from cnnvis_widgets import checks
        >>> checks.whole("steps", 3, 1, 10)
        3
        >>> checks.whole("steps", True, 1, 10)
        Traceback (most recent call last):
        cnnvis_widgets.errors.InvalidValueError: steps is a whole number from 1 to 10; got True.
    """
    try:
        value = operator.index(given)  # type: ignore[arg-type]
    except TypeError:
        value = low - 1
    if isinstance(given, bool) or value < low or (high is not None and value > high):
        most = "" if high is None else f" to {high}"
        raise InvalidValueError(f"{name} is a whole number from {low}{most}; got {given!r}.")
    return value


def number(
    name: str, given: object, low: float, high: float = math.inf, *, above: bool = False
) -> float:
    """A finite number from `low` to `high`; True and False are none.

    Args:
        name: what the number is, for the error.
        given: what came; NumPy's numbers are taken, texts are not.
        low: the least that is allowed.
        high: the most; infinity for no limit.
        above: `low` itself is not allowed.

    Raises:
        InvalidValueError: it is no finite number, or out of the range.

    Examples:
        >>> from cnnvis_widgets import checks
        >>> checks.number("opacity", 1, 0, 1)
        1.0
        >>> checks.number("rate", 0, 0, 1, above=True)
        Traceback (most recent call last):
        cnnvis_widgets.errors.InvalidValueError: rate is a number above 0 and at most 1; got 0.
    """
    real = isinstance(given, numbers.Real) and not isinstance(given, bool)
    value = float(given) if real else math.nan  # type: ignore[arg-type]
    if math.isfinite(value) and low <= value <= high and not (above and value == low):
        return value
    if above:
        expected = f"above {low:g}" + ("" if high == math.inf else f" and at most {high:g}")
    else:
        expected = f"from {low:g}" + ("" if high == math.inf else f" to {high:g}")
    raise InvalidValueError(f"{name} is a number {expected}; got {given!r}.")


def choice(kind: str, given: Name, known: Iterable[object]) -> Name:
    """A name that is among those known.

    Args:
        kind: what is chosen, in words.
        given: what came.
        known: the names that exist.

    Raises:
        UnknownNameError: it is not among them; names the nearest.

    Examples:
        >>> from cnnvis_widgets import checks
        >>> checks.choice("view", "sum", ("sum", "channels"))
        'sum'
    """
    names = known if isinstance(known, Container) else list(known)
    try:
        there = given in names
    except TypeError:  # a list is no key of a dict
        there = False
    if not there:
        raise UnknownNameError.of(kind, given, known)
    return given


def place(name: str, given: Any, shape: tuple[int, int]) -> list[int]:
    """A row and a column.

    Args:
        name: what the place is, for the error.
        given: (row, column).
        shape: (rows, columns) that there are.

    Raises:
        InvalidValueError: it is none, or outside.

    Examples:
        >>> from cnnvis_widgets import checks
        >>> checks.place("at", (2, 0), (3, 4))
        [2, 0]
    """
    try:
        row, column = given
        return [whole(name, row, 0, shape[0] - 1), whole(name, column, 0, shape[1] - 1)]
    except (TypeError, ValueError):  # an InvalidValueError is a ValueError
        raise InvalidValueError(
            f"{name} is a row from 0 to {shape[0] - 1} and a column from 0 to {shape[1] - 1}; "
            f"got {given!r}."
        ) from None


def pair(name: str, given: Any, low: float, high: float) -> list[float]:
    """Two numbers of one range.

    Raises:
        InvalidValueError: they are not two, or out of the range.

    Examples:
        >>> from cnnvis_widgets import checks
        >>> checks.pair("point", (0, 0.5), -1, 1)
        [0.0, 0.5]
    """
    try:
        first, second = given
    except (TypeError, ValueError):
        raise InvalidValueError(f"{name} is two numbers; got {given!r}.") from None
    return [number(f"{name}[{i}]", value, low, high) for i, value in enumerate((first, second))]
