"""Traits with our own error messages: lists of declared records, and checked values."""

from __future__ import annotations

import base64
import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import traitlets

from cnnvis_widgets import checks
from cnnvis_widgets.errors import InvalidValueError, UnknownNameError, UnsuitableError

_REQUIRED = object()


@dataclass(frozen=True)
class Field:
    """One field of a record.

    Attributes:
        kinds: the allowed types; `int` is accepted for `float`, `bool` never for a number; `object`
            accepts anything that JSON can represent.
        default: the value if the field is missing; without a default the field is required.
        alias: another name of the field in record objects of this package.
        convert: converts a value before its type is checked.
    """

    kinds: tuple[type, ...]
    default: object = _REQUIRED
    alias: str = ""
    convert: Callable[[Any], object] | None = None


NAME = Field((str,))
TEXT = Field((str,), "")
INTEGER = Field((int,), 0)
NUMBER = Field((float, type(None)), None)
FLAG = Field((bool,), True)
ANYTHING = Field((object,), None)


def plain(value: Any) -> Any:
    """A value for JSON: NumPy numbers and arrays, tuples and ranges become numbers and lists.

    Raises:
        InvalidValueError: a number is not finite, which JSON does not allow.
    """
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, tuple | list | range):
        return [plain(v) for v in value]
    if isinstance(value, float) and not math.isfinite(value):
        raise InvalidValueError(f"A finite number was expected; got {value!r}.")
    return value


def data_url(picture: object) -> object:
    """A small picture as a data URL.

    Args:
        picture: the bytes of a PNG, JPEG, GIF or WebP file, their base64 text, a data URL, or "".

    Returns:
        A `data:image/…` URL, or "" for no picture.

    Raises:
        InvalidValueError: another format or text.
    """
    if isinstance(picture, bytes | bytearray | memoryview):
        picture = base64.b64encode(picture).decode("ascii")
    if not isinstance(picture, str) or not picture or picture.startswith("data:image/"):
        return picture
    # The first bytes of each format in base64.
    formats = {"iVBORw0KGgo": "png", "/9j/": "jpeg", "R0lGOD": "gif", "UklGR": "webp"}
    for start, name in formats.items():
        if picture.startswith(start):
            return f"data:image/{name};base64,{picture}"
    raise InvalidValueError(
        f"A thumbnail is a PNG, JPEG, GIF or WebP file's bytes, their base64 text or a data URL; "
        f"got something that begins with {picture[:24]!r}."
    )


PICTURE = Field((str,), "", convert=data_url)


class Records(traitlets.TraitType):
    """A list of dicts with the same declared fields, the first of which is a unique key.

    A record is given as a dict, or as an object with attributes of these names (a `Layer`, a
    `Prediction`). Missing fields get their defaults, so that the page always has them all.

    Args:
        kind: what a record is, in words; used in errors.
        check: checks a completed record, and raises if it is invalid.
        fields: the fields by name.
    """

    def __init__(
        self, kind: str, check: Callable[[dict[str, Any]], None] | None = None, /, **fields: Field
    ) -> None:
        self.kind = kind
        self.check = check
        self.fields = fields
        self.key = next(iter(fields))
        super().__init__()

    def default(self, obj: Any = None) -> list[dict[str, Any]]:
        """A new empty list for each widget."""
        return []

    def validate(self, obj: Any, value: Any) -> list[dict[str, Any]]:
        """The records, checked and completed."""
        if isinstance(value, str | bytes | Mapping) or not hasattr(value, "__iter__"):
            raise InvalidValueError(f"{self.name} is a list of records; got {value!r}.")
        records = [self._record(record) for record in value]
        keys: set[object] = set()
        for record in records:
            key = record[self.key]
            if key in keys:
                raise InvalidValueError(
                    f"Each {self.kind} needs a {self.key} of its own; {key!r} came twice."
                )
            keys.add(key)
            if self.check:
                self.check(record)
        return records

    def _record(self, record: Any) -> dict[str, Any]:
        if isinstance(record, Mapping):
            for name in record:
                if name not in self.fields:
                    raise UnknownNameError.of(f"field of a {self.kind}", name, self.fields)
            values = dict(record)
        else:
            values = {}
            for name, field in self.fields.items():
                for attribute in (name, field.alias):
                    if attribute and hasattr(record, attribute):
                        values[name] = getattr(record, attribute)
        return {name: self._value(name, field, values) for name, field in self.fields.items()}

    def _value(self, name: str, field: Field, values: Mapping[str, Any]) -> Any:
        value = values.get(name, field.default)
        if value is _REQUIRED:
            raise InvalidValueError(
                f"A {self.kind} needs {name!r}; got {', '.join(map(repr, values)) or 'nothing'}."
            )
        try:
            value = plain(field.convert(value) if field.convert else value)
        except InvalidValueError as error:
            raise InvalidValueError(f"{name} of a {self.kind}: {error}") from error
        if float in field.kinds and isinstance(value, int) and not isinstance(value, bool):
            value = float(value)
        wrong_bool = isinstance(value, bool) and not {bool, object} & set(field.kinds)
        if wrong_bool or not isinstance(value, field.kinds):
            expected = " or ".join(k.__name__.replace("NoneType", "None") for k in field.kinds)
            raise InvalidValueError(f"{name} of a {self.kind} is {expected}; got {value!r}.")
        return value


