"""A table of facts, sorted by a column and filtered by its values (thesis Table 1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import traitlets

from cnnvis_widgets.errors import InvalidValueError, UnknownNameError
from cnnvis_widgets.widgets.toolkit.control import Control
from cnnvis_widgets.widgets.toolkit.traits import OneOf, checked, plain

Value = str | float | int | bool | None
MOST_CHOICES = 8  # most different values of a column with a filter


class FactsTable(Control, from_page="sort descending filters"):
    """Rows of facts under column headings.

    A heading is a button: it sorts ascending, then descending, then not at all. A column with few
    different values has a filter below its heading. Cells with a note have a mark; the note of the
    cell under the pointer, or with the focus, is shown below the table. Booleans are shown as yes
    and no, None as an empty cell that is sorted last.

    Args:
        rows: facts by column name, as `cnnvis.methods()` returns them; other facts are left out.
        columns: column name → heading. The first column has a different text in each row.
        notes: (first column's text, column name) → a sentence about that cell.
        kwargs: the attributes.

    Attributes:
        sort: the name of the column that the rows are sorted by; "" for the given order.
        descending: whether the largest comes first.
        filters: column name → the value that rows must have, as shown: "yes", not True.

    Raises:
        InvalidValueError: no rows or columns, two rows of one name, facts that are not texts,
            numbers or booleans, texts and numbers in one column, or a filter for a value that the
            column does not have.
        UnknownNameError: an unknown column in a row, a note, `sort` or `filters`.
    """

    label = traitlets.Unicode("The methods").tag(sync=True)
    sort = OneOf("column", lambda table: ("", *table._columns)).tag(sync=True)
    descending = traitlets.Bool(False).tag(sync=True)

    _table = traitlets.Dict().tag(sync=True)

    @checked()
    def filters(self, filters: Any) -> dict[str, str]:
        if filters is None:
            return {}
        if not isinstance(filters, Mapping):
            raise InvalidValueError(f"filters are column names and values; got {filters!r}.")
        for name, value in filters.items():
            if name not in self._columns:
                raise UnknownNameError.of("column", name, self._columns)
            if value not in self._choices(name):
                raise InvalidValueError(
                    f"The column {name!r} can be filtered by {self._choices(name)}; got {value!r}."
                )
        return dict(filters)

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
        texts = {self._cell_index(names, cell): str(text) for cell, text in (notes or {}).items()}
        super().__init__(**kwargs)
        self._table = {
            "columns": [
                {"name": name, "heading": heading, "choices": self._choices(name)}
                for name, heading in self._columns.items()
            ],
            "rows": [[_cell_text(value) for value in row] for row in self._rows],
            # Sort keys: the page does not know the original types.
            "keys": [[_key(value) for value in row] for row in self._rows],
            "notes": [[*index, text] for index, text in texts.items()],
        }

    @property
    def shown(self) -> tuple[str, ...]:
        """The names of the rows that pass the filters, in the order of the table."""
        rows = [
            row
            for row in self._rows
            if all(_cell_text(row[self._at(name)]) == value for name, value in self.filters.items())
        ]
        if self.sort:
            at = self._at(self.sort)
            filled = [row for row in rows if row[at] is not None]
            filled.sort(key=lambda row: _key(row[at]), reverse=self.descending)
            rows = filled + [row for row in rows if row[at] is None]
        return tuple(str(row[0]) for row in rows)

    def _at(self, name: str) -> int:
        return list(self._columns).index(name)

    def _choices(self, name: str) -> list[str]:
        values = list(dict.fromkeys(_cell_text(row[self._at(name)]) for row in self._rows))
        first = name == next(iter(self._columns))
        return [] if first or not 1 < len(values) <= MOST_CHOICES else sorted(values)

    def _cell_index(self, names: Sequence[Value], cell: tuple[str, str]) -> tuple[int, int]:
        name, column = cell
        if name not in names:
            raise UnknownNameError.of("row", name, [str(row) for row in names])
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


def _cell_text(value: Value) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if value is None:
        return ""
    return f"{value:.6g}" if isinstance(value, float) else str(value)


def _key(value: Value) -> Any:
    """The sort key of a cell: texts without case, no before yes."""
    if isinstance(value, str):
        return value.lower()
    return None if value is None else float(value)
