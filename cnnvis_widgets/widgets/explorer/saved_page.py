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
<p>{told}</p>
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
    """Write explanations to one HTML file that opens anywhere: no kernel, no internet.

    In it one chooses among the maps, reads values, and sets opacity, threshold, scale and the way
    of showing a map, as in the explorer. The values are exact: float32, bit for bit.

    Args:
        explanations: one, or up to twelve.
        path: where to; ends with .html.
        title: of the page; made from the explanations, where nothing is said.

    Returns:
        The path.

    Raises:
        InvalidValueError: another ending, or no explanation, or more than twelve.
        FileError: the file cannot be written.

    Examples:
        >>> other = cnnvis.explain(network, image, method="saliency")
        >>> cnnvis.save_page([explanation, other], "maps.html").name
        'maps.html'
    """
    path = Path(path)
    if path.suffix.lower() not in (".html", ".htm"):
        raise InvalidValueError(f"A page's name ends with .html; got {path.name!r}.")
    given = list(explanations) if isinstance(explanations, Iterable) else [explanations]
    try:
        path.write_text(page([page_map(one) for one in given], title), "utf-8")
    except OSError as error:
        raise FileError(f"{path} could not be written: {error.strerror or error}") from error
    return path


def page_map(explained: Explanation) -> PageMap:
    """An explanation as a page holds it."""
    from cnnvis_widgets.engine.requests import page_explanation

    made = page_explanation(explained, film=False)
    return PageMap(answer_state(made), (*made.facts, *array_facts(made)))


def page(maps: Sequence[PageMap], title: str = "") -> str:
    """The whole file as text.

    Args:
        maps: 1 to 12.
        title: of the page; made from the maps, where nothing is said.

    Raises:
        InvalidValueError: no map, or more than twelve.
    """
    if not 0 < len(maps) <= MOST:
        raise InvalidValueError(f"A page holds 1 to {MOST} maps; got {len(maps)}.")
    script, style = _code()
    title = title or _title([one.state["title"] for one in maps])
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    policy = (
        f"default-src 'none'; script-src 'sha256-{digest}'; style-src 'unsafe-inline'; "
        "img-src data: blob:"
    )
    today = date.today()
    told = (
        f"Saved on {today.day} {today:%B %Y}. The values are exact (float32); nothing is fetched "
        "and nothing is sent."
    )
    # JSON must not end the script element that it is in; "<" occurs only in its strings.
    data = page_data(maps).replace("<", "\\u003c")
    return PAGE.format(
        policy=policy, version=version("cnnvis-widgets"), title=html.escape(title), told=told,
        style=style, data=data, script=script,
    )  # fmt: skip


def _title(titles: Sequence[str]) -> str:
    """How many maps, and what their titles have in common."""
    if len(titles) == 1:
        return titles[0]
    parts = [title.split(" · ") for title in titles]
    common = [part for part in parts[0] if all(part in other for other in parts)]
    return " · ".join([f"{len(titles)} maps", *common])


@cache
def _code() -> tuple[str, str]:
    """The components' JavaScript, started, and their style sheets."""
    return linked(SCRIPT) + START, styles(SCRIPT)
