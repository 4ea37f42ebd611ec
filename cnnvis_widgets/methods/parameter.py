"""What a method lets one choose, declared once: checks, sliders, tables and help follow from it."""

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
        title: what a menu calls it.
        kind: one of `KINDS`.
        default: the published or recommended value.
        help: one sentence.
        minimum: smallest value, for numbers.
        maximum: largest value, for numbers.
        step: a slider's step, for numbers.
        choices: what there is, for "choice".
        unit: what the number counts ("samples").
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
        whole = self.kind == "integer"
        if not math.isfinite(number) or not low <= number <= high or (whole and number % 1):
            what = "a whole number" if whole else "a number"
            raise InvalidValueError(f"{self.name} is {what} from {low} to {high}; got {value!r}.")
        return int(number) if whole else number

    def facts(self) -> dict[str, Any]:
        """All of it as plain data, for a widget."""
        return {**asdict(self), "choices": list(self.choices)}


def checked(
    parameters: Sequence[Parameter], given: Mapping[str, Any], method: str
) -> dict[str, Any]:
    """Every parameter's value: as given, else its default.

    Raises:
        UnknownNameError: a name that the method does not have.
        InvalidValueError: a value that does not fit.
    """
    known = {p.name: p for p in parameters}
    for name in given:
        if name not in known:
            raise UnknownNameError.of(f"parameter of {method}", name, known)
    return {name: p.check(given[name]) if name in given else p.default for name, p in known.items()}
