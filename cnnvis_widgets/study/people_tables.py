"""Writes people's scores: Table 2 in LaTeX, Markdown and CSV, and a report."""

from __future__ import annotations

import csv
import io
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from cnnvis_widgets.methods import method as method_named
from cnnvis_widgets.study.agreement import Agreement
from cnnvis_widgets.study.groups import Difference
from cnnvis_widgets.study.human_scores import THESIS_OUTPUTS_ONLY, THESIS_TABLE_2
from cnnvis_widgets.study.people import Interval, People

if TYPE_CHECKING:
    from cnnvis_widgets.study.study import Study

THESIS_NAMES = {
    "vgg16": "VGG-16",
    "inception_v3": "Inception V3",
    "xception": "Xception",
    "resnet50": "ResNet-50",
    "mobilenet_v2": "MobileNet V2",
}
"""A network of the zoo → its row in the thesis' Table 2."""

Row = tuple[str, list[str]]


def thesis_cell(network: str, method: str) -> tuple[int, int] | None:
    """The thesis' points and number of maps of a network (by its printed name) and a method.

    Examples:
        >>> thesis_cell("VGG-16", "lime"), thesis_cell("VGG-16", "occlusion")
        ((7, 10), None)
    """
    points = THESIS_TABLE_2.get(network, {}).get(method)
    return None if points is None else (points, 10 if method in THESIS_OUTPUTS_ONLY else 30)


def _titles(study: Study) -> dict[str, str]:
    return {
        label: method_named(settings["method"]).title if settings["method"] == label else label
        for label, settings in study.methods.items()
    }


def rows(people: People) -> tuple[list[str], list[Row], list[Row]]:
    """Table 2: the methods' titles, our rows and the thesis' rows, each with a row of sums.

    A cell is "points/maps", or a dash.
    """
    study = people.study
    method_names = {label: settings["method"] for label, settings in study.methods.items()}
    ours = {
        network: {method: cell[:2] for method, cell in row.items()}
        for network, row in people.cells().items()
    }
    thesis = {
        network: {
            label: cell
            for label, name in method_names.items()
            if (cell := thesis_cell(network, name))
        }
        for network in THESIS_TABLE_2
    }
    heads = list(_titles(study).values())
    return heads, _lines(ours, list(method_names)), _lines(thesis, list(method_names))


def _lines(table: Mapping[str, Mapping[str, tuple[int, int]]], methods: list[str]) -> list[Row]:
    body = [(name, [_cell(row.get(method)) for method in methods]) for name, row in table.items()]
    sums = []
    for method in methods:
        cells = [row[method] for row in table.values() if method in row]
        total = sum(cell[0] for cell in cells), sum(cell[1] for cell in cells)
        sums.append(_cell(total if cells else None))
    return [*body, ("all", sums)]


def _cell(cell: tuple[int, int] | None) -> str:
    return "–" if cell is None else f"{cell[0]}/{cell[1]}"


def markdown(people: People) -> str:
    """Table 2 in Markdown, the thesis' below ours."""
    heads, ours, thesis = rows(people)
    text = []
    for title, table in (("Points, of maps judged", ours), ("The thesis' own points", thesis)):
        text += [f"{title}:", "", f"| | {' | '.join(map(_markdown_safe, heads))} |"]
        text.append(f"| - |{' -: |' * len(heads)}")
        text += [f"| {_markdown_safe(name)} | {' | '.join(cells)} |" for name, cells in table]
        text.append("")
    return "\n".join(text)


def _markdown_safe(text: str) -> str:
    return text.replace("|", r"\|").replace("\n", " ")


_LATEX = {
    "\\": r"\textbackslash{}", "&": r"\&", "%": r"\%", "$": r"\$", "#": r"\#", "_": r"\_",
    "{": r"\{", "}": r"\}", "~": r"\textasciitilde{}", "^": r"\textasciicircum{}", "–": "--",
}  # fmt: skip


def latex_safe(text: str) -> str:
    r"""A text as LaTeX prints it.

    Examples:
        >>> latex_safe("mini_vgg & 5 %")
        'mini\\_vgg \\& 5 \\%'
    """
    return "".join(_LATEX.get(letter, letter) for letter in text)


def latex(people: People) -> str:
    """Table 2 as a LaTeX table without packages, the thesis' rows below ours."""
    heads, ours, thesis = rows(people)
    text = [
        r"\begin{table}",
        r"\centering",
        r"\caption{Points of the methods, of the maps judged; below, those of the thesis}",
        rf"\begin{{tabular}}{{l{'r' * len(heads)}}}",
        r"\hline",
        " & ".join(["", *map(latex_safe, heads)]) + r" \\",
    ]
    for title, table in (("", ours), ("Thesis", thesis)):
        text.append(r"\hline")
        if title:
            text.append(rf"\multicolumn{{{len(heads) + 1}}}{{l}}{{\textit{{{title}}}}} \\")
        for name, cells in table:
            text.append(" & ".join(map(latex_safe, [name, *cells])) + r" \\")
    return "\n".join([*text, r"\hline", r"\end{tabular}", r"\end{table}", ""])


