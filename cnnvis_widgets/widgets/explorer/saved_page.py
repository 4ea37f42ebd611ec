"""Maps as one HTML file that needs neither a kernel nor the internet."""

from __future__ import annotations

import base64
import hashlib
import html
from collections.abc import Iterable, Sequence
from datetime import date
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from cnnvis_widgets.errors import FileError, InvalidValueError
from cnnvis_widgets.widgets.explorer.explorer_answer import answer_state
from cnnvis_widgets.widgets.explorer.page_data import PageMap, page_data
from cnnvis_widgets.widgets.explorer.page_facts import array_facts
from cnnvis_widgets.widgets.toolkit.linker import linked, styles

if TYPE_CHECKING:
    from cnnvis_widgets.engine.requests import Explanation

SCRIPT = Path(__file__).with_suffix(".js")
MOST = 12
"""Maps in one page."""

START = """
const held = JSON.parse(document.querySelector('script[type="application/json"]').textContent);
render({ model: held, el: document.querySelector("main") });
"""
PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="generator" content="cnnvis-widgets {version}">
<title>{title}</title>
<link rel="icon" href="data:,">
<style>
{style}
</style>
</head>
<body>
<main>
<h1>{title}</h1>
<p>{note}</p>
<noscript><p>This page draws its maps by JavaScript, which is switched off here.</p></noscript>
</main>
<script type="application/json">{data}</script>
<script type="module">{script}</script>
</body>
</html>
"""


def save_page(
    explanations: Explanation | Iterable[Explanation], path: str | Path, *, title: str = ""
) -> Path:
    """Write explanations to one HTML file that needs neither a kernel nor the internet.

    As in the explorer, the page lets its reader choose a map, read values, and set opacity,
    threshold, scale and mode. The values are exact: float32, bit for bit.

    Args:
        explanations: one explanation, or up to twelve.
        path: the file to write; ends with .html.
        title: of the page; made from the explanations if empty.

    Returns:
        The path.

    Raises:
        InvalidValueError: another suffix, no explanation, or more than twelve.
        FileError: the file cannot be written.

    Examples:
        >>> other = cnnvis.explain(network, image, method="saliency")
        >>> cnnvis.save_page([explanation, other], "maps.html").name
        'maps.html'
    """
    path = Path(path)
    if path.suffix.lower() not in (".html", ".htm"):
        raise InvalidValueError(f"A page's name ends with .html; got {path.name!r}.")
    items = list(explanations) if isinstance(explanations, Iterable) else [explanations]
    try:
        path.write_text(page([page_map(item) for item in items], title), "utf-8")
    except OSError as error:
        raise FileError(f"{path} could not be written: {error.strerror or error}") from error
    return path


def page_map(explained: Explanation) -> PageMap:
    """An explanation as a map for a page."""
    from cnnvis_widgets.engine.requests import page_explanation

    answer = page_explanation(explained, film=False)
    return PageMap(answer_state(answer), (*answer.facts, *array_facts(answer)))


def page(maps: Sequence[PageMap], title: str = "") -> str:
    """The HTML file as text.

    Args:
        maps: 1 to 12.
        title: of the page; made from the maps if empty.

    Raises:
        InvalidValueError: no map, or more than twelve.
    """
    if not 0 < len(maps) <= MOST:
        raise InvalidValueError(f"A page holds 1 to {MOST} maps; got {len(maps)}.")
    script, style = _code()
    title = title or _title([m.state["title"] for m in maps])
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data: blob:"
    )
    today = date.today()
    note = (
        f"Saved on {today.day} {today:%B %Y}. The values are exact (float32); nothing is fetched "
        "and nothing is sent."
    )
    # The JSON must not close its script element; "<" occurs only in its strings.
    data = page_data(maps).replace("<", "\\u003c")
    return PAGE.format(
        policy=policy, version=version("cnnvis-widgets"), title=html.escape(title), note=note,
        style=style, data=data, script=script,
    )  # fmt: skip


def _title(titles: Sequence[str]) -> str:
    """The number of maps, and the parts that all their titles share."""
    if len(titles) == 1:
        return titles[0]
    title_parts = [title.split(" · ") for title in titles]
    common = [
        part for part in title_parts[0] if all(part in other_parts for other_parts in title_parts)
    ]
    return " · ".join([f"{len(titles)} maps", *common])


@cache
def _code() -> tuple[str, str]:
    """The components' JavaScript with its start, and their style sheets."""
    return linked(SCRIPT) + START, styles(SCRIPT)
