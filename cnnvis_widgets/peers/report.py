"""Writes a comparison in words, as plain data and as a figure."""

from __future__ import annotations

import platform
from collections.abc import Iterator
from dataclasses import asdict
from datetime import date
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

import numpy as np

from cnnvis_widgets.methods import all_methods
from cnnvis_widgets.peers.comparison import Comparison, Row
from cnnvis_widgets.peers.differences import REMARKS

if TYPE_CHECKING:
    from matplotlib.figure import Figure

NOT_COMPARED = ("absent", "raised", "ours")


def heading(comparison: Comparison) -> str:
    """Network, class and value in a line."""
    case = comparison.case
    score = case.network.predict(case.image, case.network.units)
    target = next(prediction for prediction in score if prediction.unit == case.unit)
    share = "" if target.score is None else f", score {target.score:.1%}".replace("%", " %")
    return (
        f"{case.network.name}: {target.label} (unit {case.unit}), value {target.logit:.4g}{share}"
    )


def sentences(comparison: Comparison) -> list[str]:
    """A sentence for each method: whether the libraries agree with ours."""
    return [_sentence(rows) for rows in by_method(comparison)]


def by_method(comparison: Comparison) -> Iterator[list[Row]]:
    """The rows of each method."""
    for name in dict.fromkeys(row.method for row in comparison.rows):
        yield [row for row in comparison.rows if row.method == name]


def _sentence(rows: list[Row]) -> str:
    compared = [row for row in rows if row.verdict.kind not in NOT_COMPARED]
    agree = [row for row in compared if row.verdict.agrees]
    libraries_by_verdict: dict[str, list[str]] = {}
    for row in rows:
        libraries_by_verdict.setdefault(row.verdict.words, []).append(row.library)
    verdicts = "; ".join(f"{_and(names)}: {words}" for words, names in libraries_by_verdict.items())
    return f"{rows[0].title}: {_lead(len(agree), len(compared))}. {verdicts}."


def _lead(agree: int, compared: int) -> str:
    if not compared:
        return "not compared"
    if agree == compared:
        return "all agree with ours" if compared > 1 else "agrees with ours"
    if not agree:
        return "none agrees with ours" if compared > 1 else "differs from ours"
    return f"{agree} of {compared} agree with ours"


def _and(names: list[str]) -> str:
    return " and ".join(names) if len(names) < 3 else f"{', '.join(names[:-1])} and {names[-1]}"


def reasons(comparison: Comparison) -> list[tuple[str, str, str]]:
    """The reasons for differences: (method and library, reason, source)."""
    entries = [
        (f"{row.title}, {row.library}", row.verdict.why, row.verdict.source)
        for row in comparison.rows
        if row.verdict.why and row.verdict.kind not in NOT_COMPARED
    ]
    return list(dict.fromkeys(entries))


def on_scores(comparison: Comparison) -> list[str]:
    """The libraries' results on the unmodified model, two sentences each."""
    kind = comparison.case.network.structure.output_kind
    beside = "logarithm of the probability" if kind == "log-softmax" else "probability"
    lines = []
    for name in comparison.versions:
        tried = [(row, row.on_score) for row in comparison.rows if row.library == name]
        tested = [(row, result) for row, result in tried if result is not None]
        if not tested:
            continue
        proven = [row.title for row, result in tested if result.proven]
        results = "; ".join(f"{row.title} {result.words}" for row, result in tested)
        proven_titles = "all of them" if len(proven) == len(tested) else _and(proven)
        proof = f" Proven for {proven_titles}: our map of the {beside} is theirs." if proven else ""
        lines.append(
            f"Given the model as it is, {name} explains the {beside}. Beside ours of the value "
            f"before it: {results}.{proof}"
        )
    return lines


def remarks_on_transfer(comparison: Comparison) -> list[str]:
    """How the libraries got the network, and which are not available."""
    lines = [f"{name}: {text}" for name, text in comparison.remarks.items() if text]
    return [*lines, *comparison.absent.values()]


def table(comparison: Comparison) -> list[tuple[str, ...]]:
    """The numbers: a heading, and a row for each method of each library."""
    head = ("method", "library", "largest difference", "rank correlation", "seconds")
    rows: list[tuple[str, ...]] = [head]
    for row in comparison.rows:
        numbers = ("–", "–")
        if row.agreement is not None:
            rank = row.agreement.correlation
            far = "–" if row.by_rank else f"{row.agreement.difference:.2g}"
            numbers = (far, "–" if rank is None else f"{rank:.4f}")
        rows.append((row.method, row.library, *numbers, f"{row.seconds:.1f}"))
    return rows