COLUMNS = (
    "network", "method", "points", "maps", "share", "low", "high", "thesis_points", "thesis_maps",
)  # fmt: skip


def comma_separated(people: People) -> str:
    """Table 2 as CSV: a line for each network and method, with the thesis' numbers.

    The thesis' networks that were not judged have separate lines.
    """
    stream = io.StringIO()
    writer = csv.writer(stream, lineterminator="\n")
    writer.writerow(COLUMNS)
    cells, study, judged = people.cells(), people.study, set()
    for network, row in cells.items():
        printed = THESIS_NAMES.get(network, network)
        judged.add(printed)
        for method, (points, count, share) in row.items():
            thesis = thesis_cell(printed, study.methods[method]["method"]) or ("", "")
            ends = [f"{number:.4f}" for number in share if number is not None]
            writer.writerow([network, method, points, count, *ends, *thesis])
    for network, points_by_method in THESIS_TABLE_2.items():
        if network not in judged:
            for method in points_by_method:
                thesis = thesis_cell(network, method) or ("", "")
                writer.writerow([network, method, "", "", "", "", "", *thesis])
    return stream.getvalue()


def report(people: People, follows: Mapping[str, Interval]) -> str:
    """A report about the raters in Markdown.

    Args:
        people: the raters.
        follows: metric → its rank correlation with people.
    """
    count = len(people.raters)
    text = [f"# Scored by {count} {'person' if count == 1 else 'people'}", ""]
    text += [
        "Intervals are 95 % bootstraps over pictures. Where one verdict on a picture and neuron "
        'was "nobody can tell", no method has a point there. A map has a point where more than '
        "half of its raters gave one.",
        "",
        markdown(people),
        *_agreements("Agreement", "raters", people.agreement()),
        *_agreements(
            "Agreement of first and second verdicts, on maps seen twice",
            "rater",
            people.self_agreement(),
        ),
    ]
    text += ["## Share of maps with a point", "", "| method | share |", "| - | - |"]
    shares = {method: people.share_of(method) for method in people.study.methods}
    best = sorted(shares, key=lambda method: -(shares[method].value or 0))
    text += [f"| {method} | {in_words(shares[method])} |" for method in best]
    if gap := people.groups():
        text += ["", f"{of_groups(gap)}."]
    text += ["", "## Does people's order of the methods follow a metric?", ""]
    text += ["| metric | Spearman's rank correlation |", "| - | - |"]
    text += [f"| {name} | {in_words(interval)} |" for name, interval in follows.items()]
    return "\n".join([*text, ""])


def _agreements(title: str, heading: str, agreements: Mapping[str, Agreement]) -> list[str]:
    if not agreements:
        return []
    head = [f"## {title}", "", f"| {heading} | maps | same answer | kappa |", "| - | -: | -: | - |"]
    body = [
        f"| {name} | {found.items} | {found.same:.2f} | {in_words(Interval(*found[:3]))} |"
        for name, found in agreements.items()
    ]
    return [*head, *body, ""]


def in_words(interval: Interval, digits: int = 2) -> str:
    """A value with its interval in words.

    Examples:
        >>> in_words(Interval(0.5, 0.25, 0.75)), in_words(Interval(None, None, None))
        ('0.50 [0.25, 0.75]', 'not defined')
    """
    if interval.value is None:
        return "not defined"
    value, *ends = (f"{round(n, digits) + 0.0:.{digits}f}" for n in interval if n is not None)
    return f"{value} [{', '.join(ends)}]" if len(ends) == 2 else f"{value} (no interval)"


def of_groups(gap: Difference) -> str:
    """A difference between groups of pictures in words.

    Examples:
        >>> of_groups(Difference("ImageNet", "other", 0.25, 0.1, 0.4, 0.0381, (4, 6)))
        'ImageNet pictures (4) minus other ones (6): 0.25 [0.10, 0.40], permutation test p = 0.038'
    """
    return (
        f"{gap.first} pictures ({gap.pictures[0]}) minus {gap.second} ones ({gap.pictures[1]}): "
        f"{in_words(Interval(gap.value, gap.low, gap.high))}, permutation test p = {gap.p:.2g}"
    )


FORMATS: dict[str, tuple[str, Callable[[Any], str]]] = {
    "latex": ("table_2.tex", latex),
    "markdown": ("table_2.md", markdown),
    "csv": ("table_2.csv", comma_separated),
}
"""Format → the file's name and the function that writes it."""
