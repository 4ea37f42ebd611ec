"""The language of a page: its notebook in that language, and what its script translates by.

The kernels and the pages of the explorer and the index are made ready before anybody asks for
them, so what they say is English. The script of the page translates it, before it is seen.
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
from cnnvis_widgets.translation.languages import asked, offers
from cnnvis_widgets.zoo.labels import imagenet_labels

MARK = "<!-- cnnvis-language -->"
"""Where the page's template leaves room for the script."""

_FOLDER = Path(__file__).parent / "voila_template/voila/templates/cnnvis"
_EXPORT = re.compile(r"^export (?=function|const)", re.MULTILINE)


def language_of(root: str, path: str | None, wanted: str) -> str:
    """The language that a page is sent in: the one asked for, or English.

    Args:
        root: the folder that is served.
        path: of the notebook in it.
        wanted: what the address says; it may be anything.
    """
    language = asked(wanted)
    inside = PurePosixPath(path or "")
    if len(inside.parts) != 1 or not offers(Path(root) / inside.name, language):
        return catalogues.SOURCE
    return language


def in_language(notebook: Any, name: str, language: str) -> Any:
    """A notebook in a language; its metadata keeps what its English first cell says.

    Args:
        notebook: as it is read.
        name: of its file, without the ending.
        language: as `language_of` returns it.
    """
    if language == catalogues.SOURCE:
        return notebook
    translated = catalogues.translated(notebook, name, language)
    translated.metadata["cnnvis"] = {"language": language, "head": first_cell(notebook)}
    return translated


async def in_page(
    parts: AsyncIterator[str], language: str, notebook: Path | None
) -> AsyncIterator[str]:
    """A page's parts, its head in a language.

    Args:
        parts: of the page, as its template gives them.
        language: as `language_of` returns it.
        notebook: whose cells the page was made of in English; None where they are translated.
    """
    head, sent = "", language == catalogues.SOURCE
    async for part in parts:
        if sent:
            yield part
            continue
        head += part
        if sent := MARK in head:
            head = head.replace('<html lang="en">', f'<html lang="{language}">', 1)
            yield head.replace(MARK, script(language, notebook), 1)
    if not sent:
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
    """The text cells of a notebook: their words in English → their HTML in another language."""
    read = nbformat.read(notebook, 4)
    translated = catalogues.translated(read, notebook.stem, language)
    return {
        words(to_html(old.source)): to_html(new.source)
        for old, new in zip(read.cells, translated.cells, strict=True)
        if old.cell_type == "markdown"
    }


def words(page: str) -> str:
    """The words of some HTML without the white space, of which a browser keeps another amount."""
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
