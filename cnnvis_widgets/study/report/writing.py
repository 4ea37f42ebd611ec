"""Writes a study's report: one self-contained HTML file."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from cnnvis_widgets.errors import CnnvisError
from cnnvis_widgets.rendering import describe
from cnnvis_widgets.study import coherence as agreeing
from cnnvis_widgets.study.coherence_figure import coherence_figure
from cnnvis_widgets.study.grid_requests import seen_picture
from cnnvis_widgets.study.provenance import machine, versions
from cnnvis_widgets.study.report import results, sections
from cnnvis_widgets.study.scoring import named_metrics
from cnnvis_widgets.study.site.map_files import map_picture, webp

if TYPE_CHECKING:
    from cnnvis_widgets.study.study import Study

TEMPLATES = Path(__file__).with_name("templates")
FILE = "report.html"
SIDE = 96  # pixels of a map in the report
MOST_MAPS = 1500  # to limit the file's size; `cnnvis study site` has all maps
Progress = Callable[[int, int], None]


def write_report(
    study: Study,
    metrics: Any = None,
    *,
    baselines: tuple[str, ...] = ("centre",),
    title: str = "",
    progress: Progress | None = None,
) -> Path:
    """Write report.html into the study's folder.

    It contains all parameters, versions and machines, how to repeat the study, scores by metrics,
    the agreement of the methods, maps, and people's scores. It needs no internet; its tables can
    be copied in Markdown, LaTeX and CSV.

    Args:
        study: the study; networks are loaded only if a metric needs them.
        metrics: see `Study.table`.
        baselines: see `Study.table`.
        title: "" for the folder's name.
        progress: called with (done, total) of the scores.

    Returns:
        The file.

    Raises:
        FileError: no run has a map, or the file cannot be written.
        UnknownNameError: no such metric or baseline.

    Examples:
        >>> write_report(study, ["pointing_game"]).name
        'report.html'
    """
    named = named_metrics(metrics)
    scores = results.scores_of(study, named, baselines, progress)
    people = results.people_of(study)
    commands, provenance = sections.provenance_tables(study)
    context = {
        "study": study,
        "title": title or study.store.path.resolve().name,
        "now": datetime.now().astimezone().strftime("%Y-%m-%d %H:%M"),
        "versions": versions(),
        "machine": machine(),
        "commands": commands,
        "provenance": provenance,
        "toml": sections.as_toml(study),
        "words": _words(metrics, baselines),
        "networks": sections.networks_table(study),
        "neurons": sections.neurons_table(study),
        "methods": sections.methods_table(study),
        "refusals": sections.refusals_table(study),
        "times": sections.times_table(study),
        "pictures": _pictures(study),
        "wanted": named,
        "metrics": results.metric_tables(study, scores),
        "groups": results.groups_table(study, scores),
        "coherence": _coherence(study),
        "people": results.people_part(people, scores, named) if people else None,
        "maps": _maps(study),
        "most": MOST_MAPS,
    }
    study.store.write(FILE, _rendered(context))
    return study.store.path / FILE


def _words(metrics: Any, baselines: tuple[str, ...]) -> str:
    """The options of `cnnvis study report` for these tables."""
    names = [] if metrics is None else [metrics] if isinstance(metrics, str) else list(metrics)
    arguments = ["--metrics", *map(str, names)] if names else []
    return " ".join(
        [*arguments, *(() if baselines == ("centre",) else ("--baselines", *baselines))]
    )


def _rendered(context: dict[str, Any]) -> str:
    jinja = Environment(
        loader=FileSystemLoader(TEMPLATES),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=StrictUndefined,
    )
    return jinja.get_template("report.html.j2").render(context)


def _data(content: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(content).decode('ascii')}"


def _pictures(study: Study) -> list[dict[str, str]]:
    groups = study.store.settings.get("groups", {})
    return [
        {
            "name": name,
            "group": groups.get(name, ""),
            "digest": subject.digest,
            "size": " × ".join(map(str, subject.image.shape[:2])),
            "source": _data(webp(seen_picture(study, name, (SIDE, SIDE))), "webp"),
        }
        for name, subject in study.pictures.items()
    ]


def _coherence(study: Study) -> dict[str, Any] | None:
    """The matrix as a figure and a table; None with fewer than two methods."""
    try:
        matrix = agreeing.coherence(study)
    except CnnvisError:
        return None
    figure, stream = coherence_figure(matrix), io.BytesIO()
    figure.savefig(stream, format="svg")
    body = tuple(
        (name, *(agreeing.in_words(matrix, i, j) for j in range(len(matrix.methods))))
        for i, name in enumerate(matrix.methods)
    )
    table = sections.Table(("", *matrix.methods), body)
    latex = dict(results.copies(table))["LaTeX"]
    copies = (
        ("Markdown", agreeing.markdown(matrix)),
        ("LaTeX", latex),
        ("CSV", agreeing.comma_separated(matrix)),
    )
    return {
        "source": _data(stream.getvalue(), "svg+xml"),
        "alt": figure.alt,
        "meaning": agreeing.meaning(matrix),
        "table": table._replace(copies=copies),
    }


def _maps(study: Study) -> list[dict[str, Any]]:
    """Tables of maps by network and neuron, up to the limit of the report."""
    tables: list[dict[str, Any]] = []
    remaining = MOST_MAPS
    cells = {
        (line["network"], line["neuron"], line["picture"], line["method"]): line
        for line in study.runs()
        if "file" in line
    }
    for network in study.networks:
        for neuron in study.neurons[network]:
            selected = [line for key, line in cells.items() if key[:2] == (network, neuron)]
            if not selected or len(selected) > remaining:
                continue
            remaining -= len(selected)
            by_cell = {(line["picture"], line["method"]): _map(study, line) for line in selected}
            names = [name for name in study.methods if any(m == name for _, m in by_cell)]
            tables.append(
                {"network": network, "neuron": neuron, "methods": names, "cells": by_cell}
            )
    return tables


def _map(study: Study, line: dict[str, Any]) -> dict[str, str]:
    heatmap = study.heatmap(line)
    assert heatmap is not None
    alt = f"{line['method']} of {line['label']} on {line['picture']}. {describe(heatmap)}"
    source = _data(webp(_small(map_picture(study, line, heatmap))), "webp")
    return {"source": source, "alt": alt, "label": line["label"]}


def _small(picture: Any) -> Any:
    import numpy as np
    from PIL import Image

    image = Image.fromarray(picture)
    image.thumbnail((SIDE, SIDE), Image.Resampling.LANCZOS)
    return np.asarray(image)