def remarks(comparison: Comparison) -> list[str]:
    """The libraries' defaults that were overridden."""
    return [f"{name}: {remark}" for name in comparison.versions for remark in REMARKS.get(name, ())]


def library_versions(comparison: Comparison) -> str:
    """Names and versions in words."""
    versions = [f"{name} {number}" for name, number in comparison.versions.items()]
    return f"cnnvis-widgets {version('cnnvis-widgets')} beside {_and(versions)}"


def text(comparison: Comparison) -> str:
    """The report for a terminal."""
    report_lines = [heading(comparison), library_versions(comparison), ""]
    report_lines += sentences(comparison)
    for title, lines in (
        ("Why they differ", [_reason(*entry) for entry in reasons(comparison)]),
        ("The model as it is, softmax included", on_scores(comparison)),
        ("How they were asked", remarks_on_transfer(comparison)),
    ):
        if lines:
            report_lines += ["", title, *(f"  {line}" for line in lines)]
    return "\n".join([*report_lines, "", *_aligned(table(comparison))])


def _reason(label: str, reason: str, source: str) -> str:
    return f"{label}: {reason}" + (f" [{source}]" if source else "")


def _aligned(rows: list[tuple[str, ...]]) -> list[str]:
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    text_columns = 2  # the columns of words; numbers are aligned to the right
    return [
        "  ".join(
            f"{cell:{width}}" if number < text_columns else f"{cell:>{width}}"
            for number, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in rows
    ]


def data(comparison: Comparison) -> dict[str, Any]:
    """The comparison without maps as plain data for JSON."""
    case = comparison.case
    numbers = {
        name: value
        for name, value in asdict(case.settings).items()
        if not isinstance(value, np.ndarray)
    }
    return {
        "heading": heading(comparison),
        "network": case.network.name,
        "unit": case.unit,
        "layer": case.layer,
        "settings": numbers,
        "libraries": dict(comparison.versions),
        "absent": dict(comparison.absent),
        "told": dict(comparison.remarks),
        "date": date.today().isoformat(),
        "python": platform.python_version(),
        "sentences": sentences(comparison),
        "on_scores": on_scores(comparison),
        "defaults": remarks(comparison),
        "rows": [_plain(row) for row in comparison.rows],
    }


def _plain(row: Row) -> dict[str, Any]:
    on_score = row.on_score
    return {
        "method": row.method,
        "library": row.library,
        "call": row.call,
        "form": row.form,
        "verdict": row.verdict.kind,
        "agrees": row.verdict.agrees,
        "words": row.verdict.words,
        "why": row.verdict.why,
        "source": row.verdict.source,
        "agreement": None if row.agreement is None else finite(row.agreement._asdict()),
        "on_score": None
        if on_score is None
        else {
            **finite(on_score.agreement._asdict()),
            "proven": on_score.proven,
            "words": on_score.words,
        },
        "seconds": round(row.seconds, 3),
        "warnings": list(row.warnings),
    }


def finite(numbers: dict[str, float | None]) -> dict[str, float | None]:
    """Replace infinity by None for JSON."""
    return {k: v if v is not None and np.isfinite(v) else None for k, v in numbers.items()}


def as_rows_and_columns(row: Row, values: np.ndarray | None) -> np.ndarray | None:
    """A row's map as (rows, columns), reduced over channels as our method does."""
    if values is None or values.ndim == 2:
        return values
    return np.ascontiguousarray(all_methods()[row.method].reduce(values), np.float32)


def ours_of(rows: list[Row]) -> Row | None:
    """The row of a method with the smallest map of ours, which is not enlarged."""
    sizes = [(row.ours.size, number) for number, row in enumerate(rows) if row.ours is not None]
    return rows[min(sizes)[1]] if sizes else None


def figure(comparison: Comparison) -> Figure:
    """A figure with a row of maps for each method, ours first."""
    from cnnvis_widgets.rendering.figures import Panel, grid

    names = list(comparison.versions)
    panels: list[list[Panel | None]] = []
    labels = []
    for rows in by_method(comparison):
        of = {row.library: row for row in rows}
        reference = ours_of(rows)
        if reference is None:
            continue
        row_panels: list[Panel | None] = [
            Panel(heatmap=as_rows_and_columns(reference, reference.ours), label="ours")
        ]
        for name in names:
            row = of.get(name)
            map_ = None if row is None else as_rows_and_columns(row, row.theirs)
            row_panels.append(None if map_ is None else Panel(heatmap=map_, label=name))
        panels.append(row_panels)
        labels.append(rows[0].title)
    return grid(
        panels,
        mode="heatmap",
        row_labels=labels,
        title=heading(comparison),
        caption="Each map has its own scale. " + library_versions(comparison),
    )
