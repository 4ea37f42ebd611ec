"""A table of facts, sorted by a column and filtered by its values (thesis Table 1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import traitlets

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.widgets.toolkit.control import Control
from cnnvis_widgets.widgets.toolkit.traits import OneOf, checked, plain

Value = str | float | int | bool | None
MOST_CHOICES = 8  # different values of a column that can be filtered by


class FactsTable(Control, from_page="sort descending filters"):
    """Rows of facts under column headings.

    A heading is a button: it sorts upwards, then downwards, then not at all. Under it, where a
    column has few different values, one of them can be chosen: only the rows that have it stay.
    Cells with a note have a mark; the note of the cell that is pointed at, or has the focus, is
    below. Booleans are shown as yes and no, None as an empty cell that is sorted last.

    Args:
        rows: facts by column name, as `cnnvis.methods()` gives them; others are left out.
        columns: column name → heading. The first one names the rows, each with a text of its own.
        notes: (first column's text, column name) → a sentence about that cell.
        kwargs: the attributes.

    Attributes:
        sort: the name of the column that the rows are sorted by; "" as they came.
        descending: whether the largest comes first.
        filters: column name → the value that rows must have; as shown: "yes" and not True.

    Raises:
        InvalidValueError: no rows or columns, two rows of one name, facts that are no text, number
            or boolean, texts and numbers in one column, a filter for a value that the column does
            not have.
        UnknownNameError: a column that there is not, in a row, a note, `sort` or `filters`.
    """

    label = traitlets.Unicode("The methods").tag(sync=True)
    sort = OneOf("column", lambda table: ("", *table._columns)).tag(sync=True)
    descending = traitlets.Bool(False).tag(sync=True)

    _table = traitlets.Dict().tag(sync=True)

    @checked()
    def filters(self, given: Any) -> dict[str, str]:
        if given is None:
            return {}
        if not isinstance(given, Mapping):
            raise InvalidValueError(f"filters are column names and values; got {given!r}.")
        for name, value in given.items():
            if name not in self._columns:
                raise UnknownNameError.of("column", name, self._columns)
            if value not in self._choices(name):
                raise InvalidValueError(
                    f"The column {name!r} can be filtered by {self._choices(name)}; got {value!r}."
                )
        return dict(given)

    def __init__(
        self,
        rows: Iterable[Mapping[str, Any]],
        columns: Mapping[str, str],
        notes: Mapping[tuple[str, str], str] | None = None,
        **kwargs: Any,
    ) -> None:
        self._columns = {str(name): str(heading) for name, heading in columns.items()}
        if not self._columns:
            raise InvalidValueError("Expected at least one column; got none.")
        self._rows = [_row(row, self._columns) for row in rows]
        names = [row[0] for row in self._rows]
        if not names or len(set(names)) < len(names) or not all(isinstance(n, str) for n in names):
            raise InvalidValueError(
                f"Each row needs a name of its own in {next(iter(self._columns))!r}, and there must"
                f" be one; got {names}."
            )
        for at, name in enumerate(self._columns):
            kinds = {isinstance(row[at], str) for row in self._rows if row[at] is not None}
            if len(kinds) > 1:
                raise InvalidValueError(f"The column {name!r} has texts and numbers: no order.")
        said = {self._place(names, cell): str(text) for cell, text in (notes or {}).items()}
        super().__init__(**kwargs)
        self._table = {
            "columns": [
                {"name": name, "heading": heading, "choices": self._choices(name)}
                for name, heading in self._columns.items()
            ],
            "rows": [[_shown(value) for value in row] for row in self._rows],
            # What the rows are sorted by: the page need not know what a boolean was.
            "keys": [[_key(value) for value in row] for row in self._rows],
            "notes": [[*place, text] for place, text in said.items()],
        }

    @property
    def shown(self) -> tuple[str, ...]:
        """The names of the rows that are left, in their order in the table."""
        left = [
            row
            for row in self._rows
            if all(_shown(row[self._at(name)]) == value for name, value in self.filters.items())
        ]
        if self.sort:
            at = self._at(self.sort)
            known = [row for row in left if row[at] is not None]
            known.sort(key=lambda row: _key(row[at]), reverse=self.descending)
            left = known + [row for row in left if row[at] is None]
        return tuple(str(row[0]) for row in left)

    def _at(self, name: str) -> int:
        return list(self._columns).index(name)

    def _choices(self, name: str) -> list[str]:
        values = list(dict.fromkeys(_shown(row[self._at(name)]) for row in self._rows))
        first = name == next(iter(self._columns))
        return [] if first or not 1 < len(values) <= MOST_CHOICES else sorted(values)

    def _place(self, names: Sequence[Value], cell: tuple[str, str]) -> tuple[int, int]:
        name, column = cell
        if name not in names:
            raise UnknownNameError.of("row", name, [str(known) for known in names])
        if column not in self._columns:
            raise UnknownNameError.of("column", column, self._columns)
        return names.index(name), self._at(column)


def _row(row: Mapping[str, Any], columns: Mapping[str, str]) -> list[Value]:
    values = []
    for name in columns:
        if name not in row:
            raise UnknownNameError.of("column", name, row)
        value = plain(row[name])
        if not isinstance(value, str | float | int | None):
            raise InvalidValueError(
                f"A fact is a text, a number, a boolean or None; {name!r} is {value!r}."
            )
        values.append(value)
    return values


def _shown(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _key(value: Value) -> Any:
    """What a cell is sorted by; texts of either case alike, no before yes."""
    if isinstance(value, str):
        return value.lower()
    return None if value is None else float(value)
