"""Scores as rows with confidence intervals, and as text."""

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
    """Scores gathered into rows; see `Study.table` for what is in one.

    Raises:
        UnknownNameError: `by` names something that a run does not have.
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
    known = [score for score in group if score.value is not None]
    counts = {
        "n": len(known),
        "undefined": len(group) - unsuited - len(known),
        "unsuited": unsuited,
    }
    if not known:
        return {**counts, "value": None, "low": None, "high": None, "interval": ""}
    pictures: dict[str, list[float]] = {}
    for score in known:
        pictures.setdefault(score.run["picture"], []).append(float(score.value or 0))
    total = sum(sum(values) for values in pictures.values())
    # Wilson's interval counts independent hits; several scores of one picture are none.
    if all(score.hit for score in known) and len(pictures) == len(known):
        ends, name = wilson(total, len(known), level), "Wilson"
    else:
        ends, name = bootstrap(list(pictures.values()), level, seed), "bootstrap over pictures"
    value = total / len(known)
    return {**counts, "value": value, "low": ends[0], "high": ends[1], "interval": name}


def pivot(
    records: list[dict[str, Any]], rows: str, columns: str = "metric"
) -> tuple[list[str], list[str], dict[tuple[str, str], dict[str, Any]]]:
    """Names of the rows, names of the columns, and the cells by (row, column)."""
    cells = {(row[rows], row[columns]): row for row in records}
    lines = list(dict.fromkeys(row[rows] for row in records))
    return lines, list(dict.fromkeys(row[columns] for row in records)), cells


def cell(row: dict[str, Any] | None, digits: int = 2) -> str:
    """A cell in words: value, interval, and how many are missing."""
    if row is None or (row["value"] is None and not row["undefined"]):
        return "–"
    missing = f" ({row['undefined']} undefined)" if row["undefined"] else ""
    if row["value"] is None:
        return missing.strip(" ()")
    value, low, high = (f"{row[name]:.{digits}f}" for name in ("value", "low", "high"))
    return f"{value} [{low}, {high}]{missing}"


def markdown(records: list[dict[str, Any]], rows: str, columns: str = "metric") -> str:
    """A table in Markdown: `rows` down, `columns` across."""
    lines, heads, cells = pivot(records, rows, columns)
    text = [f"| {rows} | {' | '.join(heads)} |", f"| - |{' - |' * len(heads)}"]
    for line in lines:
        text.append(f"| {line} | {' | '.join(cell(cells.get((line, head))) for head in heads)} |")
    return "\n".join(text) + "\n"


def report(pictures: int, seed: int, records: list[dict[str, Any]]) -> str:
    """A table for each network, the methods down and the metrics across, in Markdown."""
    text = [f"# Study: {pictures} pictures, seed {seed}", ""]
    text += ["Means with 95% confidence intervals; a dash: does not apply.", ""]
    networks = list(dict.fromkeys(row.get("network", "all networks") for row in records))
    for network in networks:
        own = [row for row in records if row.get("network", "all networks") == network]
        text += [f"## {network}", "", markdown(own, "method")]
    return "\n".join(text)