class Checked(traitlets.TraitType):
    """A value that is checked each time it is set.

    Unlike with `traitlets.validate`, an invalid value is never stored, not even while notifications
    are held: traitlets only rolls back on a TraitError, and our errors are not.

    Args:
        check: called with the widget and the value; returns the value to store, or raises.
        default: the initial value.
        first: whether it must be set before the other traits, which are checked against it.
    """

    def __init__(
        self, check: Callable[[Any, Any], Any], default: Any = None, first: bool = False
    ) -> None:
        self.check = check
        self.first = first
        super().__init__(default_value=default)

    def validate(self, obj: Any, value: Any) -> Any:
        """The value that the check returns."""
        return self.check(obj, value)


def checked(default: Any = None, first: bool = False) -> Callable[[Callable[..., Any]], Any]:
    """Decorator: a synced trait from its check, `def kernel(self, value): …`."""
    return lambda check: Checked(check, default, first).tag(sync=True)


def _resolved(widget: Any, value: Any) -> Any:
    """A bound, a shape or names, either given or computed by a function of the widget."""
    return value(widget) if callable(value) else value


class Whole(Checked):
    """An integer from `low` to `high`.

    Args:
        low: the minimum; a number, or a function of the widget.
        high: the maximum, likewise; None for no limit.
        default: the initial value.
        optional: whether None is allowed.
        first: see `Checked`.
    """

    def __init__(
        self, low: Any, high: Any, default: Any = None, optional: bool = False, first: bool = False
    ) -> None:
        def check(widget: Any, value: Any) -> int | None:
            if optional and value is None:
                return None
            return checks.whole(
                self.name or "", value, _resolved(widget, low), _resolved(widget, high)
            )

        super().__init__(check, default, first)


class Real(Checked):
    """A finite number from `low` to `high`.

    Args:
        low: the minimum; a number, or a function of the widget.
        high: the maximum, likewise.
        default: the initial value.
        above: whether the minimum itself is excluded.
        optional: whether None is allowed.
    """

    def __init__(
        self, low: Any, high: Any, default: Any = None, above: bool = False, optional: bool = False
    ) -> None:
        def check(widget: Any, value: Any) -> float | None:
            if optional and value is None:
                return None
            ends = _resolved(widget, low), _resolved(widget, high)
            return checks.number(self.name or "", value, *ends, above=above)

        super().__init__(check, default)


class OneOf(Checked):
    """One of several names.

    Args:
        kind: what is chosen, in words.
        names: the names, or a function of the widget.
        default: the initial value.
        first: see `Checked`.
    """

    def __init__(self, kind: str, names: Any, default: Any = "", first: bool = False) -> None:
        super().__init__(
            lambda widget, value: checks.choice(kind, value, _resolved(widget, names)),
            default,
            first,
        )


class Place(Checked):
    """A row and a column.

    Args:
        shape: (rows, columns), or a function of the widget.
        default: the initial value.
        optional: whether None is allowed.
    """

    def __init__(self, shape: Any, default: Any = (0, 0), optional: bool = False) -> None:
        def check(widget: Any, value: Any) -> list[int] | None:
            if optional and value is None:
                return None
            return checks.place(self.name or "", value, _resolved(widget, shape))

        super().__init__(check, default)


class Offered(Checked):
    """The name of a record that may be chosen; "" for no choice.

    Args:
        kind: what the records are, in words.
        records: a function of the widget: records with "name", and with `flag` and "why".
        flag: the field that is false if a record is shown but cannot be chosen.

    Raises:
        UnknownNameError: an unknown record.
        UnsuitableError: a record that cannot be chosen; the message has the reason.
    """

    def __init__(self, kind: str, records: Callable[[Any], Any], flag: str = "") -> None:
        super().__init__(lambda widget, name: offered(kind, name, records(widget), flag), "")


def offered(kind: str, name: object, records: Iterable[Mapping[str, Any]], flag: str = "") -> str:
    """The check of `Offered` for a name and records; None counts as ""."""
    if name is None or name == "":
        return ""
    for record in records:
        if record["name"] == name:
            if flag and not record[flag]:
                raise UnsuitableError(f"The {kind} {name!r} cannot be chosen: {record['why']}")
            return str(name)
    raise UnknownNameError.of(kind, name, [r["name"] for r in records])


def still_offered(name: str, records: Iterable[Mapping[str, Any]], flag: str = "") -> str:
    """The name, or "" if it is no longer offered."""
    allowed = {r["name"] for r in records if not flag or r[flag]}
    return name if name in allowed else ""
