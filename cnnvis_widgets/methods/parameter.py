"""Declared parameters of methods: the source of checks, sliders, tables and help."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError

KINDS = ("integer", "float", "boolean", "choice", "layer", "file")


@dataclass(frozen=True)
class Parameter:
    """One parameter of a method.

    Attributes:
        name: the keyword of `cnnvis.explain`.
        title: its name in menus.
        kind: one of `KINDS`.
        default: the published or recommended value.
        help: one sentence.
        minimum: smallest value, for numbers.
        maximum: largest value, for numbers.
        step: a slider's step, for numbers.
        choices: the values, for "choice".
        unit: the unit of the number ("samples").
    """

    name: str
    title: str
    kind: str
    default: Any
    help: str
    minimum: float | None = None
    maximum: float | None = None
    step: float | None = None
    choices: tuple[str, ...] = ()
    unit: str = ""

    def check(self, value: Any) -> Any:
        """The value in the parameter's type.

        Raises:
            InvalidValueError: wrong type, out of range, or not one of the choices.
        """
        if self.kind == "boolean" and isinstance(value, bool):
            return value
        if self.kind in ("layer", "file") and isinstance(value, str):
            return value
        if self.kind == "choice":
            if value in self.choices:
                return value
            raise InvalidValueError(
                f"{self.name} is one of {', '.join(self.choices)}; got {value!r}."
            )
        if self.kind in ("integer", "float") and not isinstance(value, bool):
            return self._number(value)
        raise InvalidValueError(f"{self.name} is of kind {self.kind}; got {value!r}.")

    def _number(self, value: Any) -> float | int:
        try:
            number = float(value)
        except (TypeError, ValueError):
            raise InvalidValueError(f"{self.name} is a number; got {value!r}.") from None
        low = -math.inf if self.minimum is None else self.minimum
        high = math.inf if self.maximum is None else self.maximum
        is_integer = self.kind == "integer"
        if not math.isfinite(number) or not low <= number <= high or (is_integer and number % 1):
            expected = "a whole number" if is_integer else "a number"
            raise InvalidValueError(
                f"{self.name} is {expected} from {low} to {high}; got {value!r}."
            )
        return int(number) if is_integer else number

    def facts(self) -> dict[str, Any]:
        """The parameter as plain data, for a widget."""
        return {**asdict(self), "choices": list(self.choices)}


def checked(
    parameters: Sequence[Parameter], values: Mapping[str, Any], method: str
) -> dict[str, Any]:
    """Every parameter's value: the given one, else its default.

    Raises:
        UnknownNameError: a name that the method does not have.
        InvalidValueError: a value that does not fit.
    """
    by_name = {p.name: p for p in parameters}
    for name in values:
        if name not in by_name:
            raise UnknownNameError.of(f"parameter of {method}", name, by_name)
    return {
        name: p.check(values[name]) if name in values else p.default for name, p in by_name.items()
    }
