"""Aggregates scores into rows with confidence intervals, and formats them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from cnnvis_widgets.errors import UnknownNameError
from cnnvis_widgets.study.contract import Scored
from cnnvis_widgets.study.intervals import bootstrap, wilson

COLUMNS = ("network", "picture", "method", "neuron")


def rows(
    scores: Iterable[Scored], by: tuple[str, ...], level: float, seed: int
) -> list[dict[str, Any]]:
    """Aggregate scores into rows; see `Study.table`.

    Raises:
        UnknownNameError: an unknown column in `by`.
    """
    for column in by:
        if column not in COLUMNS:
            raise UnknownNameError.of("column", column, COLUMNS)
    gathered: dict[tuple[str, ...], list[Scored]] = {}
    for score in scores:
        key = (*(score.run[column] for column in by), score.metric)
        gathered.setdefault(key, []).append(score)
    return [
        {**dict(zip((*by, "metric"), key, strict=True)), **_row(group, level, seed)}
        for key, group in gathered.items()
    ]


def _row(group: list[Scored], level: float, seed: int) -> dict[str, Any]:
    unsuited = sum(bool(score.unsuited) for score in group)
    defined = [score for score in group if score.value is not None]
    counts = {
        "n": len(defined),
        "undefined": len(group) - unsuited - len(defined),
        "unsuited": unsuited,
    }
    if not defined:
        return {**counts, "value": None, "low": None, "high": None, "interval": ""}
    pictures: dict[str, list[float]] = {}
    for score in defined:
        pictures.setdefault(score.run["picture"], []).append(float(score.value or 0))
    total = sum(sum(values) for values in pictures.values())
    # Wilson's interval assumes independent hits; several scores of one picture are dependent
    if all(score.hit for score in defined) and len(pictures) == len(defined):
        ends, name = wilson(total, len(defined), level), "Wilson"
    else:
        ends, name = bootstrap(list(pictures.values()), level, seed), "bootstrap over pictures"
    value = total / len(defined)
    return {**counts, "value": value, "low": ends[0], "high": ends[1], "interval": name}


def pivot(
    records: list[dict[str, Any]], rows: str, columns: str = "metric"
) -> tuple[list[str], list[str], dict[tuple[str, str], dict[str, Any]]]:
    """The names of the rows and of the columns, and the cells by (row, column)."""
    cells = {(row[rows], row[columns]): row for row in records}
    lines = list(dict.fromkeys(row[rows] for row in records))
    return lines, list(dict.fromkeys(row[columns] for row in records)), cells


def cell(row: dict[str, Any] | None, digits: int = 2) -> str:
    """A cell in words: value, interval, and the number of undefined scores."""
    if row is None or (row["value"] is None and not row["undefined"]):
        return "–"
    missing = f" ({row['undefined']} undefined)" if row["undefined"] else ""
    if row["value"] is None:
        return missing.strip(" ()")
    value, low, high = (f"{row[name]:.{digits}f}" for name in ("value", "low", "high"))
    return f"{value} [{low}, {high}]{missing}"


def markdown(records: list[dict[str, Any]], rows: str, columns: str = "metric") -> str:
    """A table in Markdown with rows `rows` and columns `columns`."""
    lines, heads, cells = pivot(records, rows, columns)
    text = [f"| {rows} | {' | '.join(heads)} |", f"| - |{' - |' * len(heads)}"]
    for line in lines:
        text.append(f"| {line} | {' | '.join(cell(cells.get((line, head))) for head in heads)} |")
    return "\n".join(text) + "\n"


def report(pictures: int, seed: int, records: list[dict[str, Any]]) -> str:
    """A table for each network in Markdown, with a row for each method."""
    text = [f"# Study: {pictures} pictures, seed {seed}", ""]
    text += ["Means with 95% confidence intervals; a dash: does not apply.", ""]
    networks = list(dict.fromkeys(row.get("network", "all networks") for row in records))
    for network in networks:
        network_records = [row for row in records if row.get("network", "all networks") == network]
        text += [f"## {network}", "", markdown(network_records, "method")]
    return "\n".join(text)
