"""The results in a report: metrics, people's scores, groups of pictures."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, NamedTuple

from cnnvis_widgets.errors import FileError
from cnnvis_widgets.study import tables
from cnnvis_widgets.study.contract import Scored
from cnnvis_widgets.study.groups import group_difference
from cnnvis_widgets.study.people import Interval, People, files_of
from cnnvis_widgets.study.people_tables import FORMATS, in_words, latex_safe, rows
from cnnvis_widgets.study.report.sections import Table

if TYPE_CHECKING:
    from cnnvis_widgets.study.agreement import Agreement
    from cnnvis_widgets.study.scoring import NamedMetric
    from cnnvis_widgets.study.study import Study


class Score(NamedTuple):
    """People's scores in a report.

    Attributes:
        raters: the number of raters.
        tables: our and the thesis' Table 2, agreement, shares.
        difference: of the groups of pictures, in words, or "".
        follows: the rank correlation of each metric with people's order of the methods.
    """

    raters: int
    tables: tuple[Table, ...]
    difference: str
    follows: Table


def metric_tables(study: Study, scores: Sequence[Scored]) -> list[Table]:
    """A table for each network, with a row for each method, to copy in three formats."""
    records = tables.rows(scores, ("network", "method"), 0.95, study.seed)
    network_tables = []
    for network in study.networks:
        network_records = [row for row in records if row["network"] == network]
        if network_records:
            names, heads, cells = tables.pivot(network_records, "method")
            body = tuple(
                (name, *(tables.cell(cells.get((name, head))) for head in heads)) for name in names
            )
            table = Table(("method", *heads), body, network)
            network_tables.append(table._replace(copies=copies(table)))
    return network_tables


def copies(table: Table) -> tuple[tuple[str, str], ...]:
    """A table in Markdown, LaTeX and CSV."""
    lines = [table.heads, *table.rows]
    safe = [[text.replace("|", r"\|").replace("\n", " ") for text in line] for line in lines]
    marks = ["| " + " | ".join(line) + " |" for line in safe]
    marks.insert(1, "| - |" + " -: |" * (len(table.heads) - 1))
    body = [" & ".join(map(latex_safe, line)) + r" \\" for line in lines]
    columns = "l" + "r" * (len(table.heads) - 1)
    latex = [rf"\begin{{tabular}}{{{columns}}}", r"\hline", body[0], r"\hline", *body[1:]]
    stream = io.StringIO()
    csv.writer(stream, lineterminator="\n").writerows(lines)
    return (
        ("Markdown", "\n".join([*marks, ""])),
        ("LaTeX", "\n".join([*latex, r"\hline", r"\end{tabular}", ""])),
        ("CSV", stream.getvalue()),
    )


def people_of(study: Study) -> People | None:
    """The study's raters; None if no map was judged."""
    if not files_of(study):
        return None
    people = People(study)
    return people if people.points else None


def people_part(people: People, scores: Sequence[Scored], metrics: Sequence[NamedMetric]) -> Score:
    """People's scores, agreement and correlations with metrics."""
    from cnnvis_widgets.study.people_tables import of_groups

    heads, ours, thesis = rows(people)
    texts = {name: write(people) for name, (_, write) in FORMATS.items()}
    names = {"Markdown": "markdown", "LaTeX": "latex", "CSV": "csv"}
    candidates = [
        Table(
            ("network", *heads),
            tuple((name, *cells) for name, cells in ours),
            "Table 2: points, of the maps judged",
            tuple((title, texts[name]) for title, name in names.items()),
        ),
        Table(
            ("network", *heads),
            tuple((name, *cells) for name, cells in thesis),
            "The thesis' own points, of its maps",
        ),
        _shares(people),
        _agreement("Agreement between raters", "raters", people.agreement()),
        _agreement(
            "Agreement of first and second verdicts, on maps seen twice",
            "rater",
            people.self_agreement(),
        ),
    ]
    gap = people.groups()
    return Score(
        len(people.raters),
        tuple(table for table in candidates if table.rows),
        of_groups(gap) if gap else "",
        _follows(people, scores, metrics),
    )


def _shares(people: People) -> Table:
    shares = {method: people.share_of(method) for method in people.study.methods}
    best = sorted(shares, key=lambda method: -(shares[method].value or 0))
    body = tuple((method, in_words(shares[method])) for method in best)
    return Table(("method", "share of maps with a point"), body, "Methods in people's order")


def _agreement(title: str, heading: str, agreements: dict[str, Agreement]) -> Table:
    body = tuple(
        (name, str(agreement.items), f"{agreement.same:.2f}", in_words(Interval(*agreement[:3])))
        for name, agreement in agreements.items()
    )
    return Table((heading, "maps", "same answer", "kappa"), body, title)


def follows(
    people: People, scores: Sequence[Scored], metrics: Sequence[NamedMetric]
) -> dict[str, Interval]:
    """Metric → the rank correlation of its order of the methods with people's."""
    correlations = {}
    for named in metrics:
        if named.metric.better != "neither":
            own_scores = [score for score in scores if score.metric == named.label]
            correlations[named.label] = people.follows(own_scores, named.metric.better == "lower")
    return correlations


def _follows(people: People, scores: Sequence[Scored], metrics: Sequence[NamedMetric]) -> Table:
    correlations = follows(people, scores, metrics)
    body = tuple((name, in_words(interval)) for name, interval in correlations.items())
    return Table(("metric", "Spearman's rank correlation with people's order"), body)


def groups_table(study: Study, scores: Sequence[Scored]) -> Table:
    """The difference of each metric between two groups of pictures, over all methods."""
    groups: dict[str, str] = study.store.settings.get("groups", {})
    by_metric: dict[str, dict[str, tuple[float, float]]] = {}
    for score in scores:
        if score.value is not None and score.run["method"] in study.methods:
            sums = by_metric.setdefault(score.metric, {})
            total, count = sums.get(score.run["picture"], (0.0, 0.0))
            sums[score.run["picture"]] = total + score.value, count + 1
    body, heads = [], ("metric", "difference", "p")
    for metric, sums in by_metric.items():
        if gap := group_difference(sums, groups, seed=study.seed):
            head = f"{gap.first} ({gap.pictures[0]}) minus {gap.second} ({gap.pictures[1]})"
            heads = ("metric", head, "p, permutation test")
            interval = Interval(gap.value, gap.low, gap.high)
            body.append((metric, in_words(interval), f"{gap.p:.2g}"))
    return Table(heads, tuple(body))


def scores_of(
    study: Study, metrics: Any, baselines: tuple[str, ...], progress: Any
) -> list[Scored]:
    """Score all runs; scores are cached in the study's folder.

    Raises:
        FileError: a map cannot be read.
    """
    from cnnvis_widgets.study.scoring import Scorer

    if not any("file" in line for line in study.runs()):
        raise FileError(
            f"There is nothing to report in {str(study.store.path)!r}: no run has a map."
        )
    return Scorer(study, metrics, baselines).scores(progress)
