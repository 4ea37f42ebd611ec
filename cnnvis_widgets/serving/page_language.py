"""The language of a page: translates its notebook, and adds the data for its script.

The pages of the explorer and the index are rendered before visitors request them, in English. The
page's script translates them before they are displayed.
"""

from __future__ import annotations

import functools
import html
import json
import re
from collections.abc import AsyncIterator
from pathlib import Path, PurePosixPath
from typing import Any

import nbformat

from cnnvis_widgets.course.catalogue import first_cell
from cnnvis_widgets.course.markdown import to_html
from cnnvis_widgets.course.translated_texts import course_texts
from cnnvis_widgets.translation import catalogues, interface
from cnnvis_widgets.translation.languages import offers, supported
from cnnvis_widgets.zoo.labels import imagenet_labels

MARK = "<!-- cnnvis-language -->"
"""The placeholder for the script in the page's template."""

_FOLDER = Path(__file__).parent / "voila_template/voila/templates/cnnvis"
_EXPORT = re.compile(r"^export (?=function|const)", re.MULTILINE)


def language_of(root: str, path: str | None, requested: str) -> str:
    """The language of a page: the requested one if it is offered, or English.

    Args:
        root: the served folder.
        path: of the notebook in it.
        requested: the address' parameter, unchecked.
    """
    language = supported(requested)
    inside = PurePosixPath(path or "")
    if len(inside.parts) != 1 or not offers(Path(root) / inside.name, language):
        return catalogues.SOURCE
    return language


def in_language(notebook: Any, name: str, language: str) -> Any:
    """A notebook in a language; its metadata keeps the English first cell.

    Args:
        notebook: of nbformat.
        name: of its file, without the ending.
        language: of `language_of`.
    """
    if language == catalogues.SOURCE:
        return notebook
    translated = catalogues.translated(notebook, name, language)
    translated.metadata["cnnvis"] = {"language": language, "head": first_cell(notebook)}
    return translated


async def in_page(
    chunks: AsyncIterator[str], language: str, notebook: Path | None
) -> AsyncIterator[str]:
    """A page in chunks, with the language set in its head.

    Args:
        chunks: of the page.
        language: of `language_of`.
        notebook: the notebook if the page has its cells in English; None if they are translated.
    """
    head, is_sent = "", language == catalogues.SOURCE
    async for chunk in chunks:
        if is_sent:
            yield chunk
            continue
        head += chunk
        if is_sent := MARK in head:
            head = head.replace('<html lang="en">', f'<html lang="{language}">', 1)
            yield head.replace(MARK, script(language, notebook), 1)
    if not is_sent:
        yield head


def script(language: str, notebook: Path | None = None) -> str:
    """The script element that translates a page."""
    catalogue = dict(_catalogue(language, _state(language)))
    if notebook is not None:
        catalogue["cells"] = cells(notebook, language)
    data = json.dumps(catalogue, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")
    code = "\n".join(
        _EXPORT.sub("", (_FOLDER / name).read_text("utf-8"))
        for name in ("messages.js", "translate.js")
    )
    return (
        f'<script type="application/json" id="cnnvis-messages">{data}</script>'
        f"<script>(() => {{\n{code}\n}})();</script>"
    )


def cells(notebook: Path, language: str) -> dict[str, str]:
    """The text cells of a notebook: `words` of the English HTML → translated HTML."""
    read = nbformat.read(notebook, 4)
    translated = catalogues.translated(read, notebook.stem, language)
    return {
        words(to_html(cell.source)): to_html(translated_cell.source)
        for cell, translated_cell in zip(read.cells, translated.cells, strict=True)
        if cell.cell_type == "markdown"
    }


def words(page: str) -> str:
    """The text of HTML without white space, which browsers change."""
    text = html.unescape(re.sub(r"<[^>]*>", "", page)).replace("¶", "")
    return "".join(text.split())


def _state(language: str) -> tuple[int, ...]:
    paths = [interface.path_of(language, name) for name in interface.FILES]
    folder = catalogues.path_of(language, "x").parent
    return tuple(p.stat().st_mtime_ns for p in (*paths, *sorted(folder.glob("*.po"))) if p.exists())


@functools.lru_cache(8)
def _catalogue(language: str, _state: tuple[int, ...]) -> dict[str, Any]:
    compiled = interface.compiled(language)
    classes = {label: label for label in imagenet_labels()}  # as the network prints them
    compiled["exact"] = classes | compiled["exact"] | course_texts(language)
    return compiled | {"language": language}
