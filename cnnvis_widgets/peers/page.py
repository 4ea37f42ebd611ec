"""Writes a comparison as a self-contained HTML file."""

from __future__ import annotations

import base64
from collections.abc import Sequence
from datetime import date
from html import escape

import numpy as np

from cnnvis_widgets.peers import report
from cnnvis_widgets.peers.comparison import Comparison, Row
from cnnvis_widgets.rendering.describe import describe
from cnnvis_widgets.rendering.pictures import colorize, enlarge, jpeg_bytes, png_bytes
from cnnvis_widgets.rendering.scales import Scale, format_value

SIDE = 160  # the least side of a map in pixels, so that browsers do not smooth it

STYLE = """
:root { color-scheme: light dark; --line: #8886; --soft: #8882; }
body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 70rem; padding: 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.15rem; margin-top: 2rem; }
li { margin: 0.4rem 0; overflow-wrap: anywhere; }
.maps { border-top: 1px solid var(--line); padding: 0.5rem 0 1rem; }
.maps h3 { font-size: 1rem; margin: 0.5rem 0; }
.maps div { display: flex; flex-wrap: wrap; gap: 1rem; }
figure { margin: 0; width: 10rem; }
figure img { display: block; image-rendering: pixelated; width: 100%; }
figcaption { font-size: 0.85rem; overflow-wrap: anywhere; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; font-size: 0.9rem; }
th, td { border-bottom: 1px solid var(--line); padding: 0.25rem 0.75rem 0.25rem 0; }
th { text-align: left; } td:nth-child(n+3), th:nth-child(n+3) { text-align: right; }
.source { color: inherit; font-size: 0.85rem; opacity: 0.75; }
"""
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy"
 content="default-src 'none'; img-src data:; style-src 'unsafe-inline'">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>{style}</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{libraries}, {day}.</p>
{picture}
{body}
</main>
</body>
</html>
"""


def page(comparison: Comparison) -> str:
    """The file's content."""
    agreement_items = [_led(*sentence.split(": ", 1)) for sentence in report.sentences(comparison)]
    sections = [_list("Do they agree?", agreement_items, escaped=True)]
    reason_items = [
        _led(label, text) + (f' <span class="source">[{escape(source)}]</span>' if source else "")
        for label, text, source in report.reasons(comparison)
    ]
    sections.append(_list("Why they differ", reason_items, escaped=True))
    sections.append(_list("The model as it is, softmax included", report.on_scores(comparison)))
    sections.append(_maps(comparison))
    sections.append(_table(report.table(comparison)))
    sections.append(_list("How they were asked", report.remarks_on_transfer(comparison)))
    sections.append(_list("What their defaults would have changed", report.remarks(comparison)))
    return PAGE.format(
        title=escape(report.heading(comparison)),
        style=STYLE,
        libraries=escape(report.library_versions(comparison)),
        day=date.today().isoformat(),
        picture=_picture(comparison),
        body="\n".join(part for part in sections if part),
    )


def _led(label: str, text: str) -> str:
    return f"<b>{escape(label)}</b>: {escape(text)}"


def _list(title: str, lines: Sequence[str], escaped: bool = False) -> str:
    if not lines:
        return ""
    items = "\n".join(f"<li>{line if escaped else escape(line)}</li>" for line in lines)
    return f"<h2>{escape(title)}</h2>\n<ul>\n{items}\n</ul>"


def _picture(comparison: Comparison) -> str:
    from cnnvis_widgets.engine.explain import pixels_of

    case = comparison.case
    picture = case.network.prepare(pixels_of(case.image)).picture
    if picture is None:
        return ""
    return f'<img alt="the picture" width="160" src="{_source(jpeg_bytes(picture), "jpeg")}">'


def _maps(comparison: Comparison) -> str:
    sections = [
        "<h2>The maps</h2>",
        "<p>Each map has its own scale: compare patterns, not colours.</p>",
    ]
    for rows in report.by_method(comparison):
        reference = report.ours_of(rows)
        if reference is None:
            continue
        figures = [_figure(reference, reference.ours, "ours", "")]
        figures += [_figure(row, row.theirs, row.library, row.verdict.words) for row in rows]
        inside = "\n".join(figure for figure in figures if figure)
        title = escape(rows[0].title)
        sections.append(f'<section class="maps"><h3>{title}</h3><div>\n{inside}\n</div></section>')
    return "\n".join(sections) if len(sections) > 2 else ""


def _figure(row: Row, values: np.ndarray | None, name: str, words: str) -> str:
    map_ = report.as_rows_and_columns(row, values)
    if map_ is None:
        return ""
    scale = Scale.of(map_)
    times = max(1, -(-SIDE // max(map_.shape)))
    large = enlarge(map_, map_.shape[0] * times, map_.shape[1] * times, how="nearest")
    image = png_bytes(colorize(large, scale))
    ends = f"{format_value(scale.low)} … {format_value(scale.high)}"
    caption = f"<b>{escape(name)}</b> {escape(words)}<br>{escape(ends)}"
    alt = escape(f"{row.title}, {name}: {describe(map_)}")
    source = _source(image, "png")
    return f'<figure><img alt="{alt}" src="{source}"><figcaption>{caption}</figcaption></figure>'


def _source(image: bytes, kind: str) -> str:
    return f"data:image/{kind};base64,{base64.b64encode(image).decode('ascii')}"


def _table(rows: Sequence[Sequence[str]]) -> str:
    head, *body = rows
    cells = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    lines = [
        "<tr>" + "".join(f"<td>{escape(cell)}</td>" for cell in line) + "</tr>" for line in body
    ]
    return (
        "<h2>Numbers</h2>\n<p>The largest difference is a share of our map's largest absolute "
        "value; the rank correlation is Spearman's.</p>\n"
        f'<div class="wide"><table><thead><tr>{cells}</tr></thead>\n<tbody>\n'
        + "\n".join(lines)
        + "\n</tbody></table></div>"
    )
