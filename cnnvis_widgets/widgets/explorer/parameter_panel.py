"""Sliders and fields for the parameters that a method declares."""

from __future__ import annotations

import operator
from collections.abc import Mapping
from typing import Any

import traitlets

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.widgets.toolkit.control import Control
from cnnvis_widgets.widgets.toolkit.traits import (
    ANYTHING,
    NAME,
    NUMBER,
    TEXT,
    Field,
    Records,
    checked,
    plain,
)

KINDS = ("integer", "float", "boolean", "choice", "text")


def _kind(name: Any) -> Any:
    if name not in KINDS:
        raise UnknownNameError.of("kind of parameter", name, KINDS)
    return name


def fitting(parameter: Mapping[str, Any], value: Any) -> Any:
    """The value, checked and converted as its parameter declares.

    Args:
        parameter: a record of `ParameterPanel.parameters`.
        value: the value. `None` is valid if it is the declared default ("automatic").

    Raises:
        InvalidValueError: wrong type or out of range.
    """
    try:
        value = plain(value)
    except InvalidValueError as error:
        raise InvalidValueError(f"{parameter['name']}: {error}") from error
    kind, low, high = parameter["kind"], parameter["minimum"], parameter["maximum"]
    if value is None and parameter["default"] is None:
        return None
    words = {"integer": "a whole number", "float": "a number", "boolean": "true or false"}
    expected = words.get(kind, "a text")
    if kind == "choice":
        if value in parameter["choices"]:
            return value
        expected = f"one of {', '.join(map(str, parameter['choices']))}"
    elif kind in ("integer", "float"):
        expected += _range(low, high)
        number = _number(value, integer=kind == "integer")
        above = number is not None and (low is None or number >= low)
        if above and (high is None or number <= high):
            return number
    elif type(value) is {"boolean": bool, "text": str}[kind]:
        return value
    raise InvalidValueError(f"{parameter['name']} is {expected}; got {value!r}.")


def _range(low: float | None, high: float | None) -> str:
    if low is not None and high is not None:
        return f" {low:g} … {high:g}"
    if low is not None:
        return f", {low:g} or more"
    return "" if high is None else f", {high:g} or less"


def _number(value: Any, integer: bool) -> int | float | None:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    if not integer:
        return float(value)
    # A browser sends 3 for 3.0; a Python caller may send 3.0 for 3.
    return operator.index(int(value)) if value == int(value) else None


def _check_declaration(parameter: dict[str, Any]) -> None:
    low, high = parameter["minimum"], parameter["maximum"]
    if low is not None and high is not None and low > high:
        raise InvalidValueError(f"{parameter['name']}: minimum {low:g} is above maximum {high:g}.")
    parameter["default"] = fitting(parameter, parameter["default"])


class ParameterPanel(Control, from_page="value"):
    """One control for each declared parameter: a slider with a field, a switch, a choice or text.

    Attributes:
        parameters: records of name, title, kind ("integer", "float", "boolean", "choice" or
            "text"), default, minimum, maximum, step, choices (a list), help (one line), and unit
            ("px"). A parameter with the default `None` may be left empty.
        value: a dict of every parameter's value by name. Setting some keeps the others. When
            `parameters` changes, values with an unchanged declaration stay, and the others become
            their defaults.

    Raises:
        UnknownNameError: `value` has the name of no parameter.
        InvalidValueError: a value has the wrong type or is out of range; nothing is changed then.
    """

    label = traitlets.Unicode("Parameters").tag(sync=True)
    parameters = Records(
        "parameter",
        _check_declaration,
        name=NAME,
        title=TEXT,
        kind=Field((str,), convert=_kind),
        default=ANYTHING,
        minimum=NUMBER,
        maximum=NUMBER,
        step=NUMBER,
        choices=Field((list,), ()),
        help=TEXT,
        unit=TEXT,
    ).tag(sync=True)

    _declared: list[dict[str, Any]] | None = None

    @checked({})
    def value(self, values: Any) -> dict[str, Any]:
        if not isinstance(values, Mapping):
            raise InvalidValueError(f"value is a dict of values by parameter; got {values!r}.")
        names = [p["name"] for p in self.parameters]
        for name in values:
            if name not in names:
                raise UnknownNameError.of("parameter", name, names)
        before = self.value if self._declared == self.parameters else {}
        value = {}
        for parameter in self.parameters:
            name = parameter["name"]
            current = before.get(name, parameter["default"])
            value[name] = fitting(parameter, values[name]) if name in values else current
        # Tells `_fit` that this value was set for these declarations, not for earlier ones.
        self._declared = self.parameters
        return value

    def reset(self) -> None:
        """Set every parameter to its default."""
        self.value = {p["name"]: p["default"] for p in self.parameters}

    @traitlets.observe("parameters")
    def _fit(self, change: Any) -> None:
        if self._declared == self.parameters:
            return
        before = {p["name"]: p for p in change["old"] or []}
        values = {}
        for parameter in self.parameters:
            name = parameter["name"]
            if name in self.value and before.get(name, parameter) == parameter:
                values[name] = self.value[name]
            else:
                values[name] = parameter["default"]
        self.value = values
